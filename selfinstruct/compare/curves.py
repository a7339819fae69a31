"""Trade-off curves over a swept number: what is accepted, how alike it is, and the one against the other.

Points go in (a value of the swept key with its estimates), a PNG of three panels comes out. Every point has its
interval; what is undefined is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.style import COLOURS, FAINT, INK, MARKS, new_figure, save, tidy
from selfinstruct.compare.wording import share_text
from selfinstruct.figures import say
from selfinstruct.statistics import Estimate

FEWEST_POINTS = 3
_WIDE = 10  # times the smallest value


@dataclass(frozen=True)
class Point:
    """One arm: the value of the swept key, the share accepted, and the mean highest ROUGE-L to pool and seeds."""

    value: float
    accepted: Estimate
    to_pool: Estimate
    to_seeds: Estimate


def trade_off_curves(points: Sequence[Point], key: str, path: Path, level: float = 0.95) -> Path:
    """Draw the curves, points sorted by value, with their intervals at this level, and return the path."""
    ranked = sorted(points, key=lambda point: point.value)
    label = key.rpartition(".")[2]
    figure = new_figure(11.5, 3.8, gap_in=0.12)
    accepted, alike, against = figure.subplots(1, 3)
    _curve(accepted, ranked, [point.accepted for point in ranked], 0, "", 100)
    accepted.set(xlabel=label, ylabel="candidates accepted, % of judged")
    _curve(alike, ranked, [point.to_pool for point in ranked], 1, "to the pool", 1)
    _curve(alike, ranked, [point.to_seeds for point in ranked], 2, "to the seeds", 1)
    alike.set(xlabel=label, ylabel="highest ROUGE-L, mean")
    alike.legend(frameon=False, fontsize=9)
    _trade_off(against, ranked, label)
    alikes = [one for point in ranked for one in (point.to_pool, point.to_seeds)]
    for axes, estimates in ((accepted, [point.accepted for point in ranked]), (alike, alikes)):
        axes.set_title(_caption(estimates, level), fontsize=9, color=FAINT, loc="left")
    for axes in (accepted, alike, against):
        tidy(axes, "y")
        axes.xaxis.label.set_size(9)
        axes.yaxis.label.set_size(9)
    for axes in (accepted, alike):
        if 0 < _WIDE * ranked[0].value <= ranked[-1].value:
            axes.set_xscale("log")  # 1, 4, 16, 64: else the small ones are on top of each other
            axes.minorticks_off()
        axes.set_xticks([point.value for point in ranked], [f"{point.value:g}" for point in ranked])
    return save(figure, path)


def _curve(
    axes: Any, points: Sequence[Point], estimates: Sequence[Estimate], number: int, label: str, scale: float
) -> None:
    """A band joins the intervals of neighbours; a point without an interval is hollow, and the band stops there."""
    colour, mark = COLOURS[number], MARKS[number]
    known = [(point.value, one) for point, one in zip(points, estimates, strict=True) if one.value is not None]
    xs, ys = [x for x, _ in known], [_scaled(one.value, scale) for _, one in known]
    axes.plot(xs, ys, f"{mark}-", color=colour, label=label)
    bounds = [_bounds(one, scale) for _, one in known]
    axes.fill_between(
        xs, [low for low, _ in bounds], [high for _, high in bounds], color=colour, alpha=0.15, linewidth=0
    )
    for x, y, (low, high), (_, one) in zip(xs, ys, bounds, known, strict=True):
        axes.plot([x, x], [low, high], color=colour, linewidth=1)
        (dot,) = axes.plot(x, y, mark, color=colour, markerfacecolor="white" if math.isnan(low) else colour)
        say(dot, f"{x:g}{', ' * bool(label)}{label}: {_told(one, scale)}; n {one.n:,}")


def _bounds(estimate: Estimate, scale: float) -> tuple[float, float]:
    """Return the interval; NaN, which is not drawn, where there is none."""
    if estimate.low is None or estimate.high is None:
        return math.nan, math.nan
    return scale * estimate.low, scale * estimate.high


def _caption(estimates: Iterable[Estimate], level: float) -> str:
    """Say what the lines are, and which points have none."""
    known = [one.low is not None for one in estimates if one.value is not None]
    if known and not any(known):
        return "hollow: too few requests for an interval"
    return f"lines: {level:.0%} intervals by request" + ("" if all(known) else "; hollow: none")


def _trade_off(axes: Any, points: Sequence[Point], label: str) -> None:
    """Each arm as a cross of its two intervals, named by its value."""
    known = [point for point in points if point.accepted.value is not None and point.to_pool.value is not None]
    xs = [_scaled(point.accepted.value, 100) for point in known]
    ys = [_scaled(point.to_pool.value, 1) for point in known]
    axes.plot(xs, ys, "-", color=FAINT, linewidth=1)
    for number, (point, x, y) in enumerate(zip(known, xs, ys, strict=True)):
        if point.accepted.low is not None and point.accepted.high is not None:
            axes.plot([100 * point.accepted.low, 100 * point.accepted.high], [y, y], color=COLOURS[0], alpha=0.45)
        if point.to_pool.low is not None and point.to_pool.high is not None:
            axes.plot([x, x], [point.to_pool.low, point.to_pool.high], color=COLOURS[1], alpha=0.45)
        (dot,) = axes.plot(x, y, "o", color=INK, markersize=5)
        say(
            dot,
            f"{point.value:g}: accepted {_told(point.accepted, 100)}, ROUGE-L to the pool {_told(point.to_pool, 1)}",
        )
        # neighbours get their labels on opposite sides, since a flat curve puts them close together
        offset, side = ((-6, 5), "right") if number % 2 == 0 else ((6, -12), "left")
        axes.annotate(f"{point.value:g}", (x, y), offset, textcoords="offset points", ha=side, fontsize=9, color=INK)
    axes.set(xlabel="candidates accepted, % of judged", ylabel="highest ROUGE-L to the pool, mean")
    axes.set_title(f"points: {label}; crosses: the same intervals", fontsize=9, color=FAINT, loc="left")


def _told(estimate: Estimate, scale: float) -> str:
    """Return the estimate in words: a share in percent, a score with three digits."""
    if scale == 100:
        return share_text(estimate)
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return f"{estimate.value if estimate.value is None else round(estimate.value, 3)}, no interval"
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"


def _scaled(value: float | None, scale: float) -> float:
    return scale * (value or 0.0)
