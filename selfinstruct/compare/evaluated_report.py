"""The report of one evaluation: its folder goes in, report/ with tables, pictures and report.html comes out.

    write_evaluation(Path("runs/user_tasks-davinci-3f1c9b2a7d40"), manifest, options)
    -> report/report.html, metrics.json, scores.csv, categories.csv, grades.csv, scores.png, grades.png, ...

Everything is made of the folder's own files, so that it can be written again at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.comparison import Comparison, Options, write
from selfinstruct.compare.evaluated_agreement import Agreed, agreement_records, agreements
from selfinstruct.compare.evaluated_folders import PAIRS, EvaluatedArm, arms_of
from selfinstruct.compare.evaluated_metrics import metrics_of
from selfinstruct.compare.evaluated_pairs import PairCount, count_verdicts, pair_records
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
from selfinstruct.compare.evaluated_tables import (
    agreement_table,
    confusion_table,
    grade_table,
    group_table,
    official_of,
    pair_table,
    score_table,
)
from selfinstruct.compare.evaluated_words import finding, foot, lead, notes
from selfinstruct.compare.page import Page, Picture, sections
from selfinstruct.compare.tables import Table
from selfinstruct.compare.wording import arms_text
from selfinstruct.evaluation.scoring import ROUGE_L
from selfinstruct.jsonl import read, write_text

REPORT = "report"
METRICS = "metrics.json"
_PRINTED = ("scores", "grades", "pairs", "agreement")
_FEWEST_TASKS = 2


@dataclass(frozen=True)
class Findings:
    """What is said about an evaluation: of each arm its scores and grades, and what a judge made of pairs."""

    arms: Sequence[EvaluatedArm]
    overall: Sequence[Scored]
    by_category: Sequence[Scored]
    by_task: Sequence[Scored]
    grades: Sequence[GradeCount]
    pairs: Sequence[PairCount]
    agreed: Sequence[Agreed]


@dataclass(frozen=True)
class Written:
    """The report's files and printed words, the numbers of metrics.json, and what did not fit, in words."""

    comparison: Comparison
    metrics: Mapping[str, float]
    notes: Sequence[str]


def write_evaluation(folder: Path, manifest: Mapping[str, Any], options: Options, human: Path | None) -> Written:
    """Write report/ of an evaluation.

    Args:
        human: people's grades, for the agreement of the judge with them; None: there are none.

    Raises:
        InputError: the grades of people cannot be read, or the folder cannot be written.
    """
    found = _findings(folder, manifest, options, human)
    graded = {one.arm: one for one in found.grades}
    of_arms = [([one for one in found.overall if one.arm == arm.name], graded.get(arm.name)) for arm in found.arms]
    metrics = metrics_of(of_arms, found.pairs, found.agreed)
    place = folder / REPORT
    pictures = _pictures(place, found)
    tables = _tables(found, options, official_of(manifest))
    page = Page(
        title=f"{manifest['benchmark']['name']}: {arms_text([arm.name for arm in found.arms])}",
        lead=lead(manifest),
        finding=finding(found.arms, found.overall, found.grades),
        sections=sections(_plan(found), pictures, tables),
        foot=foot(manifest, options),
    )
    comparison = write(place, page, tables, _records(found), pictures, _PRINTED)
    write_text(place / METRICS, json.dumps(metrics, indent=2) + "\n")
    return Written(comparison, metrics, notes(manifest))


def _findings(folder: Path, manifest: Mapping[str, Any], options: Options, human: Path | None) -> Findings:
    arms = arms_of(folder, manifest)
    verdicts = [line for _, line in read(folder / PAIRS)] if (folder / PAIRS).is_file() else []
    tasks = {item.task for arm in arms for item in arm.items.values()}
    shows_tasks = len(tasks) >= _FEWEST_TASKS and len(tasks) < max(len(arm.items) for arm in arms)
    return Findings(
        arms=arms,
        overall=[one for arm in arms for one in scores_of(arm, options)],
        by_category=[one for arm in arms for one in scores_by(arm, "category", options)],
        by_task=[one for arm in arms for one in scores_by(arm, "task", options)] if shows_tasks else [],
        grades=[grades_of(arm, options) for arm in arms] if arms[0].grades else [],
        pairs=count_verdicts(verdicts, {name: item.task for arm in arms for name, item in arm.items.items()}, options),
        agreed=agreements(arms, human, options) if human is not None and arms[0].grades else [],
    )


def _pictures(place: Path, found: Findings) -> list[Picture]:
    pictures = []
    if any(one.estimate.value is not None for one in found.overall):
        path = category_plot(found.overall, found.by_category, ROUGE_L, place / "scores.png")
        pictures.append(Picture(path, "ROUGE-L over all items and by category, with intervals"))
    if any(one.graded + one.unreadable + one.refused for one in found.grades):
        path = grade_plot(found.grades, place / "grades.png")
        pictures.append(Picture(path, "How often each grade was given"))
    return pictures


def _tables(found: Findings, options: Options, official: Mapping[str, str]) -> list[Table]:
    acceptable = found.arms[0].acceptable
    tables = [score_table(found.overall, options.level)]
    if found.grades:
        tables.append(grade_table(found.grades, acceptable, options.level))
    if found.pairs:
        tables.append(pair_table(found.pairs, options.level))
    if found.agreed:
        tables.append(agreement_table(found.agreed, acceptable, options.level))
        tables += [confusion_table(one) for one in found.agreed]
    if found.by_category:
        tables.append(group_table("categories", "category", found.by_category, options.level, official))
    if found.by_task:
        tables.append(group_table("tasks", "task", found.by_task, options.level))
    return tables


def _records(found: Findings) -> dict[str, list[dict[str, Any]]]:
    records = {
        "scores": score_records(found.overall),
        "categories": score_records(found.by_category),
        "tasks": score_records(found.by_task),
        "grades": grade_records(found.grades),
        "pairs": pair_records(found.pairs),
        "agreement": agreement_records(found.agreed),
    }
    return {name: rows for name, rows in records.items() if rows}


def _plan(found: Findings) -> list[tuple[str, str, Sequence[str]]]:
    confusion = [f"confusion_{one.place}" for one in found.agreed]
    return [
        ("Scores", BARS, ("scores",)),
        ("Grades", "", ("grades",)),
        ("Pairs", "", ("pairs",)),
        ("Agreement with people", "", ("agreement", *confusion)),
        ("Categories", "", ("categories",)),
        ("Tasks", "", ("tasks",)),
    ]
