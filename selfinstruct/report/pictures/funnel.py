"""The funnel: what became of every candidate and of every instance that was written, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selfinstruct.figures import say
from selfinstruct.records import KEPT, TARGET_REACHED
from selfinstruct.report.contents import Contents
from selfinstruct.report.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_funnel(contents: Contents) -> Figure:
    """Draw a bar for each rule: candidates on the left, instances on the right."""
    counts = contents.manifest.get("counts") or {}
    rules = max(len(counts.get("candidate_rules") or {}), len(counts.get("instance_rules") or {}), 3)
    figure, (left, right) = style.new_figure(
        "What became of everything the model wrote",
        columns=2,
        height=1.5 + 0.27 * rules,
        is_empty=not counts.get("candidates"),
    )
    _bars(left, counts.get("candidate_rules") or {}, counts.get("candidates", 0), "candidates", rules)
    _bars(right, counts.get("instance_rules") or {}, counts.get("pairs", 0), "instances written", rules)
    return figure


def _bars(axis: Axes, rules: Mapping[str, Any], total: int, name: str, rows: int) -> None:
    if not total:
        style.say(axis, f"There are no {name}.")
        return
    style.caption(axis, f"{total:,} {name}")
    names = list(rules)
    colours = {KEPT: style.BLUE, TARGET_REACHED: style.GREY}
    bars = axis.barh(
        range(len(names)),
        [rules[rule] for rule in names],
        color=[colours.get(rule, style.ORANGE) for rule in names],
        height=0.68,
    )
    axis.bar_label(
        bars,
        [f" {rules[rule]:,}  ({rules[rule] / total:.1%})" for rule in names],
        fontsize=8,
        color=style.INK,
        padding=2,
    )
    for bar, rule in zip(bars, names, strict=True):
        say(bar, f"{rule.replace('_', ' ')}: {rules[rule]:,} of {total:,} {name} ({rules[rule] / total:.1%})")
    axis.set_yticks(range(len(names)), [rule.replace("_", " ") for rule in names], fontsize=8.5, color=style.INK)
    axis.set_ylim(rows - 0.4, -0.6)
    axis.set_xlim(0, max(rules.values()) * 1.42)
    axis.xaxis.set_visible(False)
    for side in ("bottom", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(length=0)
