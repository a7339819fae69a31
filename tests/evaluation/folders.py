"""Small benchmarks for tests, of our own making: a folder like Super-NaturalInstructions, and JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ECHO = ("model.name=test/echo", "model._target_=tests.evaluation.models.build", "+model.options.kind=echo")
COUNT = ("model.name=test/count", "model._target_=tests.evaluation.models.build", "+model.options.kind=count")
JUDGE = (
    "judge=offline",
    "judge.name=test/judge",
    "judge._target_=tests.evaluation.models.build",
    "+judge.options.kind=judge",
)
FIRST = (*JUDGE[:3], "+judge.options.kind=first")


def write_superni(folder: Path, tasks: int = 12, instances: int = 5) -> Path:
    """Write word-counting tasks of two categories; in every third one the input itself is a reference, too."""
    for number in range(tasks):
        outputs = [[str(2 + place)] for place in range(instances)]
        inputs = [" ".join(["word"] * (2 + place)) + f" t{number}" for place in range(instances)]
        if number % 3 == 0:
            outputs = [[*output, text] for output, text in zip(outputs, inputs, strict=True)]
        write_task(
            folder,
            f"task{number:03d}_count",
            "Counting" if number % 2 else "Copying",
            list(zip(inputs, outputs, strict=True)),
        )
    listed = [f"task{number:03d}_count" for number in range(tasks)]
    (folder / "splits" / "default").mkdir(parents=True)
    (folder / "splits" / "default" / "test_tasks.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    return folder


def write_task(
    folder: Path, name: str, category: str, instances: Sequence[tuple[str, list[str]]], **changed: Any
) -> None:
    """Write one task file."""
    task = {
        "Contributors": ["somebody"],
        "Categories": [category],
        "Definition": [f"Count the words of the sentence ({name})."],
        "Positive Examples": [
            {"input": "A bird sings.", "output": "3", "explanation": "Three words."},
            {"input": "Stop!", "output": "1", "explanation": "One word."},
        ],
        "Negative Examples": [{"input": "Go on.", "output": "7", "explanation": "There are two."}],
        "Instances": [
            {"id": f"{name}-{place}", "input": given, "output": output}
            for place, (given, output) in enumerate(instances)
        ],
    } | changed
    (folder / "tasks").mkdir(parents=True, exist_ok=True)
    (folder / "tasks" / f"{name}.json").write_text(json.dumps(task), encoding="utf-8")


def write_lines(path: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    """Write JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def write_questions(path: Path, number: int = 14) -> Path:
    """Write questions with one reference each, two categories."""
    return write_lines(
        path,
        [
            {"id": f"q{place}", "instruction": f"Say what number {place} is.", "references": [f"good {place}"],
             "category": ("even", "odd")[place % 2]}
            for place in range(number)
        ],
    )  # fmt: skip


def write_answers(path: Path, texts: Sequence[str | None]) -> Path:
    """Write one answer for each question, in order; None: the question is left out."""
    return write_lines(
        path, [{"id": f"q{place}", "prediction": text} for place, text in enumerate(texts) if text is not None]
    )
