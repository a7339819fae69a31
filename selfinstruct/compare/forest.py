"""The forest plot: how the odds of each criterion differ between arms, and how sure that is.

Contrasts go in, a PNG comes out: one row for each, the odds ratio as a square with its interval on a logarithmic axis,
counts on the left, numbers on the right. A filled square differs after Holm's correction. What is undefined says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from selfinstruct.compare.contrasts import Contrast
from selfinstruct.compare.style import COLOURS, FAINT, INK, new_figure, save, tidy
from selfinstruct.compare.wording import p_text, points_text, ratio_text
from selfinstruct.figures import say

_FURTHEST = 100.0  # an interval that reaches further ends in an arrow
_ROW_IN = 0.34
_COUNT_IN = 0.85  # the width of one column of counts
_LONGEST_HEADING = 9


def forest_plot(found: Sequence[Contrast], path: Path, level: float = 0.95) -> Path:
    """Draw the contrasts in their order, grouped by criterion where there are several arms; return the path."""
    rows = _rows(found)
    widths_in = [1.9 + 0.075 * max(len(label) for label, _ in rows), 4.0, 2.5]
    figure = new_figure(sum(widths_in), 1.5 + _ROW_IN * len(rows))
    counts, axes, numbers = figure.subplots(1, 3, sharey=True, width_ratios=widths_in)
    low, high = _limits(found)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.4, -0.9)
    axes.axvline(1, color=INK, linewidth=1)
    for place, (label, contrast) in enumerate(rows):
        weight = "bold" if contrast is None else "normal"
        counts.text(0, place, label, va="center", fontsize=9.5, color=INK, weight=weight)
        if contrast is not None:
            _counts(counts, place, contrast, _COUNT_IN / widths_in[0])
            say(axes.axhspan(place - 0.45, place + 0.45, facecolor="none", edgecolor="none"), _told(contrast))
            _mark(axes, place, contrast, (low, high), 1 - level)
            _numbers(numbers, place, contrast)
    _finish(counts, axes, numbers, found, level, _COUNT_IN / widths_in[0])
    return save(figure, path)


def _rows(found: Sequence[Contrast]) -> list[tuple[str, Contrast | None]]:
    """One row for each contrast; with several arms, a heading for each criterion and the arms below it."""
    if len({contrast.arm for contrast in found}) == 1:
        return [(contrast.criterion, contrast) for contrast in found]
    rows: list[tuple[str, Contrast | None]] = []
    for criterion, of_criterion in groupby(found, key=lambda contrast: contrast.criterion):
        rows.append((criterion, None))
        rows += [(f"   {contrast.arm}", contrast) for contrast in of_criterion]
    return rows


def _limits(found: Sequence[Contrast]) -> tuple[float, float]:
    """Return symmetric limits that hold the estimates well; intervals that reach much further end in an arrow."""
    values = [abs(math.log(r)) for one in found if (r := one.odds_ratio.value) is not None and 0 < r < math.inf]
    bounds = [bound for one in found for bound in (one.odds_ratio.low, one.odds_ratio.high) if bound is not None]
    reach = max([abs(math.log(bound)) for bound in bounds if 0 < bound < math.inf], default=1.0)
    furthest = min(1.1 * reach, 2 * max(values, default=0.0) + 1.0, math.log(_FURTHEST))
    return math.exp(-max(furthest, 0.5)), math.exp(max(furthest, 0.5))


def _counts(axes: Any, place: int, contrast: Contrast, width: float) -> None:
    for x, count in ((1.0 - width, contrast.one), (1.0, contrast.other)):
        axes.text(x, place, f"{count.yes:,}/{count.n:,}", va="center", ha="right", fontsize=9, color=INK)


def _mark(axes: Any, place: int, contrast: Contrast, limits: tuple[float, float], alpha: float) -> None:
    ratio = contrast.odds_ratio
    if ratio.value is None or ratio.low is None or ratio.high is None:
        axes.text(1.05, place, "undefined", va="center", fontsize=9, color=FAINT, style="italic")
        return
    low, high = max(ratio.low, limits[0]), min(ratio.high, limits[1])
    axes.plot([low, high], [place, place], color=COLOURS[0], linewidth=2, solid_capstyle="butt")
    for is_cut, end, marker in ((ratio.low < limits[0], low, "<"), (ratio.high > limits[1], high, ">")):
        if is_cut:
            axes.plot(end, place, marker, color=COLOURS[0], markersize=6, clip_on=False)
    if limits[0] <= ratio.value <= limits[1]:
        differs = contrast.p_holm is not None and contrast.p_holm < alpha
        axes.plot(
            ratio.value, place, "s", markersize=8, color=COLOURS[0], markerfacecolor=COLOURS[0] if differs else "white"
        )


def _told(contrast: Contrast) -> str:
    one, other = contrast.one, contrast.other
    counted = f"{contrast.arm} {one.yes:,} of {one.n:,}, {contrast.against} {other.yes:,} of {other.n:,}"
    ratio, difference = ratio_text(contrast.odds_ratio), points_text(contrast.difference)
    return (
        f"{contrast.criterion}: {counted}; odds ratio {ratio}, difference in points {difference}, "
        f"p {p_text(contrast.p)}, after Holm {p_text(contrast.p_holm)}"
    )


def _numbers(axes: Any, place: int, contrast: Contrast) -> None:
    text = ratio_text(contrast.odds_ratio) if contrast.odds_ratio.value is not None else "undefined"
    axes.text(0.6, place, text, va="center", ha="right", fontsize=9, color=INK)
    axes.text(1.0, place, p_text(contrast.p_holm), va="center", ha="right", fontsize=9, color=INK)


def _finish(counts: Any, axes: Any, numbers: Any, found: Sequence[Contrast], level: float, width: float) -> None:
    for words in (counts, numbers):
        words.set_xlim(0, 1)
        words.axis("off")
    one, other = _headings(found)
    headings = ((counts, 1.0 - width, one), (counts, 1.0, other), (numbers, 1.0, "p (Holm)"))
    for panel, x, text in (*headings, (numbers, 0.6, f"odds ratio ({level:.0%})")):
        panel.text(x, -0.75, text, ha="right", va="center", fontsize=9, color=FAINT)
    tidy(axes)
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if _within(tick, axes)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks([])
    against = _short(found[0].against, 40)
    axes.set_xlabel(f"less often than in {against}   ←   odds ratio   →   more often", fontsize=9, color=INK)


def _headings(found: Sequence[Contrast]) -> tuple[str, str]:
    """Return what stands above the counts: the arms' names where there are two and they are short."""
    names = {contrast.arm for contrast in found} | {found[0].against}
    if len(names) == 2 and max(map(len, names)) <= _LONGEST_HEADING:
        return found[0].arm, found[0].against
    return "arm", "against"


def _within(tick: float, axes: Any) -> bool:
    low, high = axes.get_xlim()
    return bool(low <= tick <= high)


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"
