"""Bootstrapping: drawing examples from the pool, reading what came back, judging it, growing the pool.

`Bootstrap` holds the task pool. `forms(i)` gives the request with ordinal i and its shortened forms,
`commit(i, completion)` judges its answer; commits come strictly in the order 0, 1, 2, ... Nothing here waits or writes.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from selfinstruct.filters import InstructionThresholds, judge_instruction, judge_novelty
from selfinstruct.jsonl import canonical
from selfinstruct.novelty import NoveltyIndex
from selfinstruct.parsing import read_instructions, read_tasks, unanswered_rule
from selfinstruct.prompts import Example, Templates, render_instructions
from selfinstruct.randomness import generator
from selfinstruct.records import (
    INSTRUCTIONS,
    TARGET_REACHED,
    Candidate,
    Completion,
    Instruction,
    Item,
    Request,
    SeedTask,
    Verdict,
)
from selfinstruct.stages.shortening import halvings


@dataclass(frozen=True)
class GenerationOptions:
    """How the pool grows; all of it is part of a run's identity."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    target: Annotated[int, Ge(1)]
    machine_examples: Annotated[int, Ge(0)]
    seed_examples: Annotated[int, Ge(0)]
    lookahead: Annotated[int, Ge(1)]
    max_instances: Annotated[int, Ge(1)]
    max_dry_requests: Annotated[int, Ge(1)]
    expected_per_request: Annotated[float, Gt(0)]
    classification_seeds_only: bool


@dataclass(frozen=True)
class Accepted:
    """A candidate that joined the pool, as record and as example for later prompts."""

    candidate: Candidate
    instruction: Instruction


class Bootstrap:
    """The task pool and the rules by which it grows.

    Args:
        seeds: all seed tasks; every one of them is in the pool that novelty is judged against.
        templates, options, thresholds: the parts of the config that say how to ask and what to keep.
        random_seed: the seed that every draw is derived from.
    """

    def __init__(
        self,
        seeds: Sequence[SeedTask],
        templates: Templates,
        options: GenerationOptions,
        thresholds: InstructionThresholds,
        random_seed: int,
    ) -> None:
        self._templates = templates
        self._options = options
        self._thresholds = thresholds
        self._random_seed = random_seed
        self._seed_examples = [_example(task) for task in _drawable(seeds, options)]
        self._machine_examples: list[Example] = []
        self._texts = [task.instruction for task in seeds]
        self._index = NoveltyIndex(thresholds.tokenizer)
        for text in self._texts:
            self._index.add(text)
        self._asked: Counter[bytes] = Counter()
        self.committed = 0
        self.accepted = 0
        self._dry = 0

    @property
    def is_full(self) -> bool:
        """True when the target is reached."""
        return self.accepted >= self._options.target

    @property
    def is_dry(self) -> bool:
        """True when too many requests in a row brought nothing new."""
        return self._dry >= self._options.max_dry_requests

    def window_end(self) -> int:
        """Return the ordinal below which requests may be planned; depends on committed results alone."""
        if self.is_full or self.is_dry:
            return self.committed
        per_request = (self.accepted + self._options.expected_per_request) / (self.committed + 1)
        needed = math.ceil((self._options.target - self.accepted) / per_request)
        return self.committed + min(self._options.lookahead, needed)

    def forms(self, ordinal: int) -> Iterator[Request]:
        """Return request `ordinal` and, after it, its forms with the first half of the examples each time.

        The examples are drawn from the pool as it is now: call in order, once each. A shortened form is told from
        equal ones by its ordinal, since how many came before it depends on timing.
        """
        examples = self._draw(ordinal)
        whole = render_instructions(self._templates, examples, self._options.classification_seeds_only)
        content = hashlib.sha256(canonical([whole.text, [m.content for m in whole.messages]]).encode()).digest()
        repeat = self._asked[content]
        self._asked[content] += 1
        return self._shortened(replace(whole, repeat=repeat), examples, ordinal)

    def _shortened(self, whole: Request, examples: Sequence[Example], ordinal: int) -> Iterator[Request]:
        counts = halvings(len(examples), fewest=1)
        next(counts)
        yield whole
        for shown in counts:
            fewer = render_instructions(self._templates, examples[:shown], self._options.classification_seeds_only)
            yield replace(fewer, repeat=ordinal)

    def commit(self, ordinal: int, completion: Completion) -> list[Candidate | Accepted]:
        """Judge the answer to request `ordinal`; return every candidate in it, those accepted with their record."""
        if ordinal != self.committed:
            raise ValueError(f"request {ordinal} committed out of order; {self.committed} is next")
        accepted_before = self.accepted
        judged = [self._judge(ordinal, number, item) for number, item in enumerate(self._read(completion))]
        self.committed += 1
        self._dry = 0 if self.accepted > accepted_before else self._dry + 1
        return judged

    def _draw(self, ordinal: int) -> list[Example]:
        """Two machine-written examples once there are any, the rest seeds, shuffled (paper, section 2.2)."""
        random = generator(self._random_seed, INSTRUCTIONS, ordinal)
        total = self._options.machine_examples + self._options.seed_examples
        machine = min(self._options.machine_examples, len(self._machine_examples))
        chosen = [self._machine_examples[i] for i in random.sample(range(len(self._machine_examples)), machine)]
        seeds = min(total - machine, len(self._seed_examples))
        chosen += [self._seed_examples[i] for i in random.sample(range(len(self._seed_examples)), seeds)]
        random.shuffle(chosen)
        return chosen

    def _read(self, completion: Completion) -> list[Item]:
        unanswered = unanswered_rule(completion.finish_reason)
        if unanswered:
            return [Item(completion.text, Verdict(unanswered, completion.finish_reason))]
        templates = self._templates
        stop = templates.instructions.stop
        if templates.form == "tasks":
            return read_tasks(completion.text, completion.finish_reason, stop, templates.compatibility)
        return read_instructions(
            completion.text, completion.finish_reason, templates.continues_list, stop, templates.compatibility
        )

    def _judge(self, ordinal: int, number: int, item: Item) -> Candidate | Accepted:
        candidate = Candidate(ordinal, number, item.text, item.verdict, pairs=item.pairs)
        if not item.verdict.is_kept:
            return candidate
        if self.is_full:
            return replace(candidate, verdict=Verdict(TARGET_REACHED, f"{self.accepted} accepted"))
        verdict = judge_instruction(item.text, self._thresholds)
        if not verdict.is_kept:
            return replace(candidate, verdict=verdict)
        return self._judge_novelty(candidate)

    def _judge_novelty(self, candidate: Candidate) -> Candidate | Accepted:
        similarity = self._index.describe(candidate.text)
        nearest = self._texts[similarity.nearest] if similarity.nearest >= 0 else ""
        verdict = judge_novelty(similarity, nearest, self._thresholds)
        candidate = replace(
            candidate, verdict=verdict, max_rouge_l=similarity.max_score, most_similar=nearest if nearest else None
        )
        if not verdict.is_kept:
            return candidate
        instruction = Instruction(
            instruction=candidate.text,
            request_idx=candidate.request,
            is_classification=None,
            most_similar={self._texts[index]: score for index, score in similarity.most_similar},
            avg_similarity_score=similarity.mean,
        )
        self._index.add(candidate.text)
        self._texts.append(candidate.text)
        self._machine_examples.append(_example_of(candidate))
        self.accepted += 1
        return Accepted(candidate, instruction)


def _drawable(seeds: Sequence[SeedTask], options: GenerationOptions) -> list[SeedTask]:
    return [task for task in seeds if task.is_classification or not options.classification_seeds_only]


def _example(task: SeedTask) -> Example:
    return Example(task.instruction, task.instances[0].input, task.instances[0].output)


def _example_of(candidate: Candidate) -> Example:
    if not candidate.pairs:
        return Example(candidate.text, "", "")
    return Example(candidate.text, candidate.pairs[0].input, candidate.pairs[0].output)
