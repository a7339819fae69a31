"""Writing and judging the instances of one instruction: input-first, or output-first for classification tasks.

`write_instances` asks the model; `choose_instances` judges what it wrote and keeps a sample. Every instance that is
not kept comes back with the rule that objected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from selfinstruct.filters import InstanceThresholds, judge_instances
from selfinstruct.models import Model
from selfinstruct.parsing import EMPTY_ANSWER, Compatibility, read_input_first, read_output_first, unanswered_rule
from selfinstruct.prompts import Templates, render_instances
from selfinstruct.randomness import generator
from selfinstruct.records import Completion, Dropped, Instance, Pair, PairItem, Request, Verdict
from selfinstruct.stages.shortening import Answered, ask, halvings

OVER_MAX_INSTANCES = "over_max_instances"


@dataclass(frozen=True)
class Chosen:
    """The instances of one instruction that were kept, and those that were not, each in the order written."""

    kept: tuple[Instance, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True)
class Written:
    """The instances as the model wrote them, faults of the answer as their verdicts, and what it was asked for."""

    items: tuple[PairItem, ...]
    answered: Answered


async def write_instances(model: Model, templates: Templates, instruction: str, is_classification: bool) -> Written:
    """Ask the model for instances and read them. Raises as `Model.complete`.

    A prompt that is too long for the model is asked again with fewer shots; what stays too long is dropped by the rule
    `context_overflow`.
    """
    stage = templates.output_first if is_classification else templates.input_first
    if stage is None:
        raise ValueError(f"templates {templates.name} have no instance stage")
    answered = await ask(model, _forms(templates, instruction, is_classification))
    items = _read(answered.completion, stage.stop, templates.compatibility, is_classification)
    return Written(tuple(items), answered)


def _forms(templates: Templates, instruction: str, is_classification: bool) -> Iterator[Request]:
    shots = templates.shots
    all_shown = len(shots.output_first if is_classification else shots.input_first)
    for shown in halvings(all_shown, fewest=0):
        fewer = replace(shots, input_first=shots.input_first[:shown], output_first=shots.output_first[:shown])
        yield render_instances(replace(templates, shots=fewer), instruction, is_classification)


def _read(
    completion: Completion, stop: Sequence[str], compatibility: Compatibility, is_classification: bool
) -> list[PairItem]:
    unanswered = unanswered_rule(completion.finish_reason)
    if unanswered:
        return [PairItem(Pair("", ""), completion.text, Verdict(unanswered, completion.finish_reason))]
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
