"""The nouns of the method as frozen values: what stages, filters, models and files hand to each other.

A seed task comes in, a request goes out, a completion comes back, candidates are judged, instructions and
instances are kept. Nothing here knows where a value is stored or how it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT = "kept"
TARGET_REACHED = "target_reached"

INSTRUCTIONS = "instructions"
CLASSIFICATION = "classification"
INPUT_FIRST = "input_first"
OUTPUT_FIRST = "output_first"
CONTENT_FILTER = "content_filter"
CONTEXT_OVERFLOW = "context_overflow"
NOT_ANSWERED = frozenset({CONTENT_FILTER, CONTEXT_OVERFLOW})
STAGES = (INSTRUCTIONS, CLASSIFICATION, INPUT_FIRST, OUTPUT_FIRST)


@dataclass(frozen=True)
class Pair:
    """One (input, output) pair of a task; the input may be empty."""

    input: str
    output: str


@dataclass(frozen=True)
class SeedTask:
    """A human-written task. `breaks` names the quality criteria that it breaks on purpose (bdd_mixed)."""

    id: str
    name: str
    instruction: str
    instances: tuple[Pair, ...]
    is_classification: bool
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeedSet:
    """The seed tasks of a run, in file order, with the declared quality level ("high", "mixed", "unrated", ...)."""

    name: str
    quality: str
    tasks: tuple[SeedTask, ...]


@dataclass(frozen=True)
class Message:
    """One turn of a chat prompt; role is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """Everything that determines a completion, apart from the model.

    Exactly one of `messages` (chat) and `text` (completion style) is filled. `repeat` counts earlier requests of the
    same run with the same content, so that asking twice for the same prompt gives two samples, at any concurrency.
    `schema` is the JSON schema that the answer is bound to, as JSON text; "" asks for plain text.
    """

    stage: str
    messages: tuple[Message, ...]
    text: str
    max_tokens: int
    temperature: float
    top_p: float
    frequency_penalty: float
    presence_penalty: float
    stop: tuple[str, ...]
    repeat: int = 0
    schema: str = ""


@dataclass(frozen=True)
class Completion:
    """One answer of a model to one request.

    finish_reason: "stop", "length" (the token limit cut it), or what is no answer: "content_filter" (the provider
    refused) or "context_overflow" (the prompt was too long for the model).
    Token counts and cost are None when the provider does not say; cost in US dollars; latency in seconds.
    """

    text: str
    finish_reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    model: str = ""


@dataclass(frozen=True)
class Verdict:
    """`rule` is "kept" or the name of the first rule that objected; `saw` is what that rule saw, for people to read."""

    rule: str = KEPT
    saw: str = ""

    @property
    def is_kept(self) -> bool:
        """True when no rule objected."""
        return self.rule == KEPT


@dataclass(frozen=True)
class Item:
    """One instruction as read out of a completion. The parser's own objections (truncated, unreadable) are its verdict.

    `pairs` holds the instance that came with it when one request asks for instruction, input and output together.
    """

    text: str
    verdict: Verdict = Verdict()
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class PairItem:
    """One instance as read out of a completion; `text` is the raw part of the answer that it was read from."""

    pair: Pair
    text: str
    verdict: Verdict = Verdict()


@dataclass(frozen=True)
class Similarity:
    """How a text compares with a task pool by ROUGE-L F-measure (0 nothing in common, 1 the same tokens).

    max_score: highest score, 0.0 for an empty pool; nearest: pool index of it (lowest index on a tie), -1 if empty.
    most_similar: up to ten (pool index, score), score descending, then index ascending. mean: over the whole pool.
    """

    max_score: float
    nearest: int
    most_similar: tuple[tuple[int, float], ...]
    mean: float


@dataclass(frozen=True)
class Candidate:
    """An instruction as the model proposed it and what became of it: one line of candidates.jsonl.

    max_rouge_l and most_similar are None when an earlier rule objected, so that novelty was never asked.
    """

    request: int
    item: int
    text: str
    verdict: Verdict
    max_rouge_l: float | None = None
    most_similar: str | None = None
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Instruction:
    """An accepted instruction. `most_similar` maps pool text to score, best first; average over the whole pool.

    `is_classification` is None where no stage asked, and where the model's answer could not be read.
    """

    instruction: str
    request_idx: int
    is_classification: bool | None
    most_similar: dict[str, float] = field(default_factory=dict)
    avg_similarity_score: float = 0.0


@dataclass(frozen=True)
class Instance:
    """One kept training example: a line of instances.jsonl. is_classification is None where nobody decided it."""

    instruction: str
    input: str
    output: str
    is_classification: bool | None


@dataclass(frozen=True)
class Dropped:
    """An instance that was not kept: the part of the answer it was read from, the rule and what the rule saw."""

    instruction: str
    text: str
    rule: str
    saw: str
