"""Answers to a benchmark that somebody has already: files go in, answers by item come out, with what did not fit.

    {"id": "task1-0", "prediction": "4"}                                       as the official scorer reads them
    {"instruction": "Rewrite ...", "input": "If you ...", "response": "..."}   as Self-Instruct published them
    runs/<evaluation>/                                                         an evaluation folder, with its arms

The answer is "prediction", "response" or "output". A line without an id is found by its instruction and input. Of two
answers to one item the last counts, as in the official scorer; items without an answer, doubled ids and answers to
nothing that was asked are counted and reported. An evaluation folder says what was asked under each id; where that is
not what this benchmark asks, the answers are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.evaluation.items import Benchmark, Item, id_of
from selfinstruct.jsonl import read
from selfinstruct.text import fold_white_space, whole_characters

PREDICTIONS = "predictions.jsonl"
_SUFFIX = "_predictions"  # of published files, after the model's name
_ANSWERS = ("prediction", "response", "output")


@dataclass(frozen=True)
class Prediction:
    """An answer to one item. finish_reason: as `Completion`; "" where it came from a file that does not say.

    examples_left_out: how many of the benchmark's shots did not fit into the prompt.
    """

    text: str
    finish_reason: str = ""
    prompt_sha256: str = ""
    examples_left_out: int = 0


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
        InputError: a file is missing or not as above, none of its lines is about an item, two have one name, or an
            evaluation asked something else under an id of this benchmark.
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
        arm = whole_characters(str(record.get("arm") or path.name.partition(".")[0].removesuffix(_SUFFIX)))
        by_arm.setdefault(arm, []).append((f"{file}:{number}", record))
    if not by_arm:
        raise InputError(f"predictions={path}: holds no answer; give a JSON Lines file with one on each line")
    return [_answers(name, path, lines, benchmark) for name, lines in by_arm.items()]


def _answers(name: str, path: Path, lines: Sequence[tuple[str, dict[str, Any]]], benchmark: Benchmark) -> Answers:
    asked = {item.id: _asked(item.instruction, item.input) for item in benchmark.items}
    by_text = {_asked(item.instruction, item.input): item.id for item in benchmark.items}
    found: dict[str, Prediction] = {}
    doubled = unknown = 0
    for place, record in lines:
        item = _item_of(place, record, by_text)
        prediction = _prediction(place, record)
        if item in asked and "arm" in record and not _is_about(record, asked[item]):
            raise InputError(
                f'{place}: the id "{item}" asked something else when this was answered; '
                "evaluate on the same version of the benchmark"
            )
        if item not in asked:
            unknown += 1
        elif prediction is not None:
            doubled += item in found
            found[item] = prediction
    if not found:
        raise InputError(f"predictions={path}: none of {len(lines)} lines is about an item of {benchmark.name}")
    return Answers(name, found, doubled, unknown)


def _item_of(place: str, record: Mapping[str, Any], by_text: Mapping[tuple[str, str], str]) -> str | None:
    if name := id_of(record, ""):
        return whole_characters(name)
    instruction, given = record.get("instruction"), record.get("input") or ""
    if not isinstance(instruction, str) or not isinstance(given, str):
        raise InputError(f'{place}: neither "id" nor "instruction"; say which item this answers')
    return by_text.get(_asked(instruction, given))


def _asked(instruction: str, given: str) -> tuple[str, str]:
    return fold_white_space(whole_characters(instruction)), fold_white_space(whole_characters(given))


def _is_about(record: Mapping[str, Any], asked: tuple[str, str]) -> bool:
    """Return whether a line of an evaluation folder answers what is asked; one that does not say so may."""
    instruction, given = record.get("instruction"), record.get("input") or ""
    return not isinstance(instruction, str) or not isinstance(given, str) or _asked(instruction, given) == asked


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
    finish_reason, prompt_sha256 = (str(record.get(name) or "") for name in ("finish_reason", "prompt_sha256"))
    return Prediction(whole_characters(text), finish_reason, prompt_sha256)
