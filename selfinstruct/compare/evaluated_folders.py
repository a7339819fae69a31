"""Evaluation folders as reports and comparisons see them: one arm for each model that was evaluated.

read_evaluation(Path("runs/user_tasks-davinci-3f1c9b2a7d40"))[0]
EvaluatedArm(name="davinci", items={"user_oriented_task_0": EvaluatedItem(task=..., rouge_l=0.41, grade="B"), ...}, ...)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.errors import InputError
from selfinstruct.jsonl import read

VERB = "evaluate"
SCORES = "scores.jsonl"
GRADES = "grades.jsonl"
PAIRS = "pairs.jsonl"
GRADED = "graded"


@dataclass(frozen=True)
class EvaluatedItem:
    """What one answer got, scores 0..1. None: not scored (no answer, no reference), or without a grade.

    item_sha256: of what was asked and what is right. outcome: of grading; "" where nobody was asked.
    """

    task: str
    category: str
    item_sha256: str
    rouge_l: float | None
    rouge_1: float | None
    exact_match: float | None
    grade: str | None = None
    outcome: str = ""

    def value(self, measure: str) -> float | None:
        """Return one of the scores by its name."""
        found: float | None = getattr(self, measure)
        return found


@dataclass(frozen=True)
class EvaluatedArm:
    """One model's answers to a benchmark. grades: those that could be given, best first; empty without a judge."""

    name: str
    folder: Path
    manifest: Mapping[str, Any]
    items: Mapping[str, EvaluatedItem]
    grades: tuple[str, ...]
    acceptable: tuple[str, ...]

    def is_acceptable(self, item: str) -> bool | None:
        """Return whether the grade of an item's answer counts as met; None without a grade."""
        grade = self.items[item].grade
        return None if grade is None else grade in self.acceptable

    def grade_rank(self, item: str) -> float | None:
        """Return the grade as a number, higher is better: D 0, C 1, B 2, A 3; None without a grade."""
        grade = self.items[item].grade
        return None if grade is None else float(len(self.grades) - 1 - self.grades.index(grade))


def is_evaluation(folder: Path) -> bool:
    """Return whether a folder holds an evaluation. Raises InputError where it has no manifest."""
    return runs.read_manifest(folder.expanduser()).get("verb") == VERB


def are_evaluations(folders: Sequence[Path]) -> bool:
    """Return whether the folders hold evaluations.

    Raises:
        InputError: some do and some do not, or one has no manifest.
    """
    kinds = {folder: is_evaluation(folder) for folder in folders}
    if len(set(kinds.values())) > 1:
        one = next(folder for folder, is_one in kinds.items() if is_one)
        other = next(folder for folder, is_one in kinds.items() if not is_one)
        raise InputError(f"runs: {one} is an evaluation and {other} is a run; compare like with like")
    return any(kinds.values())


def read_evaluation(folder: Path) -> list[EvaluatedArm]:
    """Return the arms of a finished evaluation, in the order of its manifest.

    Raises:
        InputError: no such folder, an evaluation that has not ended, or a file of it that cannot be read.
    """
    place = folder.expanduser().absolute()
    manifest = runs.read_manifest(place)
    if manifest.get("status") != runs.DONE:
        raise InputError(f"runs: {place}: this evaluation has not ended; repeat its command first")
    return arms_of(place, manifest)


def arms_of(folder: Path, manifest: Mapping[str, Any]) -> list[EvaluatedArm]:
    """Return the arms of an evaluation from its files. Raises InputError for a file that cannot be read."""
    grading = manifest.get("grading") or {}
    given: dict[tuple[str, str], tuple[str | None, str]] = {}
    if (folder / GRADES).is_file():
        given = {(line["arm"], line["id"]): (line["grade"], line["outcome"]) for _, line in read(folder / GRADES)}
    items: dict[str, dict[str, EvaluatedItem]] = {name: {} for name in manifest["arms"]}
    for _, line in read(folder / SCORES):
        grade, outcome = given.get((line["arm"], line["id"]), (None, ""))
        items[line["arm"]][line["id"]] = EvaluatedItem(
            task=line["task"],
            category=line["category"],
            item_sha256=line["item_sha256"],
            rouge_l=line["rouge_l"],
            rouge_1=line["rouge_1"],
            exact_match=line["exact_match"],
            grade=grade,
            outcome=outcome,
        )
    grades, acceptable = tuple(grading.get("grades", ())), tuple(grading.get("acceptable", ()))
    return [EvaluatedArm(name, folder, manifest, of_arm, grades, acceptable) for name, of_arm in items.items()]
