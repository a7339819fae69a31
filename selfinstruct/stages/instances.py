"""Writing and judging the instances of one instruction: input-first, or output-first for classification tasks.

`write_instances` asks the model; `choose_instances` judges what it wrote and keeps a sample. Every instance that is
not kept comes back with the rule that objected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.filters import InstanceThresholds, judge_instances
from selfinstruct.models import Model
from selfinstruct.parsing import Compatibility, read_input_first, read_output_first
from selfinstruct.prompts import Templates, render_instances
from selfinstruct.randomness import generator
from selfinstruct.records import Completion, Dropped, Instance, Pair, PairItem, Verdict

OVER_MAX_INSTANCES = "over_max_instances"
EMPTY_ANSWER = "empty_answer"


@dataclass(frozen=True)
class Chosen:
    """The instances of one instruction that were kept, and those that were not, each in the order written."""

    kept: tuple[Instance, ...]
    dropped: tuple[Dropped, ...]


async def write_instances(
    model: Model, templates: Templates, instruction: str, is_classification: bool
) -> tuple[list[PairItem], Completion]:
    """Ask the model for instances and read them; faults of the answer are verdicts. Raises as `Model.complete`."""
    stage = templates.output_first if is_classification else templates.input_first
    if stage is None:
        raise ValueError(f"templates {templates.name} have no instance stage")
    completion = await model.complete(render_instances(templates, instruction, is_classification))
    return _read(completion, stage.stop, templates.compatibility, is_classification), completion


def _read(
    completion: Completion, stop: Sequence[str], compatibility: Compatibility, is_classification: bool
) -> list[PairItem]:
    if completion.finish_reason in {"content_filter", "context_overflow"}:
        rule = "refused" if completion.finish_reason == "content_filter" else "context_overflow"
        return [PairItem(Pair("", ""), completion.text, Verdict(rule, completion.finish_reason))]
    reader = read_output_first if is_classification else read_input_first
    items = reader(completion.text, completion.finish_reason, stop, compatibility)
    return items or [PairItem(Pair("", ""), completion.text, Verdict(EMPTY_ANSWER, completion.finish_reason))]


def choose_instances(
    instruction: str,
    is_classification: bool | None,
    items: Sequence[PairItem],
    thresholds: InstanceThresholds,
    max_instances: int,
    random_seed: int,
    ordinal: int,
) -> Chosen:
    """Judge the instances of the accepted instruction `ordinal` and keep a seeded sample of at most `max_instances`."""
    verdicts = judge_instances(items, thresholds)
    good = [number for number, verdict in enumerate(verdicts) if verdict.is_kept]
    sample = good
    if len(good) > max_instances:
        sample = sorted(generator(random_seed, "instances", ordinal).sample(good, max_instances))
    kept, dropped = [], []
    for number, (item, verdict) in enumerate(zip(items, verdicts, strict=True)):
        if number in sample:
            kept.append(Instance(instruction, item.pair.input, item.pair.output, is_classification))
            continue
        if verdict.is_kept:
            verdict = Verdict(OVER_MAX_INSTANCES, f"{len(good)} good ones, {max_instances} kept")
        dropped.append(Dropped(instruction, item.text, verdict.rule, verdict.saw))
    return Chosen(tuple(kept), tuple(dropped))
