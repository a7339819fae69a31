"""The pipeline, as in the paper's figure: seed tasks → new instructions → classification → instances → filtering.

    Bootstrap     requests go out ahead of the commits, answers are committed strictly in request order
    follow up     each accepted instruction is classified and gets instances, while bootstrapping goes on
    fold          results are written in the order in which instructions were accepted

What is written depends on the plan and on the completions alone: never on timing or concurrency.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from selfinstruct.filters import InstanceThresholds, InstructionThresholds
from selfinstruct.models import Model
from selfinstruct.prompts import Templates
from selfinstruct.records import (
    CLASSIFICATION,
    INPUT_FIRST,
    INSTRUCTIONS,
    OUTPUT_FIRST,
    TARGET_REACHED,
    Candidate,
    PairItem,
    SeedTask,
)
from selfinstruct.runs import DONE, DRIED_UP, RunWriter
from selfinstruct.stages.classification import Classified, classify
from selfinstruct.stages.instances import choose_instances, write_instances
from selfinstruct.stages.instructions import Accepted, Bootstrap, GenerationOptions
from selfinstruct.stages.shortening import Answered, ask
from selfinstruct.tally import Tally


@dataclass(frozen=True)
class Plan:
    """Everything that decides what is asked and what is kept."""

    seeds: tuple[SeedTask, ...]
    templates: Templates
    generation: GenerationOptions
    instruction_thresholds: InstructionThresholds
    instance_thresholds: InstanceThresholds
    random_seed: int


@dataclass(frozen=True)
class Progress:
    """How far a run is: counts of requests and instructions so far."""

    target: int
    accepted: int
    committed: int
    folded: int
    candidates: int


@dataclass(frozen=True)
class _Followed:
    """What follows an accepted instruction: its classification (where there is that stage) and its instances."""

    classified: Classified | None
    items: tuple[PairItem, ...]
    answered: Answered | None


_FollowUp = tuple[Accepted, "asyncio.Future[_Followed]"]


async def generate(
    plan: Plan,
    model: Model,
    writer: RunWriter,
    tally: Tally,
    followers: int,
    report: Callable[[Progress], None] = lambda progress: None,
) -> str:
    """Run the pipeline and return its status: "done" at the target, "dried_up" when the yield ended before.

    Args:
        followers: how many accepted instructions may be followed up at once; changes speed, never results.
        report: called after every commit and every fold.

    Raises:
        SelfInstructError: a stage failed for good; what was folded until then has been written.
    """
    bootstrap = Bootstrap(plan.seeds, plan.templates, plan.generation, plan.instruction_thresholds, plan.random_seed)
    generation = _Generation(plan, model, writer, tally, bootstrap, report)
    await generation.run(followers)
    return DONE if bootstrap.is_full else DRIED_UP


class _Generation:
    """The three activities of one run and the queues between them."""

    def __init__(
        self,
        plan: Plan,
        model: Model,
        writer: RunWriter,
        tally: Tally,
        bootstrap: Bootstrap,
        report: Callable[[Progress], None],
    ) -> None:
        self._plan = plan
        self._model = model
        self._writer = writer
        self._tally = tally
        self._bootstrap = bootstrap
        self._report = report
        self._to_follow: asyncio.Queue[_FollowUp | None] = asyncio.Queue()
        self._to_fold: asyncio.Queue[_FollowUp | None] = asyncio.Queue()
        self._folded = 0

    async def run(self, followers: int) -> None:
        """Run all activities to their end; the first one that fails ends the others."""
        activities = [self._grow_pool(followers), self._fold_all(), *(self._follow_all() for _ in range(followers))]
        tasks = [asyncio.create_task(activity) for activity in activities]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _grow_pool(self, followers: int) -> None:
        """Plan requests from the pool as it stands, commit their answers in order, until the window is empty."""
        ahead: deque[asyncio.Task[Answered]] = deque()
        planned = 0
        try:
            while True:
                while planned < self._bootstrap.window_end():
                    ahead.append(asyncio.create_task(ask(self._model, self._bootstrap.forms(planned))))
                    planned += 1
                if not ahead:
                    break
                await asyncio.sleep(0)  # what the last commit started is sent before the next commit computes
                self._commit(await ahead[0])
                ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)
        for _ in range(followers):
            self._to_follow.put_nowait(None)
        self._to_fold.put_nowait(None)

    def _commit(self, answered: Answered) -> None:
        ordinal, in_vain = self._bootstrap.committed, self._bootstrap.is_full
        completion = answered.completion
        judged = self._bootstrap.commit(ordinal, completion)
        for asked in answered.completions:
            self._tally.completion(INSTRUCTIONS, asked, in_vain)
        candidates = [_candidate(result) for result in judged]
        self._tally.parsed(INSTRUCTIONS, [(candidate.text, candidate.verdict.rule) for candidate in candidates])
        accepted = 0
        for result in judged:
            candidate = _candidate(result)
            self._writer.candidate(candidate)
            self._tally.candidate_rules[candidate.verdict.rule] += 1
            if isinstance(result, Accepted):
                accepted += 1
                self._hand_on(result)
        self._writer.request(
            {
                "request": ordinal,
                "candidates": len(judged),
                "judged": sum(_candidate(result).verdict.rule != TARGET_REACHED for result in judged),
                "accepted": accepted,
                "accepted_total": self._bootstrap.accepted,
                "shortened": len(answered.overflows),
                "finish_reason": completion.finish_reason,
                "prompt_tokens": completion.prompt_tokens,
                "completion_tokens": completion.completion_tokens,
                "cost_usd": completion.cost_usd,
            }
        )
        self._tell()

    def _hand_on(self, accepted: Accepted) -> None:
        follow_up = (accepted, asyncio.get_running_loop().create_future())
        self._to_follow.put_nowait(follow_up)
        self._to_fold.put_nowait(follow_up)

    async def _follow_all(self) -> None:
        while (follow_up := await self._to_follow.get()) is not None:
            accepted, future = follow_up
            future.set_result(await self._follow(accepted))

    async def _follow(self, accepted: Accepted) -> _Followed:
        if self._plan.templates.form == "tasks":
            pairs = accepted.candidate.pairs
            return _Followed(None, tuple(PairItem(pair, _as_text(pair.input, pair.output)) for pair in pairs), None)
        text = accepted.instruction.instruction
        classified = await classify(self._model, self._plan.templates, text)
        written = await write_instances(self._model, self._plan.templates, text, classified.is_output_first)
        return _Followed(classified, written.items, written.answered)

    async def _fold_all(self) -> None:
        while (follow_up := await self._to_fold.get()) is not None:
            accepted, future = follow_up
            self._fold(accepted, await future)

    def _fold(self, accepted: Accepted, followed: _Followed) -> None:
        """Write one accepted instruction and its instances; called in the order of acceptance."""
        is_classification = followed.classified.answer if followed.classified else None
        self._count(followed)
        chosen = choose_instances(
            accepted.instruction.instruction,
            is_classification,
            followed.items,
            self._plan.instance_thresholds,
            self._plan.generation.max_instances,
            self._plan.random_seed,
            self._folded,
        )
        self._writer.instruction(replace(accepted.instruction, is_classification=is_classification))
        for instance in chosen.kept:
            self._writer.instance(instance)
        for dropped in chosen.dropped:
            self._writer.dropped(dropped)
            self._tally.instance_rules[dropped.rule] += 1
        self._tally.instance_rules["kept"] += len(chosen.kept)
        self._tally.instructions_without_instances += not chosen.kept
        self._folded += 1
        self._tell()

    def _count(self, followed: _Followed) -> None:
        if followed.classified:
            for asked in followed.classified.answered.completions:
                self._tally.completion(CLASSIFICATION, asked)
            answer = {True: "yes", False: "no", None: "unreadable"}[followed.classified.answer]
            self._tally.classification[answer] += 1
            self._tally.parsed(CLASSIFICATION, [(followed.classified.saw, followed.classified.rule)])
        if followed.answered:
            stage = OUTPUT_FIRST if followed.classified and followed.classified.is_output_first else INPUT_FIRST
            for asked in followed.answered.completions:
                self._tally.completion(stage, asked)
            found = [(item.pair.input + item.pair.output, item.verdict.rule) for item in followed.items]
            self._tally.parsed(stage, found)

    def _tell(self) -> None:
        self._report(
            Progress(
                target=self._plan.generation.target,
                accepted=self._bootstrap.accepted,
                committed=self._bootstrap.committed,
                folded=self._folded,
                candidates=self._tally.candidate_rules.total(),
            )
        )


def _candidate(result: Candidate | Accepted) -> Candidate:
    return result.candidate if isinstance(result, Accepted) else result


def _as_text(given: str, output: str) -> str:
    return f"Input: {given}\nOutput: {output}"
