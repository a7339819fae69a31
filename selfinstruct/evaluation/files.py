"""What an evaluation folder holds, line by line: answers, scores, grades and verdicts go in, records come out.

    predictions.jsonl   {"arm": "base", "id": "t1-0", "task": "t1", "prompt_sha256": "9c1f...", "prediction": "4",
                         "finish_reason": "stop", "examples_left_out": 0, "instruction": "Count ...", "input": "I see.",
                         "references": ["2"]}
    scores.jsonl        {"arm": "base", "id": "t1-0", "task": "t1", "category": "Counting", "item_sha256": "07ab...",
                         "rouge_l": 0.0, "rouge_1": 0.0, "exact_match": 0.0}
    grades.jsonl        {"arm": "base", "id": "t1-0", "grade": "C", "outcome": "graded", "saw": "Grade: C ..."}
    pairs.jsonl         {"one": "tuned", "other": "base", "id": "t1-0", "verdict": "tie", "outcome": "inconsistent",
                         "saw": ["Better: 1", "Better: 1"], "place": "first"}

An item without an answer has no line among the predictions; among the scores it has one, empty (null) or of an empty
text, as `benchmark.missing` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct.evaluation.grades import Grade
from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.judging import Judged
from selfinstruct.evaluation.options import BenchmarkOptions
from selfinstruct.evaluation.pairs import Verdict
from selfinstruct.evaluation.predictions import PREDICTIONS, Answers
from selfinstruct.evaluation.scoring import Score, score_items
from selfinstruct.jsonl import write

SCORES = "scores.jsonl"
GRADES = "grades.jsonl"
PAIRS = "pairs.jsonl"


def write_predictions(folder: Path, arms: Sequence[Answers], items: Sequence[Item]) -> None:
    """Write predictions.jsonl."""
    write(folder / PREDICTIONS, prediction_lines(arms, items))


def write_scores(folder: Path, arms: Sequence[Answers], items: Sequence[Item], options: BenchmarkOptions) -> None:
    """Score every arm and write scores.jsonl."""
    lines: list[dict[str, Any]] = []
    for arm in arms:
        lines += score_lines(arm.name, score_items(items, arm.by_item, options.tokenizer, options.missing), items)
    write(folder / SCORES, lines)


def write_judged(folder: Path, judged: Judged) -> None:
    """Write grades.jsonl and, where pairs were judged, pairs.jsonl."""
    write(folder / GRADES, judge_lines(judged.grades))
    if judged.verdicts:
        write(folder / PAIRS, judge_lines(judged.verdicts))


def prediction_lines(arms: Sequence[Answers], items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return one line for each answer, arm by arm; the question stands beside it, so that people can read the file."""
    return [
        {
            "arm": arm.name,
            "id": item.id,
            "task": item.task,
            "prompt_sha256": found.prompt_sha256,
            "prediction": found.text,
            "finish_reason": found.finish_reason,
            "examples_left_out": found.examples_left_out,
            "instruction": item.instruction,
            "input": item.input,
            "references": list(item.references),
        }
        for arm in arms
        for item in items
        if (found := arm.by_item.get(item.id)) is not None
    ]


def score_lines(arm: str, scores: Iterable[Score], items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return one line for each item of one arm."""
    return [
        {
            "arm": arm,
            "id": score.id,
            "task": score.task,
            "category": score.category,
            "item_sha256": item.sha256,
            "rouge_l": score.rouge_l,
            "rouge_1": score.rouge_1,
            "exact_match": score.exact_match,
        }
        for score, item in zip(scores, items, strict=True)
    ]


def judge_lines(said: Iterable[Grade | Verdict]) -> list[dict[str, Any]]:
    """Return one line for each grade or verdict."""
    return [asdict(one) for one in said]
