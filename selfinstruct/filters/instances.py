"""Which instances of a task may be kept: rules on each pair, then rules on all pairs of the task together.

    judge_instances([PairItem(Pair("2", "2"), "...")], thresholds) → [Verdict("input_equals_output", "2")]

Source: Wang et al. 2023, section 2.2 (filtering) and the code released with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from selfinstruct.records import Pair, PairItem, Verdict
from selfinstruct.text import fold_white_space

_SAW_CHARACTERS = 40


@dataclass(frozen=True)
class InstanceThresholds:
    """Which instance rules apply.

    output_empty, input_equals_output, ends_with_colon (input or output): on each pair alone.
    conflicting_outputs: all instances of a task of which two share a non-empty input with different outputs.
    duplicate: a pair equal to an earlier one.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    output_empty: bool
    input_equals_output: bool
    ends_with_colon: bool
    conflicting_outputs: bool
    duplicate: bool


def judge_instances(items: Sequence[PairItem], thresholds: InstanceThresholds) -> list[Verdict]:
    """Return one verdict per instance of one task, in the same order.

    Items that the reader found faulty keep its verdict; neither they nor items dropped by an earlier rule take part in
    the rules on all pairs together.
    """
    verdicts = [_judge_alone(item, thresholds) for item in items]
    if thresholds.conflicting_outputs:
        conflict = _conflict([item.pair for item, verdict in zip(items, verdicts, strict=True) if verdict.is_kept])
        verdicts = [verdict if conflict is None or not verdict.is_kept else conflict for verdict in verdicts]
    if thresholds.duplicate:
        _object_to_duplicates(items, verdicts)
    return verdicts


def _output_empty(pair: Pair) -> str | None:
    return None if pair.output.strip() else "no output"


def _input_equals_output(pair: Pair) -> str | None:
    return _start(pair.output) if pair.input.strip() == pair.output.strip() else None


def _ends_with_colon(pair: Pair) -> str | None:
    for name, text in (("input", pair.input), ("output", pair.output)):
        if text.rstrip().endswith(":"):
            return f"{name} ...{fold_white_space(text)[-_SAW_CHARACTERS:]}"
    return None


_PAIR_RULES: tuple[tuple[str, Callable[[Pair], str | None]], ...] = (
    ("output_empty", _output_empty),
    ("input_equals_output", _input_equals_output),
    ("ends_with_colon", _ends_with_colon),
)


def _judge_alone(item: PairItem, thresholds: InstanceThresholds) -> Verdict:
    if not item.verdict.is_kept:
        return item.verdict
    for name, rule in _PAIR_RULES:
        saw = rule(item.pair) if getattr(thresholds, name) else None
        if saw is not None:
            return Verdict(name, saw)
    return Verdict()


def _conflict(pairs: Sequence[Pair]) -> Verdict | None:
    """Return the verdict on all of them where two share a non-empty input with different outputs."""
    outputs: dict[str, str] = {}
    for pair in pairs:
        first = outputs.setdefault(pair.input, pair.output) if pair.input else pair.output
        if first != pair.output:
            return Verdict("conflicting_outputs", f"{_start(pair.input)}: {_start(first)} / {_start(pair.output)}")
    return None


def _object_to_duplicates(items: Sequence[PairItem], verdicts: list[Verdict]) -> None:
    seen: dict[Pair, int] = {}
    for number, item in enumerate(items):
        if verdicts[number].is_kept and (first := seen.setdefault(item.pair, number)) != number:
            verdicts[number] = Verdict("duplicate", f"same as instance {first}")


def _start(text: str) -> str:
    return fold_white_space(text)[:_SAW_CHARACTERS]
