"""Items from models' answers: files of predictions come in, one item with an answer of each model comes out.

    {"instruction": "Name a fruit.", "input": "", "response": " A pear", "target": "An apple"}
    {"id": "task_3", "instruction": "Name a fruit.", "input": "", "prediction": "A pear"}

A file is JSON Lines, or the folder of `selfinstruct evaluate` (its predictions.jsonl), in which "arm" says whose answer
a line is. The answer is called prediction, response, output, answer or completion. Lines belong together when their ids
are equal, or, where a file has none, instruction and input. What only some have is left out, counted and named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical, read
from selfinstruct.quality.strata import sample_by_stratum
from selfinstruct.randomness import generator
from selfinstruct.rating.items import Answer, Item, clean
from selfinstruct.rating.run_sources import Material, arm_names
from selfinstruct.records import Instance

PREDICTIONS = "predictions.jsonl"
_SUFFIX = "_predictions"  # of published files, after the model's name
_ANSWERS = ("prediction", "response", "output", "answer", "completion")
_REFERENCES = ("target", "targets", "reference", "references", "label")


@dataclass(frozen=True)
class Prediction:
    """One line: its place in the file, its id ("" where it has none), its number from 0, and its texts."""

    place: str
    id: str
    number: int
    instruction: str
    input: str
    reference: str
    text: str


def from_predictions(
    paths: Sequence[Path],
    names: Sequence[str],
    sample_size: int | None,
    random_seed: int,
    shows_reference: bool = False,
) -> Material:
    """Return what all files have as items, sampled and numbered in a seeded random order.

    Args:
        names: a name for each model; empty: those in the files, or the names of the files.
        sample_size: how many items; None: all.
        shows_reference: put the reference answer of the first file that has one into the item.

    Raises:
        InputError: a file is not as above, a line stands twice, or the files have nothing in common.
    """
    by_arm = [one for path in paths for one in read_predictions(path).items()]
    arms = arm_names("predictions", names, [arm for arm, _ in by_arm])
    has_ids = all(one.id for _, lines in by_arm for one in lines)
    by_key = [_by_key(lines, has_ids) for _, lines in by_arm]
    shared = [key for key in by_key[0] if all(key in found for found in by_key)]
    if not shared:
        what = "id" if has_ids else "instruction with the same input"
        raise InputError(f"predictions: they share no {what}; give answers to the same tasks")
    items = _items(shared, by_key, arms, sample_size, random_seed, shows_reference)
    left_out = tuple(
        f"{arm}: {len(found) - len(shared):,} of {len(found):,} left out, which not all have"
        for arm, found in zip(arms, by_key, strict=True)
        if len(found) > len(shared)
    )
    return Material(items, arms, tuple(_digest(lines) for _, lines in by_arm), left_out)


def read_predictions(path: Path) -> dict[str, list[Prediction]]:
    """Return the lines of one file or evaluation folder by model. Raises InputError with file and line."""
    file = path / PREDICTIONS if path.is_dir() else path
    own = path.absolute().name.partition(".")[0].removesuffix(_SUFFIX)
    found: dict[str, list[Prediction]] = {}
    for line, record in read(file):
        lines = found.setdefault(str(record.get("arm") or own), [])
        lines.append(_prediction(f"{file}:{line}", len(lines), record))
    if not found:
        raise InputError(f"predictions={path}: holds no prediction; give one JSON object on each line")
    return found


def _digest(lines: Sequence[Prediction]) -> str:
    told = [[one.id, one.instruction, one.input, one.reference, one.text] for one in lines]
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def _prediction(place: str, number: int, record: Mapping[str, Any]) -> Prediction:
    key = next((name for name in _ANSWERS if isinstance(record.get(name), str)), None)
    if key is None:
        raise InputError(f"{place}: no answer; give it as text, called {', '.join(_ANSWERS)}")
    for name in ("instruction", "input"):
        if not isinstance(record.get(name, ""), str):
            raise InputError(f'{place}: "{name}" is no text; correct it')
    if not record.get("instruction", "").strip():
        raise InputError(f'{place}: no "instruction", so raters would not know what was asked; add it')
    reference = next((record[name] for name in _REFERENCES if record.get(name)), "")
    told = "\n".join(map(str, reference)) if isinstance(reference, list) else str(reference)
    texts = (record["instruction"], record.get("input", ""), told, record[key])
    name = "" if record.get("id") is None else str(record["id"])
    return Prediction(place, name, number, *(clean(text) for text in texts))


def _by_key(found: Sequence[Prediction], has_ids: bool) -> dict[tuple[str, ...], Prediction]:
    by_key: dict[tuple[str, ...], Prediction] = {}
    for one in found:
        key = (one.id,) if has_ids else (one.instruction, one.input)
        if key in by_key:
            raise InputError(f"{one.place}: is about the same task as {by_key[key].place}; leave one out")
        by_key[key] = one
    return by_key


def _items(
    shared: Sequence[tuple[str, ...]],
    by_key: Sequence[Mapping[tuple[str, ...], Prediction]],
    arms: Sequence[str],
    sample_size: int | None,
    random_seed: int,
    shows_reference: bool,
) -> tuple[Item, ...]:
    tasks = [by_key[0][key] for key in shared]
    instances = [Instance(task.instruction, task.input, "", None) for task in tasks]
    chosen = sample_by_stratum(instances, sample_size or len(tasks), random_seed)
    generator(random_seed, "rate", "items").shuffle(chosen)
    return tuple(
        Item(
            id=str(place),
            instruction=tasks[number].instruction,
            input=tasks[number].input,
            reference=_reference(by_key, shared[number]) if shows_reference else "",
            answers=tuple(
                Answer(arm, _source(by_key, shared[number]), found[shared[number]].text)
                for arm, found in zip(arms, by_key, strict=True)
            ),
        )
        for place, number in enumerate(chosen, start=1)
    )


def _source(by_key: Sequence[Mapping[tuple[str, ...], Prediction]], key: tuple[str, ...]) -> str:
    """The id of the task, or its number in the first file where no file has ids."""
    return next((found[key].id for found in by_key if found[key].id), str(by_key[0][key].number))


def _reference(by_key: Sequence[Mapping[tuple[str, ...], Prediction]], key: tuple[str, ...]) -> str:
    return next((found[key].reference for found in by_key if found[key].reference), "")
