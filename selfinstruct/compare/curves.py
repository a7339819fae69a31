"""Trade-off curves over a swept number: what is accepted, how alike it is, and the one against the other.

Points go in (a value of the swept key with its estimates), a PNG of three panels comes out. Every point has its
interval; what is undefined is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.style import COLOURS, FAINT, INK, new_figure, save, tidy
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


def trade_off_curves(points: Sequence[Point], key: str, path: Path) -> Path:
    """Draw the curves, points sorted by value, and return the path."""
    ranked = sorted(points, key=lambda point: point.value)
    label = key.rpartition(".")[2]
    figure = new_figure(11.5, 3.8, gap_in=0.12)
    accepted, alike, against = figure.subplots(1, 3)
    _curve(accepted, ranked, [point.accepted for point in ranked], COLOURS[0], "", 100)
    accepted.set(xlabel=label, ylabel="candidates accepted, % of judged")
    _curve(alike, ranked, [point.to_pool for point in ranked], COLOURS[1], "to the pool", 1)
    _curve(alike, ranked, [point.to_seeds for point in ranked], COLOURS[2], "to the seeds", 1)
    alike.set(xlabel=label, ylabel="highest ROUGE-L, mean")
    alike.legend(frameon=False, fontsize=9)
    _trade_off(against, ranked, label)
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
    axes: Any, points: Sequence[Point], estimates: Sequence[Estimate], colour: str, label: str, scale: float
) -> None:
    known = [(point.value, one) for point, one in zip(points, estimates, strict=True) if one.value is not None]
    axes.plot([x for x, _ in known], [_scaled(one.value, scale) for _, one in known], "o-", color=colour, label=label)
    bounded = [(x, one) for x, one in known if one.low is not None and one.high is not None]
    lows, highs = [_scaled(one.low, scale) for _, one in bounded], [_scaled(one.high, scale) for _, one in bounded]
    axes.fill_between([x for x, _ in bounded], lows, highs, color=colour, alpha=0.15, linewidth=0)


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
        axes.plot(x, y, "o", color=INK, markersize=5)
        # neighbours get their labels on opposite sides, since a flat curve puts them close together
        offset, side = ((-6, 5), "right") if number % 2 == 0 else ((6, -12), "left")
        axes.annotate(f"{point.value:g}", (x, y), offset, textcoords="offset points", ha=side, fontsize=9, color=INK)
    axes.set(xlabel="candidates accepted, % of judged", ylabel="highest ROUGE-L to the pool, mean")
    axes.set_title(f"points: {label}", fontsize=9, color=FAINT, loc="left")


def _scaled(value: float | None, scale: float) -> float:
    return scale * (value or 0.0)
