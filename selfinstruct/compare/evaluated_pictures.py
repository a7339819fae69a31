"""Pictures of evaluations: scores by category with their intervals, and how often each grade was given.

Scores and grade counts go in, PNG files come out, in the style of every other picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct.compare.evaluated_scores import ALL, NAMES, GradeCount, Scored
from selfinstruct.compare.style import COLOURS, FAINT, INK, new_figure, save, tidy
from selfinstruct.compare.wording import share_text
from selfinstruct.figures import say

BARS = (
    "Lines on the bars are intervals; a bar without one rests on too few items. In brackets the number of items; the "
    "categories with most of them are shown."
)
_MOST_GROUPS = 24
_LONGEST_LABEL = 44
# From good to bad, told apart by colour-blind people and in grey
_GRADE_COLOURS = ("#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#CC79A7", "#000000")
_NOT_GRADED = "#d9d9d9"
_WITHOUT = "unreadable or refused"
_DARK = {"#0072B2", "#D55E00", "#000000"}
_NARROWEST = 0.045  # a part of a bar that is narrower has no number in it


def category_plot(overall: Sequence[Scored], by_group: Sequence[Scored], measure: str, path: Path) -> Path:
    """Draw a measure over all items and by category, a bar for each arm with its interval; return the path.

    Categories with most items come first; beyond 24 they are left to the table.
    """
    chosen = [one for one in overall if one.measure == measure]
    groups = _largest([one for one in by_group if one.measure == measure])
    rows = [ALL, *groups]
    arms = [one.arm for one in chosen]
    found = {(one.group, one.arm): one for one in [*chosen, *by_group] if one.measure == measure}
    figure = new_figure(9.0, 1.3 + len(rows) * max(0.34, 0.2 * len(arms)))
    axes = figure.subplots()
    thickness = 0.76 / len(arms)
    for index, arm in enumerate(arms):
        places = [row + (index - (len(arms) - 1) / 2) * thickness for row in range(len(rows))]
        _bars(axes, places, [found.get((group, arm)) for group in rows], thickness, COLOURS[index % len(COLOURS)], arm)
    axes.set_yticks(range(len(rows)), [_label(group, found, arms) for group in rows])
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axhline(0.5, color=FAINT, linewidth=0.8)
    axes.set_xlim(0, _furthest(found.values()))
    axes.set_xlabel(f"{NAMES[measure]}, %", fontsize=9, color=INK)
    tidy(axes)
    if len(arms) > 1:
        figure.legend(loc="outside upper center", ncols=min(len(arms), 4), frameon=False, fontsize=9)
    return save(figure, path)


def _bars(
    axes: Any, places: Sequence[float], found: Sequence[Scored | None], thickness: float, colour: str, arm: str
) -> None:
    label: str | None = arm
    for place, one in zip(places, found, strict=True):
        if one is None or (value := one.estimate.value) is None:
            continue
        estimate = one.estimate
        (bar,) = axes.barh(place, 100 * value, height=0.86 * thickness, color=colour, alpha=0.85, label=label)
        name = "all items" if one.group == ALL else one.group
        say(bar, f"{name}, {arm}: {NAMES[one.measure]} {share_text(estimate)}, {estimate.n:,} items")
        label = None
        if estimate.low is not None and estimate.high is not None:
            axes.plot([100 * estimate.low, 100 * estimate.high], [place, place], color=INK, linewidth=1.4)


def _label(group: str, found: dict[tuple[str, str], Scored], arms: Sequence[str]) -> str:
    items = max(found[group, arm].estimate.n for arm in arms if (group, arm) in found)
    name = "all items" if group == ALL else group
    return f"{shortened(name)}  ({items:,})"


def shortened(name: str) -> str:
    """Return a name that has room beside a picture."""
    return name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"


def _largest(scored: Sequence[Scored]) -> list[str]:
    items: dict[str, int] = {}
    for one in scored:
        items[one.group] = max(items.get(one.group, 0), one.estimate.n)
    ranked = sorted((group for group in items if items[group]), key=lambda group: (-items[group], group))
    return ranked[:_MOST_GROUPS]


def _furthest(found: Any) -> float:
    """Return where the axis ends: a round number above everything drawn, 100 at most."""
    ends = [one.estimate.high or one.estimate.value or 0.0 for one in found]
    return min(100.0, 10.0 * (int(10 * max(ends, default=0.0)) + 1))


def grade_plot(counts: Sequence[GradeCount], path: Path) -> Path:
    """Draw how often each grade was given as one bar of 100 % for each arm; answers without a grade are grey."""
    figure = new_figure(9.0, 1.25 + 0.55 * len(counts))
    axes = figure.subplots()
    grades = list(counts[0].given)
    parts = [(grade, _GRADE_COLOURS[place % len(_GRADE_COLOURS)]) for place, grade in enumerate(grades)]
    has_rest = any(one.unreadable + one.refused for one in counts)
    for row, one in enumerate(counts):
        numbers = [*one.given.values(), one.unreadable + one.refused]
        whole, left = sum(numbers), 0.0
        for (name, colour), number in zip([*parts, (_WITHOUT, _NOT_GRADED)], numbers, strict=True):
            share = number / whole if whole else 0.0
            (bar,) = axes.barh(
                row, 100 * share, left=100 * left, height=0.62, color=colour, edgecolor="white", linewidth=1.2
            )
            say(bar, f"{one.arm}, {name}: {number:,} of {whole:,} answers, {100 * share:.1f} %")
            if share >= _NARROWEST:
                ink = "white" if colour in _DARK else INK
                axes.text(
                    100 * (left + share / 2), row, f"{100 * share:.0f}", ha="center", va="center", fontsize=9, color=ink
                )
            left += share
    _legend(figure, axes, [*parts, *([(_WITHOUT, _NOT_GRADED)] if has_rest else [])])
    axes.set_yticks(range(len(counts)), [f"{one.arm}  ({one.graded:,})" for one in counts])
    axes.set_ylim(len(counts) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("answers, %", fontsize=9, color=INK)
    tidy(axes)
    return save(figure, path)


def _legend(figure: Any, axes: Any, parts: Sequence[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, label=name) for name, colour in parts]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(parts), frameon=False, fontsize=9)
