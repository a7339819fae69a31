"""Answers to a benchmark that somebody has already: files go in, answers by item come out, with what did not fit.

    {"id": "task1-0", "prediction": "4"}                                       as the official scorer reads them
    {"instruction": "Rewrite ...", "input": "If you ...", "response": "..."}   as Self-Instruct published them
    runs/<evaluation>/                                                         an evaluation folder, with its arms

The answer is "prediction", "response" or "output". A line without an id is found by its instruction and input. Of two
answers to one item the last counts, as in the official scorer; items without an answer, doubled ids and answers to
nothing that was asked are counted and reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.evaluation.items import Benchmark, Item
from selfinstruct.jsonl import read
from selfinstruct.text import fold_white_space

PREDICTIONS = "predictions.jsonl"
_SUFFIX = "_predictions"  # of published files, after the model's name
_ANSWERS = ("prediction", "response", "output")


@dataclass(frozen=True)
class Prediction:
    """An answer to one item. finish_reason: as `Completion`; "" where it came from a file that does not say."""

    text: str
    finish_reason: str = ""
    prompt_sha256: str = ""


@dataclass(frozen=True)
class Answers:
    """One model's answers by item id. doubled: lines that another one replaced; unknown: lines about no item."""

    name: str
    by_item: Mapping[str, Prediction]
    doubled: int = 0
    unknown: int = 0

    def missing(self, items: Sequence[Item]) -> int:
        """Return how many of the items have no answer."""
        return sum(item.id not in self.by_item for item in items)


def read_predictions(paths: Sequence[Path], benchmark: Benchmark) -> list[Answers]:
    """Return the answers of every file and folder, each by its own name.

    Raises:
        InputError: a file is missing or not as above, none of its lines is about an item, or two have one name.
    """
    found = [answers for path in paths for answers in _read(path.expanduser(), benchmark)]
    names = [answers.name for answers in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f'predictions: two sets of answers are called "{name}"; rename one of the files')
    return found


def _read(path: Path, benchmark: Benchmark) -> list[Answers]:
    file = path / PREDICTIONS if path.is_dir() else path
    by_arm: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for number, record in read(file):
        arm = str(record.get("arm") or path.name.partition(".")[0].removesuffix(_SUFFIX))
        by_arm.setdefault(arm, []).append((f"{file}:{number}", record))
    if not by_arm:
        raise InputError(f"predictions={path}: holds no answer; give a JSON Lines file with one on each line")
    return [_answers(name, path, lines, benchmark) for name, lines in by_arm.items()]


def _answers(name: str, path: Path, lines: Sequence[tuple[str, dict[str, Any]]], benchmark: Benchmark) -> Answers:
    ids = {item.id for item in benchmark.items}
    by_text = {_asked(item.instruction, item.input): item.id for item in benchmark.items}
    found: dict[str, Prediction] = {}
    doubled = unknown = 0
    for place, record in lines:
        item = _item_of(place, record, by_text)
        prediction = _prediction(place, record)
        if item not in ids:
            unknown += 1
        elif prediction is not None:
            doubled += item in found
            found[item] = prediction
    if not found:
        raise InputError(f"predictions={path}: none of {len(lines)} lines is about an item of {benchmark.name}")
    return Answers(name, found, doubled, unknown)


def _item_of(place: str, record: Mapping[str, Any], by_text: Mapping[tuple[str, str], str]) -> str | None:
    if record.get("id") is not None:
        return str(record["id"])
    instruction, given = record.get("instruction"), record.get("input") or ""
    if not isinstance(instruction, str) or not isinstance(given, str):
        raise InputError(f'{place}: neither "id" nor "instruction"; say which item this answers')
    return by_text.get(_asked(instruction, given))


def _asked(instruction: str, given: str) -> tuple[str, str]:
    return fold_white_space(instruction), fold_white_space(given)


def _prediction(place: str, record: Mapping[str, Any]) -> Prediction | None:
    """Return the answer of a line; None where it says null, which is no answer."""
    key = next((key for key in _ANSWERS if key in record), None)
    if key is None:
        raise InputError(f"{place}: no answer; give it as {', '.join(_ANSWERS)}")
    text = record[key]
    if text is None:
        return None
    if not isinstance(text, str):
        raise InputError(f'{place}: "{key}" is a {type(text).__name__}, not a text')
    return Prediction(text, str(record.get("finish_reason") or ""), str(record.get("prompt_sha256") or ""))
