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
from selfinstruct.compare.evaluated_pairs import PairCount, count_verdicts, pair_records
from selfinstruct.compare.evaluated_pictures import BARS, category_plot, grade_plot
from selfinstruct.compare.evaluated_scores import (
    GradeCount,
    Scored,
    grade_records,
    grades_of,
    metrics_of,
    score_records,
    scores_by,
    scores_of,
)
from selfinstruct.compare.evaluated_tables import (
    agreement_table,
    confusion_table,
    grade_table,
    group_table,
    pair_table,
    score_table,
)
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
    metrics = metrics_of(
        [([one for one in found.overall if one.arm == arm.name], graded.get(arm.name)) for arm in found.arms]
    )
    place = folder / REPORT
    pictures = _pictures(place, found)
    tables = _tables(found, options)
    page = Page(
        title=f"{manifest['benchmark']['name']}: {arms_text([arm.name for arm in found.arms])}",
        lead=_lead(manifest),
        finding=_finding(found),
        sections=sections(_plan(found), pictures, tables),
        foot=_foot(manifest, options),
    )
    comparison = write(place, page, tables, _records(found), pictures, _PRINTED)
    write_text(place / METRICS, json.dumps(metrics, indent=2) + "\n")
    return Written(comparison, metrics, _notes(manifest))


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
        pairs=count_verdicts(verdicts, options.level),
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


def _tables(found: Findings, options: Options) -> list[Table]:
    acceptable = found.arms[0].acceptable
    tables = [score_table(found.overall, options.level)]
    if found.grades:
        tables.append(grade_table(found.grades, acceptable, options.level))
    if found.pairs:
        tables.append(pair_table(found.pairs))
    if found.agreed:
        tables.append(agreement_table(found.agreed, acceptable, options.level))
        tables += [confusion_table(one) for one in found.agreed]
    if found.by_category:
        tables.append(group_table("categories", "category", found.by_category, options.level))
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


def _lead(manifest: Mapping[str, Any]) -> list[str]:
    """Return what was evaluated, and what did not fit."""
    benchmark = manifest["benchmark"]
    lines = [f"{benchmark['items']:,} items of {benchmark['name']}, {benchmark['tasks']:,} tasks."]
    if benchmark["items"] < benchmark["available"]:
        lines.append(f"A sample of {benchmark['available']:,}: not the score of the whole benchmark.")
    if benchmark["shots"]:
        lines.append(f"{benchmark['shots']} solved examples in the prompt.")
    if benchmark["tokenizer"] != "rouge":
        lines.append(f"ROUGE reads tokens of {benchmark['tokenizer']}, and not those of its own tokenizer.")
    return [*lines, *_notes(manifest)]


def _notes(manifest: Mapping[str, Any]) -> list[str]:
    """Return, for each arm, how many answers are missing or did not fit, and what became of items without one."""
    lines, arms = [], manifest["counts"]["arms"]
    for arm, of_arm in arms.items():
        faults = [f"{words}: {of_arm[name]:,}" for name, words in _FAULTS.items() if of_arm[name]]
        if faults:
            lines.append(f"{arm}: {'; '.join(faults)}.")
    invisible = manifest["benchmark"].get("invisible", 0)
    if invisible:
        lines.append(
            f"Items with no reference in which ROUGE's tokenizer sees a word (another script, marks): {invisible:,}. "
            "Their ROUGE is 0; benchmark.tokenizer=unicode or a tokenizer.json sees more."
        )
    if any(of_arm["missing"] for of_arm in arms.values()):
        lines.append(_MISSING[manifest["benchmark"]["missing"]])
    if str((manifest.get("judge") or {}).get("model")).startswith("offline/"):
        lines.append("The judge was the offline model, which compares words: what it says means nothing.")
    return lines


_FAULTS = {
    "missing": "items without an answer",
    "doubled": "answers replaced by a later one to the same item",
    "unknown": "answers to nothing that was asked",
    "empty": "empty answers",
    "cut": "answers cut by the token limit",
    "refused": "answers refused by the provider",
}
_MISSING = {
    "empty": "Items without an answer count as empty answers, which is what the official scorer does.",
    "left_out": "Items without an answer are in no mean; the official scorer would count them as empty answers.",
}


def _finding(found: Findings) -> str:
    parts = []
    for arm in found.arms:
        rouge = next(one.estimate for one in found.overall if one.arm == arm.name and one.measure == ROUGE_L)
        if rouge.value is not None:
            parts.append(f"{arm.name}: ROUGE-L {100 * rouge.value:.1f} % over {rouge.n:,} items")
    for grades in found.grades:
        if grades.acceptable.value is not None:
            met = " or ".join(found.arms[0].acceptable)
            parts.append(f"{grades.arm}: {100 * grades.acceptable.value:.1f} % of {grades.graded:,} grades are {met}")
    return "; ".join(parts) + "." if parts else ""


def _foot(manifest: Mapping[str, Any], options: Options) -> list[str]:
    judge = manifest.get("judge")
    lines = [
        f"Evaluation {manifest['identity']}; intervals at {options.level:.0%}. Missing values are never taken as no."
    ]
    if judge:
        lines.append(f"Graded by {judge['model']}, which was not told whose answers they are.")
    return lines
