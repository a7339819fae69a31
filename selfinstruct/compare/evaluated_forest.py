"""Paired differences as a picture: a row for each, a square at the difference, a line for its interval, in points.

Contrasts go in, a PNG file and the page beside it come out. Mean grades have another unit and are left to the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from selfinstruct.compare.evaluated_contrasts import GRADE, PairedContrast
from selfinstruct.compare.evaluated_differences import difference_cell, mean_cell, measure_name
from selfinstruct.compare.style import COLOURS, FAINT, INK, MARKS, new_figure, save, tidy
from selfinstruct.compare.wording import p_text
from selfinstruct.figures import say

_ROW_IN = 0.34
_CLOSE = 0.7  # between the arms of one label, in rows
_SQUARE_FIRST = ("s", *(mark for mark in MARKS if mark != "s"))


@dataclass(frozen=True)
class Row:
    """A contrast under its label; rows of one label, each of another arm, stand together."""

    label: str
    contrast: PairedContrast


def difference_plot(found: Sequence[PairedContrast], acceptable: Sequence[str], path: Path, level: float) -> Path:
    """Draw every measure of every arm and return the path; filled: differs after Holm's correction."""
    shown = [one for one in found if one.measure != GRADE]
    measures = list(dict.fromkeys(one.measure for one in shown))
    ordered = [one for measure in measures for one in shown if one.measure == measure]
    return draw([Row(measure_name(one.measure, acceptable), one) for one in ordered], path, level)


def draw(rows: Sequence[Row], path: Path, level: float) -> Path:
    """Draw the rows from above, an arm in one colour and shape, and return the path."""
    arms = list(dict.fromkeys(row.contrast.arm for row in rows))
    places = _places(rows, len(arms))
    figure = new_figure(8.6, 0.9 + _ROW_IN * (places[-1] + 1) + (0.3 if len(arms) > 1 else 0.0))
    axes = figure.subplots()
    axes.axvline(0, color=INK, linewidth=1)
    for place, row in zip(places, rows, strict=True):
        _mark(axes, place, row, arms.index(row.contrast.arm), 1 - level)
    labels = list(dict.fromkeys(row.label for row in rows))
    under = [[place for place, row in zip(places, rows, strict=True) if row.label == label] for label in labels]
    axes.set_yticks([fmean(of_label) for of_label in under], labels)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    reach = max([abs(bound) for row in rows for bound in _bounds(row.contrast)], default=1.0) or 1.0
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    against = rows[0].contrast.against
    axes.set_xlabel(f"lower than {against}   ←   difference, points   →   higher than {against}", fontsize=9, color=INK)
    tidy(axes)
    if len(arms) > 1:
        _legend(figure, arms)
    return save(figure, path)


def _places(rows: Sequence[Row], arms: int) -> list[float]:
    """Return where each row stands; with several arms those of one label close together."""
    step, gap = (_CLOSE, 1.3 - _CLOSE) if arms > 1 else (1.0, 0.0)
    labels = list(dict.fromkeys(row.label for row in rows))
    return [number * step + gap * labels.index(row.label) for number, row in enumerate(rows)]


def _legend(figure: Any, arms: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=shape, markersize=7, linewidth=2, label=arm)
        for number, arm in enumerate(arms)
        for colour, shape in [_look(number)]
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=min(len(arms), 4), frameon=False, fontsize=9)


def _look(arm: int) -> tuple[str, str]:
    return COLOURS[arm % len(COLOURS)], _SQUARE_FIRST[arm % len(_SQUARE_FIRST)]


def _mark(axes: Any, place: float, row: Row, arm: int, alpha: float) -> None:
    one, (colour, shape) = row.contrast, _look(arm)
    say(axes.axhspan(place - _CLOSE / 2, place + _CLOSE / 2, facecolor="none", edgecolor="none"), _told(row))
    estimate = one.difference
    if estimate.value is None:
        axes.text(0, place, "  undefined", va="center", fontsize=9, color=FAINT, style="italic")
        return
    if estimate.low is not None and estimate.high is not None:
        axes.plot([100 * estimate.low, 100 * estimate.high], [place, place], color=colour, linewidth=2)
    differs = one.p_holm is not None and one.p_holm < alpha
    face = colour if differs else "white"
    axes.plot(100 * estimate.value, place, shape, markersize=8, color=colour, markerfacecolor=face)


def _told(row: Row) -> str:
    one = row.contrast
    means = f"{one.arm} {mean_cell(one.measure, one.one)}, {one.against} {mean_cell(one.measure, one.other)}"
    tested = f"; p {p_text(one.p)}, after Holm {p_text(one.p_holm)}" if one.test else ""
    return f"{row.label}: {means}; difference in points {difference_cell(one)}, {one.difference.n:,} pairs{tested}"


def _bounds(one: PairedContrast) -> list[float]:
    values = (one.difference.value, one.difference.low, one.difference.high)
    return [100 * value for value in values if value is not None]
