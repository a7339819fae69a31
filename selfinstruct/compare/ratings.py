"""Human ratings compared: CSV files in, a report on agreement, proportions, sets of criteria met and arms out.

    selfinstruct compare ratings=[high.csv,mixed.csv] consensus=3
    -> runs/compare-<digest>/report.html, comparisons.csv, agreement.csv, comparisons.tex, forest.png, sets.png, ...

What stands for an item is what the consensus rater says, else what most raters say; items on which they disagree are
missing. Agreement is between the raters, without the consensus.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct.compare.comparison import STANDARD, Comparison, Options, folder_for, write
from selfinstruct.compare.contrast_table import contrast_table
from selfinstruct.compare.contrasts import Contrast, contrast_records, contrasts, finding
from selfinstruct.compare.forest import forest_plot
from selfinstruct.compare.page import Page, Picture, sections
from selfinstruct.compare.rated import Rated, RatingOptions, read_rated
from selfinstruct.compare.raters import Agreement, agreement_records, agreements
from selfinstruct.compare.rating_tables import agreement_table, grade_table, proportion_records, proportion_table
from selfinstruct.compare.sample_sizes import reach_table
from selfinstruct.compare.set_diagram import Combination, combinations_met, set_diagram
from selfinstruct.compare.shares import shares_plot
from selfinstruct.compare.tables import Table
from selfinstruct.compare.wording import arms_text

_SECTIONS = (
    (
        "Arms compared",
        "Squares are odds ratios: 1 is no difference; a filled one differs after Holm's correction.",
        ("forest", "comparisons"),
    ),
    ("Share of items that meet each criterion", "", ("shares", "proportions")),
    ("Criteria met together", "Each column is one combination of criteria; the dots say which are met.", ("sets",)),
    (
        "Agreement between raters",
        "Agreement by chance is taken off: 0 is what guessing reaches, 1 is perfect.",
        ("agreement", "grades"),
    ),
    ("Sample size", "", ("sample_sizes",)),
)
_PRINTED = ("comparisons", "proportions", "agreement", "grades")


def compare_ratings(
    paths: Sequence[Path], ratings: RatingOptions, out: Path | None = None, options: Options = STANDARD
) -> Comparison:
    """Compare the ratings of the files and write the report; `out` None: runs/compare-<digest>.

    Raises:
        InputError: a file is not as sheets.py says, a name in the options is not in the files, or `out` cannot be
            written.
    """
    rated = read_rated(paths, ratings)
    against = ratings.against or rated.sheet.arms[-1]
    found = contrasts(rated.counts, against, options.level) if len(rated.sheet.arms) > 1 else ()
    agreed = agreements(rated.sheet, ratings, options)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    folder = folder_for(out, ["ratings", digests, asdict(ratings), asdict(options)])
    tables = _tables(rated, found, agreed, ratings, options)
    pictures = _pictures(folder, rated, found, ratings, options)
    page = Page(
        title=f"Ratings: {arms_text(rated.sheet.arms)}",
        lead=_lead(paths, rated, ratings),
        finding=finding(found, options.level) if found else "",
        sections=sections(_SECTIONS, pictures, tables),
        foot=_foot(rated, ratings, options),
    )
    return write(folder, page, tables, _records(rated, found, agreed, options), pictures, _PRINTED)


def _tables(
    rated: Rated,
    found: Sequence[Contrast],
    agreed: Sequence[Agreement],
    ratings: RatingOptions,
    options: Options,
) -> list[Table]:
    tables = [contrast_table(found, "items", options.level)] if found else []
    tables.append(proportion_table(rated.counts, options.level))
    if agreed:
        tables.append(agreement_table(agreed, options.level))
    if any(criterion.is_graded for criterion in rated.sheet.criteria):
        tables.append(grade_table(rated.sheet, ratings.grades))
    return [*tables, reach_table(rated.items(), options.margin, options.level)]


def _pictures(
    folder: Path, rated: Rated, found: Sequence[Contrast], ratings: RatingOptions, options: Options
) -> list[Picture]:
    arms = arms_text(rated.sheet.arms)
    pictures = []
    if found:
        path = forest_plot(found, folder / "forest.png", options.level)
        pictures.append(Picture(path, f"Forest plot of the odds ratios, against {found[0].against}"))
    path = shares_plot(rated.counts, folder / "shares.png", options.level)
    pictures.append(Picture(path, f"Share of items that meet each criterion, {arms}, with Wilson intervals"))
    criteria, combined, _ = combined_criteria(rated, ratings.overall)
    if len(criteria) > 1 and any(combined.values()):
        path = set_diagram(criteria, combined, folder / "sets.png")
        pictures.append(Picture(path, f"Set diagram: combinations of {', '.join(criteria)} that are met together"))
    return pictures


def combined_criteria(rated: Rated, overall: str | None) -> tuple[list[str], dict[str, Counter[Combination]], int]:
    """Return the criteria of the set diagram, by arm how many items meet exactly each combination, and the missing."""
    criteria = [criterion.name for criterion in rated.sheet.criteria if criterion.name != overall]
    combined, missing = {}, 0
    for arm, met in rated.met.items():
        items = met[rated.sheet.criteria[0].name]
        combined[arm], left_out = combinations_met([[met[criterion][item] for criterion in criteria] for item in items])
        missing += left_out
    return criteria, combined, missing


def _records(
    rated: Rated, found: Sequence[Contrast], agreed: Sequence[Agreement], options: Options
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    records = {
        "comparisons": contrast_records(found, options.level),
        "proportions": proportion_records(rated.counts, options.level),
        "agreement": agreement_records(agreed),
    }
    return {name: rows for name, rows in records.items() if rows}


def _lead(paths: Sequence[Path], rated: Rated, ratings: RatingOptions) -> list[str]:
    counted = ", ".join(f"{arm} {number:,} items" for arm, number in rated.items().items())
    lines = [f"{', '.join(path.name for path in paths)}: {counted}, {len(rated.sheet.raters)} raters."]
    if ratings.consensus is None:
        return [*lines, "What most raters say stands for an item; where they disagree evenly, its value is missing."]
    consensus = f"What rater {ratings.consensus} says stands for an item (the consensus), else what most others say."
    return [*lines, f"{consensus} Agreement is between the others."]


def _foot(rated: Rated, ratings: RatingOptions, options: Options) -> list[str]:
    lines = [f"Intervals are at {options.level:.0%}. Missing values are counted and never taken as no."]
    *_, missing = combined_criteria(rated, ratings.overall)
    if missing:
        lines.append(f"The set diagram leaves out {missing:,} items that lack a value for some criterion.")
    if rated.sheet.not_read:
        lines.append(f"Columns that are no criteria and were not read: {', '.join(rated.sheet.not_read)}.")
    if any(criterion.is_graded for criterion in rated.sheet.criteria):
        lines.append(f"A graded criterion counts as met by {arms_text(ratings.acceptable)}.")
    return [*lines, *([overall_line(rated, ratings.overall)] if ratings.overall is not None else [])]


def overall_line(rated: Rated, overall: str) -> str:
    """Say how often the criterion that means "all of the others" contradicts them."""
    others = [criterion.name for criterion in rated.sheet.criteria if criterion.name != overall]
    compared, contrary = 0, 0
    for met in rated.met.values():
        for item, value in met[overall].items():
            values = [met[criterion][item] for criterion in others]
            if value is not None and None not in values:
                compared += 1
                contrary += value != all(values)
    return f"{overall} means all of {', '.join(others)}; it says otherwise for {contrary:,} of {compared:,} items."
