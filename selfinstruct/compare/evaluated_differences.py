"""Paired contrasts for people: a table, a picture and a sentence go out of what evaluated_contrasts.py found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct.compare.evaluated_contrasts import GRADE, Overlap, PairedContrast
from selfinstruct.compare.evaluated_scores import ACCEPTABLE, NAMES
from selfinstruct.compare.style import COLOURS, FAINT, INK, new_figure, save, tidy
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.wording import NONE, number_text, p_text, points_text, ratio_text

_ROW_IN = 0.34


def measure_name(measure: str, acceptable: Sequence[str]) -> str:
    """Return what a measure is called: "ROUGE-L", "grade A or B"."""
    if measure == ACCEPTABLE:
        return f"grade {' or '.join(acceptable)}"
    return NAMES.get(measure, "mean grade")


def difference_table(found: Sequence[PairedContrast], acceptable: Sequence[str], level: float) -> Table:
    """Return the contrasts as a table, by measure."""
    several = len({one.arm for one in found}) > 1
    against = found[0].against
    order = list(dict.fromkeys(one.measure for one in found))
    rows = [
        (
            measure_name(one.measure, acceptable),
            *([one.arm] if several else []),
            f"{one.difference.n:,}" + (f" ({one.difference.missing:,} incomplete)" if one.difference.missing else ""),
            _mean(one.measure, one.one),
            _mean(one.measure, one.other),
            _difference(one),
            NONE if one.odds_ratio is None else ratio_text(one.odds_ratio),
            p_text(one.mcnemar_p),
            p_text(one.p),
            p_text(one.p_holm),
        )
        for one in sorted(found, key=lambda one: order.index(one.measure))
    ]
    columns = ["measure", *(["arm"] if several else []), "pairs", "this arm" if several else found[0].arm, against]
    note = (
        "Item by item, over the items that both answered. Scores in percent, differences in points; grades from 0 (the "
        f"worst) up. Difference: bootstrap-t over tasks at {level:.0%}. Odds ratio within items, Clopper-Pearson; "
        f"beside it McNemar's exact p, which takes items for independent. p: {_tests(found, acceptable)}. Holm's "
        "correction over the measures of an arm."
    )
    return Table(
        name="differences",
        title=f"Each arm against {against}, item by item" if several else f"{found[0].arm} against {against}",
        columns=(*columns, "difference", "odds ratio", "McNemar", "p", "p (Holm)"),
        rows=grouped(rows),
        note=note,
        left=2 if several else 1,
    )


def _tests(found: Sequence[PairedContrast], acceptable: Sequence[str]) -> str:
    """Return which test the p of each measure is of."""
    by_test: dict[str, list[str]] = {}
    for one in found:
        name = measure_name(one.measure, acceptable)
        if name not in by_test.setdefault(one.test, []):
            by_test[one.test].append(name)
    return "; ".join(f"{', '.join(names)}: {test}" for test, names in by_test.items())


def overlap_table(found: Sequence[Overlap]) -> Table:
    """Return how many items the arms share."""
    rows = tuple((one.arm, f"{one.both:,}", f"{one.only_arm:,}", f"{one.only_against:,}") for one in found)
    against = found[0].against
    return Table("overlap", "Items", ("arm", f"shared with {against}", "only this arm", f"only {against}"), rows)


def difference_plot(found: Sequence[PairedContrast], acceptable: Sequence[str], path: Path, level: float) -> Path:
    """Draw the differences in points with their intervals and return the path; filled: differs after Holm's correction.

    Mean grades have another unit and are left to the table.
    """
    shown = [one for one in found if one.measure != GRADE]
    arms = list(dict.fromkeys(one.arm for one in shown))
    measures = list(dict.fromkeys(one.measure for one in shown))
    rows = [one for measure in measures for one in shown if one.measure == measure]
    gap = 0.35 if len(arms) > 1 else 0.0
    figure = new_figure(8.6, 0.9 + _ROW_IN * (len(rows) + gap * len(measures)))
    axes = figure.subplots()
    axes.axvline(0, color=INK, linewidth=1)
    places: list[float] = []
    for row, one in enumerate(rows):
        places.append(row + gap * measures.index(one.measure))
        _mark(axes, places[-1], one, COLOURS[arms.index(one.arm) % len(COLOURS)], 1 - level)
    labels = [measure_name(one.measure, acceptable) + (f", {one.arm}" if len(arms) > 1 else "") for one in rows]
    axes.set_yticks(places, labels)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    reach = max([abs(bound) for one in rows for bound in _bounds(one)], default=1.0)
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    against = rows[0].against
    axes.set_xlabel(f"lower than {against}   ←   difference, points   →   higher than {against}", fontsize=9, color=INK)
    tidy(axes)
    return save(figure, path)


def _mark(axes: Any, place: float, one: PairedContrast, colour: str, alpha: float) -> None:
    estimate = one.difference
    if estimate.value is None:
        axes.text(0, place, "  undefined", va="center", fontsize=9, color=FAINT, style="italic")
        return
    if estimate.low is not None and estimate.high is not None:
        axes.plot([100 * estimate.low, 100 * estimate.high], [place, place], color=colour, linewidth=2)
    differs = one.p_holm is not None and one.p_holm < alpha
    axes.plot(
        100 * estimate.value, place, "s", markersize=8, color=colour, markerfacecolor=colour if differs else "white"
    )


def _bounds(one: PairedContrast) -> list[float]:
    values = (one.difference.value, one.difference.low, one.difference.high)
    return [100 * value for value in values if value is not None]


def difference_finding(found: Sequence[PairedContrast], acceptable: Sequence[str], level: float) -> str:
    """Return what the contrasts say together, in one sentence."""
    alpha = 1 - level
    tested = [one for one in found if one.p_holm is not None]
    if not tested:
        return "Nothing could be tested."
    differ = [one for one in tested if one.p_holm is not None and one.p_holm < alpha]
    several = len({one.arm for one in found}) > 1
    names = [
        f"{measure_name(one.measure, acceptable)} {'higher' if (one.difference.value or 0) > 0 else 'lower'}"
        + (f" ({one.arm})" if several else "")
        for one in differ
    ]
    verdict = f": {', '.join(names)}" if names else ""
    return f"{len(differ)} of {len(tested)} comparisons differ after Holm's correction at {alpha:.2g}{verdict}."


def _mean(measure: str, value: float | None) -> str:
    if value is None:
        return NONE
    return number_text(value) if measure == GRADE else f"{100 * value:.2f}"


def _difference(one: PairedContrast) -> str:
    if one.measure != GRADE:
        return points_text(one.difference)
    estimate = one.difference
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return f"undefined, because {estimate.undefined}" if estimate.value is None else f"{estimate.value:+.2f}"
    return f"{estimate.value:+.2f} ({estimate.low:+.2f} to {estimate.high:+.2f})"
