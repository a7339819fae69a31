"""Paired contrasts for people: a table and a sentence go out of what evaluated_contrasts.py found."""

from __future__ import annotations

from collections.abc import Sequence

from selfinstruct.compare.evaluated_contrasts import GRADE, Overlap, PairedContrast
from selfinstruct.compare.evaluated_scores import ACCEPTABLE, NAMES
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.wording import NONE, number_text, p_text, points_text, ratio_text


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
            mean_cell(one.measure, one.one),
            mean_cell(one.measure, one.other),
            difference_cell(one),
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


def mean_cell(measure: str, value: float | None) -> str:
    """Return a mean in percent, or a mean grade."""
    if value is None:
        return NONE
    return number_text(value) if measure == GRADE else f"{100 * value:.2f}"


def difference_cell(one: PairedContrast) -> str:
    """Return a difference in points, or in grades, with its interval."""
    if one.measure != GRADE:
        return points_text(one.difference)
    estimate = one.difference
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return f"undefined, because {estimate.undefined}" if estimate.value is None else f"{estimate.value:+.2f}"
    return f"{estimate.value:+.2f} ({estimate.low:+.2f} to {estimate.high:+.2f})"
