"""Evaluation folders for tests, as `selfinstruct evaluate` leaves them, without the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.evaluated_folders import EvaluatedArm, arms_of


@dataclass(frozen=True)
class Line:
    """One answer: its scores 0..1 and its grade; outcome "" where nobody graded it."""

    id: str
    task: str
    rouge: float | None
    match: float | None
    grade: str | None = None
    outcome: str = "graded"
    sha: str = ""
    category: str = "c"


def write_evaluation(folder: Path, arms: dict[str, Sequence[Line]], judged: bool = True, **changed: Any) -> Path:
    """Write manifest, scores and grades."""
    folder.mkdir(parents=True)
    scores, grades = [], []
    for arm, found in arms.items():
        for one in found:
            scores.append({
                "arm": arm, "id": one.id, "task": one.task, "category": one.category,
                "item_sha256": one.sha or one.id, "rouge_l": one.rouge, "rouge_1": one.rouge, "exact_match": one.match,
            })  # fmt: skip
            if one.outcome:
                outcome = one.outcome if one.grade or one.outcome != "graded" else "unreadable"
                grades.append({"arm": arm, "id": one.id, "grade": one.grade, "outcome": outcome, "saw": ""})
    (folder / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in scores), encoding="utf-8")
    if judged:
        (folder / "grades.jsonl").write_text("".join(json.dumps(line) + "\n" for line in grades), encoding="utf-8")
    of_arm = {"answers": 0, "missing": 0, "doubled": 0, "unknown": 0, "empty": 0, "cut": 0, "refused": 0}
    manifest = {
        "name": folder.name, "verb": "evaluate", "identity": folder.name[:12], "status": "done", "arms": list(arms),
        "benchmark": {
            "name": "demo", "kind": "items", "items": 4, "available": 4, "tasks": 4, "shots": 0, "tokenizer": "rouge",
            "missing": "left_out",
        },
        "judge": {"model": "test/judge", "revision": ""} if judged else None,
        "grading": {"grades": list("ABCD"), "acceptable": ["A", "B"]} if judged else None,
        "counts": {"arms": dict.fromkeys(arms, of_arm)},
    } | changed  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def arm_of(folder: Path, lines: Sequence[Line], name: str = "one", judged: bool = True) -> EvaluatedArm:
    """Return one arm, written and read."""
    write_evaluation(folder, {name: lines}, judged)
    return arms_of(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))[0]
