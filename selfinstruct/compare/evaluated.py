"""Evaluations compared: their folders go in, a report on how the arms differ, item by item, comes out.

    compare_evaluations([Path("runs/superni-base-..."), Path("runs/superni-tuned-...")])
    -> runs/compare-<digest>/report.html, differences.csv, scores.csv, grades.csv, differences.png, scores.png, ...

An evaluation of several sets of predictions is several arms, so one such folder is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.comparison import STANDARD, Comparison, Options, folder_for, write
from selfinstruct.compare.evaluated_categories import (
    CATEGORY_DIFFERENCES,
    CategoryContrast,
    categories_of,
    category_differences_plot,
    category_differences_table,
    category_records,
    shown,
)
from selfinstruct.compare.evaluated_contrasts import (
    Overlap,
    PairedContrast,
    contrast_records,
    contrasts_of,
    overlap_of,
)
from selfinstruct.compare.evaluated_differences import (
    difference_finding,
    difference_table,
    overlap_table,
)
from selfinstruct.compare.evaluated_folders import EvaluatedArm, read_evaluation
from selfinstruct.compare.evaluated_forest import difference_plot
from selfinstruct.compare.evaluated_names import named
from selfinstruct.compare.evaluated_pictures import BARS, category_plot, grade_plot
from selfinstruct.compare.evaluated_scores import (
    GradeCount,
    Scored,
    grade_records,
    grades_of,
    score_records,
    scores_by,
    scores_of,
)
from selfinstruct.compare.evaluated_tables import grade_table, group_table, official_of, score_table
from selfinstruct.compare.page import Page, Picture, sections
from selfinstruct.compare.run_folders import expand
from selfinstruct.compare.tables import Table
from selfinstruct.compare.wording import arms_text
from selfinstruct.errors import InputError
from selfinstruct.evaluation.scoring import ROUGE_L

_SECTIONS = (
    (
        "Differences",
        "Marks are differences in points, lines their intervals; a filled mark differs after Holm's correction.",
        ("differences",),
    ),
    (
        "Differences by category",
        "The largest difference comes first. Nothing is tested here, so no mark is filled; categories without an "
        "interval are too small to be shown.",
        (CATEGORY_DIFFERENCES,),
    ),
    ("Scores of each arm", BARS, ("scores",)),
    ("Grades", "", ("grades",)),
    ("Categories", "", ("categories",)),
    ("Items", "", ("overlap",)),
)
_PRINTED = ("differences", CATEGORY_DIFFERENCES, "scores", "grades")


@dataclass(frozen=True)
class Compared:
    """What a comparison of evaluations found."""

    contrasts: Sequence[PairedContrast]
    by_category: Sequence[CategoryContrast]
    overlaps: Sequence[Overlap]
    scored: Sequence[Scored]
    scored_by_category: Sequence[Scored]
    grades: Sequence[GradeCount]
    acceptable: Sequence[str]
    official: Mapping[str, str]


def compare_evaluations(
    folders: Sequence[Path],
    out: Path | None = None,
    options: Options = STANDARD,
    names: Sequence[str] = (),
    against: str | None = None,
) -> Comparison:
    """Compare finished evaluations and write the report; `out` None: runs/compare-<digest>.

    Args:
        folders: evaluation folders, or the folder of a sweep over evaluations.
        names: a name for each arm, in the order of folders and of the arms in them. Empty: see evaluated_names.py.
        against: the arm that the others are compared with; None: the last.

    Raises:
        InputError: fewer than two arms, an evaluation that has not ended, arms that share no item or disagree on one,
            or `out` cannot be written.
    """
    places, left_out = expand(folders)
    arms = named([arm for place in places for arm in read_evaluation(place)], names)
    reference = _reference(arms, against)
    found = _compared(arms, reference, options)
    folder = folder_for(
        out, ["evaluations", [[a.name, a.manifest["identity"]] for a in arms], asdict(options), against]
    )
    pictures = _pictures(folder, found, options)
    tables = _tables(found, options)
    page = Page(
        title=f"Evaluations: {arms_text([arm.name for arm in arms])}",
        lead=[*_lead(arms, reference, found.overlaps), *left_out],
        finding=difference_finding(found.contrasts, found.acceptable, options.level),
        sections=sections(_SECTIONS, pictures, tables),
        foot=_foot(arms, options),
    )
    return write(folder, page, tables, _records(found), pictures, _PRINTED)


def _compared(arms: Sequence[EvaluatedArm], reference: EvaluatedArm, options: Options) -> Compared:
    official = official_of(reference.manifest)
    overlaps = [overlap_of(arm, reference) for arm in arms if arm is not reference]
    grades = [grades_of(arm, options) for arm in arms if arm.grades]
    return Compared(
        contrasts=contrasts_of(arms, reference.name, options),
        by_category=categories_of(arms, reference.name, official, options),
        overlaps=overlaps,
        scored=[one for arm in arms for one in scores_of(arm, options)],
        scored_by_category=[one for arm in arms for one in scores_by(arm, "category", options)],
        grades=grades if len({tuple(one.given) for one in grades}) == 1 else [],
        acceptable=next((arm.acceptable for arm in arms if arm.grades), ()),
        official=official,
    )


def _reference(arms: Sequence[EvaluatedArm], against: str | None) -> EvaluatedArm:
    if against is None:
        return arms[-1]
    meant = [arm for arm in arms if against in {arm.name, arm.folder.name}]
    if len(meant) != 1:
        raise InputError(f"against={against}: no such arm; choose one of {', '.join(arm.name for arm in arms)}")
    return meant[0]


def _tables(found: Compared, options: Options) -> list[Table]:
    level = options.level
    tables = [difference_table(found.contrasts, found.acceptable, level), score_table(found.scored, level)]
    if found.grades:
        tables.append(grade_table(found.grades, found.acceptable, level))
    if shown(found.by_category):
        tables.append(category_differences_table(found.by_category, level))
    if found.scored_by_category:
        tables.append(group_table("categories", "category", found.scored_by_category, level, found.official))
    return [*tables, overlap_table(found.overlaps)]


def _pictures(folder: Path, found: Compared, options: Options) -> list[Picture]:
    level, against = options.level, found.contrasts[0].against
    path = difference_plot(found.contrasts, found.acceptable, folder / "differences.png", level)
    pictures = [Picture(path, f"Differences to {against} in points, with intervals")]
    if shown(found.by_category):
        path = category_differences_plot(found.by_category, folder / f"{CATEGORY_DIFFERENCES}.png", level)
        pictures.append(Picture(path, f"Differences to {against} by category in points, with intervals"))
    if any(one.estimate.value is not None for one in found.scored):
        path = category_plot(found.scored, found.scored_by_category, ROUGE_L, folder / "scores.png")
        pictures.append(Picture(path, "ROUGE-L of each arm over all items and by category, with intervals"))
    if any(one.graded for one in found.grades):
        pictures.append(Picture(grade_plot(found.grades, folder / "grades.png"), "How often each grade was given"))
    return pictures


def _records(found: Compared) -> dict[str, list[dict[str, Any]]]:
    records = {
        "differences": contrast_records(found.contrasts),
        CATEGORY_DIFFERENCES: category_records(found.by_category),
        "scores": score_records(found.scored),
        "categories": score_records(found.scored_by_category),
        "grades": grade_records(found.grades),
        "overlap": [asdict(one) for one in found.overlaps],
    }
    return {name: rows for name, rows in records.items() if rows}


def _lead(arms: Sequence[EvaluatedArm], reference: EvaluatedArm, overlaps: Sequence[Overlap]) -> list[str]:
    benchmarks = sorted({str(arm.manifest["benchmark"]["name"]) for arm in arms})
    lines = [f"{len(arms)} sets of answers to {arms_text(benchmarks)}; each is compared with {reference.name}."]
    apart = [one for one in overlaps if one.only_arm or one.only_against]
    lines += [
        f"{one.arm} and {one.against} share {one.both:,} items; {one.only_arm:,} are only in the first, "
        f"{one.only_against:,} only in the second, and in no difference."
        for one in apart
    ]
    judges = {str(arm.manifest["judge"]["model"]) for arm in arms if arm.manifest.get("judge")}
    if len(judges) > 1:
        lines.append(f"The grades come from several judges ({arms_text(sorted(judges))}): they differ by these, too.")
    return lines


def _foot(arms: Sequence[EvaluatedArm], options: Options) -> list[str]:
    ways = {arm.manifest["benchmark"]["missing"] for arm in arms}
    lines = [f"Intervals are at {options.level:.0%}. Missing values are counted and never taken as no."]
    if "empty" in ways and any(of["missing"] for arm in arms for of in arm.manifest["counts"]["arms"].values()):
        lines.append("Items without an answer were scored as empty answers, as the official scorer does.")
    return lines
