"""The set diagram: which criteria are met together, and how often, in each arm.

    [{"essential", "complete"}, {"essential", "singular", "complete"}, ...] for each arm -> a PNG

An "upset" plot: each column is one combination of criteria, the dots say which are met, the bars how many items meet
exactly those. The bars on the left count each criterion alone. Source: Lex et al. 2014, IEEE TVCG 20:1983.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selfinstruct.compare.style import COLOURS, FAINT, GRID, INK, new_figure, save, tidy
from selfinstruct.figures import say

MOST_COLUMNS = 16

Combination = tuple[bool, ...]


def combinations_met(items: Sequence[Sequence[bool | None]]) -> tuple[Counter[Combination], int]:
    """Return how many items meet exactly each combination, and how many lack a value and are left out."""
    whole = [tuple(bool(value) for value in item) for item in items if None not in item]
    return Counter(whole), len(items) - len(whole)


def set_diagram(criteria: Sequence[str], arms: Mapping[str, Counter[Combination]], path: Path) -> Path:
    """Draw how often criteria are met together, most frequent combination first, and return the path.

    Combinations after the sixteenth are drawn as one bar that says how many they are.
    """
    total = sum(arms.values(), Counter[Combination]())
    ranked = sorted(total, key=lambda met: (-total[met], [not one for one in met]))
    shown, rest = ranked[:MOST_COLUMNS], ranked[MOST_COLUMNS:]
    columns = len(shown) + bool(rest)
    figure = new_figure(3.2 + 0.62 * max(columns, 6), 3.0 + 0.36 * len(criteria))
    grid = figure.add_gridspec(
        2, 2, width_ratios=[1.9, 0.62 * max(columns, 6)], height_ratios=[2.4, 0.36 * len(criteria)]
    )
    bars = figure.add_subplot(grid[0, 1])
    dots = figure.add_subplot(grid[1, 1], sharex=bars)
    totals = figure.add_subplot(grid[1, 0], sharey=dots)
    _draw_bars(bars, arms, shown, rest, criteria)
    _draw_dots(dots, criteria, shown, rest)
    _draw_totals(totals, criteria, arms)
    handles, labels = bars.get_legend_handles_labels()
    key = figure.add_subplot(grid[0, 0])
    key.axis("off")
    key.legend(handles, labels, loc="upper left", frameon=False, fontsize=9)
    return save(figure, path)


def _draw_bars(
    axes: Any,
    arms: Mapping[str, Counter[Combination]],
    shown: Sequence[Combination],
    rest: Sequence[Combination],
    criteria: Sequence[str],
) -> None:
    width = 0.8 / len(arms)
    names = [_met(criteria, met) for met in shown] + [f"one of {len(rest)} other sets"] * bool(rest)
    for index, (arm, counted) in enumerate(arms.items()):
        heights = [counted[met] for met in shown] + ([sum(counted[met] for met in rest)] if rest else [])
        places = [column + (index - (len(arms) - 1) / 2) * width for column in range(len(heights))]
        colour = COLOURS[index % len(COLOURS)]
        drawn = axes.bar(places, heights, 0.9 * width, color=colour, label=f"{arm} ({counted.total():,} items)")
        for bar, name, number in zip(drawn, names, heights, strict=True):
            say(bar, f"{arm}: {number:,} of {counted.total():,} items meet {name}")
        for place, height in zip(places, heights, strict=True):
            axes.annotate(
                f"{height}", (place, height), (0, 2), textcoords="offset points", ha="center", fontsize=7.5, color=INK
            )
    tidy(axes, "y")
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("items that meet exactly these", fontsize=9, color=INK)


def _met(criteria: Sequence[str], met: Combination) -> str:
    names = [criterion for criterion, is_met in zip(criteria, met, strict=True) if is_met]
    return f"{', '.join(names)} and nothing else" if names else "none of them"


def _draw_dots(axes: Any, criteria: Sequence[str], shown: Sequence[Combination], rest: Sequence[Combination]) -> None:
    for row in range(0, len(criteria), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=GRID, alpha=0.45, linewidth=0)
    for column, met in enumerate(shown):
        rows = [row for row, is_met in enumerate(met) if is_met]
        others = [row for row, is_met in enumerate(met) if not is_met]
        axes.plot([column] * len(others), others, "o", color="#cfcfcf", markersize=8)
        axes.plot([column] * len(rows), rows, "o-", color=INK, markersize=8, linewidth=2)
    if rest:
        middle = (len(criteria) - 1) / 2
        axes.text(len(shown), middle, f"{len(rest)} other\nsets", ha="center", va="center", fontsize=8, color=FAINT)
    axes.set_ylim(len(criteria) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks(range(len(criteria)), list(criteria))
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=9.5, colors=INK)


def _draw_totals(axes: Any, criteria: Sequence[str], arms: Mapping[str, Counter[Combination]]) -> None:
    height = 0.8 / len(arms)
    for index, (arm, counted) in enumerate(arms.items()):
        counts = [sum(times for met, times in counted.items() if met[row]) for row in range(len(criteria))]
        places = [row + (index - (len(arms) - 1) / 2) * height for row in range(len(criteria))]
        drawn = axes.barh(places, counts, 0.9 * height, color=COLOURS[index % len(COLOURS)])
        for bar, criterion, number in zip(drawn, criteria, counts, strict=True):
            say(bar, f"{arm}: {number:,} of {counted.total():,} items meet {criterion}")
        for place, count in zip(places, counts, strict=True):
            axes.annotate(
                f"{count} ", (count, place), (-2, 0), textcoords="offset points", ha="right", va="center", fontsize=7.5
            )
    axes.invert_xaxis()
    axes.margins(x=0.18)
    tidy(axes)
    axes.tick_params(labelleft=False)
    axes.set_xlabel("items that meet it", fontsize=9, color=INK)
