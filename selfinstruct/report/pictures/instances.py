"""What the instances are like: how many of each instruction, with or without input, which labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from selfinstruct.figures import say
from selfinstruct.records import Instance
from selfinstruct.report.contents import Contents
from selfinstruct.report.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LABELS = 10
_LEAST_FOR_A_NUMBER = 0.03
_KINDS = {True: "classification", False: "other tasks", None: "not decided"}


def draw_instances(contents: Contents) -> Figure:
    """Draw instances of each instruction, their kinds, and the most frequent labels of classification tasks."""
    counts = contents.instance_counts
    figure, (sizes, kinds, labels) = style.new_figure(
        "What the instances are like", columns=3, height=3.4, is_empty=not counts.per_instruction
    )
    _sizes(sizes, counts.per_instruction)
    _kinds(kinds, contents.instances)
    labelled = sum(1 for one in contents.instances if one.is_classification)
    _labels(labels, counts.labels[:_MOST_LABELS], counts.distinct_labels, labelled)
    return figure


def _sizes(axis: Axes, per_instruction: Sequence[tuple[int, int]]) -> None:
    total = sum(times for _, times in per_instruction)
    style.caption(axis, f"instances of an instruction  (n = {total:,})" if total else "instances of an instruction")
    if not per_instruction:
        style.say(axis, "Undefined, because nothing was accepted.")
        return
    bars = axis.bar(
        [size for size, _ in per_instruction],
        [times for _, times in per_instruction],
        color=[style.GREY if size == 0 else style.BLUE for size, _ in per_instruction],
        width=0.72,
    )
    axis.bar_label(bars, [f"{times:,}" for _, times in per_instruction], fontsize=8, color=style.INK, padding=2)
    for bar, (size, times) in zip(bars, per_instruction, strict=True):
        say(bar, f"{times:,} of {total:,} instructions have {size} instance{'s' * (size != 1)}")
    axis.set_xticks([size for size, _ in per_instruction])
    axis.set_ylim(0, max(times for _, times in per_instruction) * 1.15)
    _without_frame(axis, "y")
    style.label(axis, "instances")


def _kinds(axis: Axes, instances: Sequence[Instance]) -> None:
    style.caption(axis, f"with and without input  (n = {len(instances):,})" if instances else "with and without input")
    if not instances:
        style.say(axis, "Undefined, because there is no instance.")
        return
    shown = [kind for kind in _KINDS if any(one.is_classification is kind for one in instances)]
    given = [sum(one.is_classification is kind and bool(one.input.strip()) for one in instances) for kind in shown]
    empty = [sum(one.is_classification is kind and not one.input.strip() for one in instances) for kind in shown]
    places = range(len(shown))
    series = ((given, [0] * len(given), style.GREEN, "with input"), (empty, given, style.GREY, "without"))
    for values, bottom, colour, name in series:
        bars = axis.bar(places, values, bottom=bottom, color=colour, width=0.6, label=name)
        for bar, kind, value in zip(bars, shown, values, strict=True):
            say(
                bar,
                f"{_KINDS[kind]}, {name}{' input' * (name == 'without')}: {value:,} of {len(instances):,} instances",
            )
        texts = [f"{value:,}" if value > _LEAST_FOR_A_NUMBER * len(instances) else "" for value in values]
        axis.bar_label(
            bars, texts, label_type="center", fontsize=8, color="white" if name == "with input" else style.INK
        )
    axis.set_xticks(places, [_KINDS[kind] for kind in shown], fontsize=8.5, color=style.INK)
    axis.set_xlim(-0.6, max(len(shown), 2) - 0.4)
    axis.set_ylim(0, max(map(sum, zip(given, empty, strict=True))) * 1.22)
    axis.legend(frameon=False, fontsize=8, loc="upper right", ncols=2, labelcolor=style.INK, borderaxespad=0)
    _without_frame(axis, "y")


def _labels(axis: Axes, labels: Sequence[tuple[str, int]], distinct: int, total: int) -> None:
    if not labels:
        style.caption(axis, "labels of classification tasks")
        style.say(axis, "Undefined, because there is no instance of a classification task.")
        return
    style.caption(axis, f"most frequent of {distinct:,} labels  (n = {total:,})")
    bars = axis.barh(range(len(labels)), [times for _, times in labels], color=style.ORANGE, height=0.68)
    axis.bar_label(bars, [f"{times:,}" for _, times in labels], fontsize=8, color=style.INK, padding=3)
    for bar, (name, times) in zip(bars, labels, strict=True):
        say(bar, f"{style.shorten(name, 80)}: {times:,} of {total:,} instances of classification tasks")
    axis.set_yticks(range(len(labels)), [style.shorten(name, 18) for name, _ in labels], fontsize=8, color=style.INK)
    for tick in axis.get_yticklabels():
        tick.set_parse_math(False)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.set_xlim(0, max(times for _, times in labels) * 1.18)
    _without_frame(axis, "x")


def _without_frame(axis: Axes, hidden: str) -> None:
    (axis.yaxis if hidden == "y" else axis.xaxis).set_visible(False)
    axis.spines["left"].set_visible(False)
    if hidden == "x":
        axis.spines["bottom"].set_visible(False)
    axis.tick_params(length=0)
