"""Does the dataset hold parts of a set that models are to be evaluated with?

Evaluation sets are JSON Lines like seed files ("instruction", and "instances" with "input" and "output" where there are
some). Their texts are compared with the accepted instructions and their instances. What they share is listed:

    {"set": "user_oriented", "task": 17, "field": "instruction", "how": "exact", "shared": "write a haiku about tea",
     "found_in": "instruction", "instruction": 204}

Two texts overlap when they share a run of 13 words, two instructions also when they are equal word by word. 13 is the
longest run that GPT-3's authors looked for (Brown et al. 2020, appendix C); many shorter ones are common phrases. Short
inputs and outputs ("Yes") are not compared: they are equal by chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.findings import Finding, count, share
from selfinstruct.jsonl import read
from selfinstruct.records import Instance
from selfinstruct.text import unicode_tokens

EXACT, NGRAM = "exact", "ngram"
INSTRUCTION = "instruction"
_FIELDS = (INSTRUCTION, "input", "output")
_Words = tuple[str, ...]
_Place = tuple[int, int, str]  # evaluation set, task, field


@dataclass(frozen=True)
class EvaluationSet:
    """A set that models are evaluated with: its name, and for each task the texts of each field."""

    name: str
    tasks: tuple[Mapping[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Overlap:
    """One text of an evaluation set that the dataset shares; task and instruction are numbers from 0."""

    set: str
    task: int
    field: str
    how: str
    shared: str
    found_in: str
    instruction: int


@dataclass(frozen=True)
class Contamination:
    """What a dataset shares with an evaluation set. overlaps: the first finding of each of its texts, in order."""

    name: str
    tasks: int
    overlaps: tuple[Overlap, ...]

    @property
    def touched_tasks(self) -> int:
        """How many tasks of the set have a text that the dataset shares."""
        return len({overlap.task for overlap in self.overlaps})

    def findings(self) -> dict[str, Finding]:
        """Return the numbers by metric name."""
        exact = {overlap.task for overlap in self.overlaps if overlap.how == EXACT}
        name = f"contamination.{self.name}"
        return {
            f"{name}.share": share(self.touched_tasks, self.tasks, "the set is empty"),
            f"{name}.tasks": count(self.touched_tasks),
            f"{name}.exact_tasks": count(len(exact)),
        }


def read_evaluation_set(path: Path) -> EvaluationSet:
    """Return the evaluation set in a JSON Lines file; its name is that of the file.

    Raises:
        InputError: the file cannot be read, is empty, or a line has no instruction.
    """
    tasks = tuple(_task(path, number, record) for number, record in read(path))
    if not tasks:
        raise InputError(f"{path}: holds no task; give a JSON Lines file with an instruction on each line")
    name = path.name.partition(".")[0]
    return EvaluationSet("".join(sign if sign.isalnum() else "_" for sign in name), tasks)


def _task(path: Path, number: int, record: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    instruction, pairs = record.get(INSTRUCTION), record.get("instances", [])
    if not isinstance(instruction, str) or not isinstance(pairs, list):
        raise InputError(
            f'{path}:{number}: "instruction" is no text, or "instances" no list; write evaluation sets like seed files'
        )
    known = [pair for pair in pairs if isinstance(pair, dict)]
    texts = {name: tuple(str(pair[name]) for pair in known if pair.get(name)) for name in ("input", "output")}
    return {INSTRUCTION: (instruction,), **texts}


def find_contamination(
    sets: Sequence[EvaluationSet], instructions: Sequence[str], instances: Sequence[Instance], overlap_words: int
) -> tuple[Contamination, ...]:
    """Return what the dataset shares with each evaluation set, same order.

    Args:
        overlap_words: the length of a run of words that counts as overlap; words are runs of letters and digits, in any
            case.
    """
    if not sets:
        return ()
    equal: dict[_Words, list[_Place]] = defaultdict(list)
    runs: dict[_Words, list[_Place]] = defaultdict(list)
    for number, chosen in enumerate(sets):
        for task, texts in enumerate(chosen.tasks):
            for field in _FIELDS:
                for text in texts[field]:
                    words = tuple(unicode_tokens(text))
                    if field == INSTRUCTION and words:
                        equal[words].append((number, task, field))
                    for run in _runs(words, overlap_words):
                        runs[run].append((number, task, field))
    found: dict[_Place, Overlap] = {}
    for instruction, field, words in _dataset(instructions, instances):
        if field == INSTRUCTION:
            for place in equal.get(words, ()):
                found.setdefault(place, _overlap(sets, place, EXACT, words, field, instruction))
    for instruction, field, words in _dataset(instructions, instances):
        for run in _runs(words, overlap_words):
            for place in runs.get(run, ()):
                found.setdefault(place, _overlap(sets, place, NGRAM, run, field, instruction))
    return tuple(
        Contamination(chosen.name, len(chosen.tasks), tuple(found[key] for key in sorted(found) if key[0] == number))
        for number, chosen in enumerate(sets)
    )


def _overlap(
    sets: Sequence[EvaluationSet], place: _Place, how: str, words: _Words, found_in: str, instruction: int
) -> Overlap:
    number, task, field = place
    return Overlap(sets[number].name, task, field, how, " ".join(words), found_in, instruction)


def _runs(words: _Words, size: int) -> Iterator[_Words]:
    return (words[start : start + size] for start in range(len(words) - size + 1))


def _dataset(instructions: Sequence[str], instances: Sequence[Instance]) -> Iterator[tuple[int, str, _Words]]:
    numbers = {text: number for number, text in reversed(list(enumerate(instructions)))}
    for number, text in enumerate(instructions):
        yield number, INSTRUCTION, tuple(unicode_tokens(text))
    for instance in instances:
        number = numbers.get(instance.instruction, -1)
        yield number, "input", tuple(unicode_tokens(instance.input))
        yield number, "output", tuple(unicode_tokens(instance.output))


def as_lines(contaminations: Sequence[Contamination]) -> list[dict[str, Any]]:
    """Return the overlaps as plain values, one a line of report/contamination.jsonl."""
    return [asdict(overlap) for one in contaminations for overlap in one.overlaps]
