"""Tables about ratings: how many items meet each criterion, how far raters agree, which grades were given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.compare.contrast_table import count_cells
from selfinstruct.compare.contrasts import estimate_record
from selfinstruct.compare.raters import Agreement
from selfinstruct.compare.sheets import Sheet
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.wording import NONE, ratio_text, share_text
from selfinstruct.statistics import Count, Estimate, wilson


def proportion_table(counts: Mapping[str, Mapping[str, Count]], level: float) -> Table:
    """Return the share of items that meet each criterion, by arm."""
    rows = grouped(
        (criterion, arm, *count_cells(count, level))
        for criterion, by_arm in counts.items()
        for arm, count in by_arm.items()
    )
    return Table(
        "proportions",
        "Share of items that meet each criterion",
        ("criterion", "arm", "met", "share"),
        rows,
        f"Wilson's interval at {level:.0%}.",
        left=2,
    )


def proportion_records(counts: Mapping[str, Mapping[str, Count]], level: float) -> list[dict[str, Any]]:
    """Return the proportions as rows of a CSV file."""
    return [
        {
            "criterion": criterion,
            "arm": arm,
            "met": count.yes,
            "n": count.n,
            "missing": count.missing,
            **estimate_record("share", wilson(count, level)),
        }
        for criterion, by_arm in counts.items()
        for arm, count in by_arm.items()
    ]


def agreement_table(found: Sequence[Agreement], level: float) -> Table:
    """Return the agreement of every pair of raters; columns on grades only where grades were given."""
    graded = any(one.spearman is not None for one in found)
    columns = ["arm", "criterion", "raters", "n", "missing", "same value", "Cohen's kappa", "Krippendorff's alpha"]
    if graded:
        columns += ["acceptable or not", "linear weights", "quadratic weights", "Spearman's rho"]
    return Table(
        "agreement",
        "Agreement between raters",
        tuple(columns),
        grouped(_agreement_row(one, graded) for one in found),
        f"Kappa: large-sample interval (Fleiss, Cohen and Everitt 1969); alpha: over all raters of the arm, bootstrap "
        f"over items. Level {level:.0%}. n: items that both raters rated.",
        left=3,
    )


def _agreement_row(one: Agreement, graded: bool) -> tuple[str, ...]:
    numbers = (f"{one.kappa.n:,}", f"{one.kappa.missing:,}", share_text(one.same), ratio_text(one.kappa))
    cells = (one.arm, one.criterion, " and ".join(one.raters), *numbers, ratio_text(one.alpha))
    return (*cells, *map(_or_none, (one.met_kappa, one.linear, one.quadratic, one.spearman))) if graded else cells


def _or_none(estimate: Estimate | None) -> str:
    return NONE if estimate is None else ratio_text(estimate)


def grade_table(sheet: Sheet, grades: Sequence[str]) -> Table:
    """Return how often each rater gave each grade, the missing ones counted."""
    rows = []
    for criterion in sheet.criteria:
        if not criterion.is_graded:
            continue
        for arm in sheet.arms:
            for rater in sheet.raters:
                given = Counter(
                    rating.values[criterion.name]
                    for rating in sheet.ratings
                    if (rating.arm, rating.rater) == (arm, rater)
                )
                if given:
                    counted = (f"{given[grade]:,}" for grade in (*grades, None))
                    rows.append((criterion.name, arm, rater, *counted))
    columns = ("criterion", "arm", "rater", *grades, "missing")
    return Table("grades", "Grades given, by rater", columns, tuple(rows), left=3)
