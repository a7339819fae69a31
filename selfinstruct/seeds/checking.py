"""Judges raw seed tasks: every fault of a set is found, so that one round of repair is enough.

In: raw tasks as a file states them. Out: sound SeedTasks, faults and warnings, each saying what, where and what to do:

    seeds.jsonl:14: "instances" is empty; give at least one input/output pair
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.records import Pair, SeedTask
from selfinstruct.text import fold_white_space

# The four quality criteria of SelfBehave's human study; a scenario of high quality meets them all.
CRITERIA = ("essential", "singular", "complete", "integrous")

_TASK_FIELDS = ("id", "name", "instruction", "instances", "is_classification", "breaks")
_PAIR_FIELDS = ("input", "output")
_LISTED_FAULTS = 20
# Just above the likeness of "uid" and "id" (0.8), which people do use side by side.
_LIKENESS = 0.82


@dataclass(frozen=True)
class RawTask:
    """A task as a file states it. `lines` says on which line a field stands, where that is not the task's own line."""

    file: str
    line: int
    record: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    def at(self, name: str = "") -> str:
        """Return file:line of a field, or of the task."""
        return f"{self.file}:{self.lines.get(name, self.line)}"


@dataclass(frozen=True)
class SeedCheck:
    """What a look at a seed set found: the sound tasks in order, faults (unusable) and warnings (usable, but look)."""

    tasks: tuple[SeedTask, ...]
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def refuse(where: str, faults: Sequence[str]) -> InputError:
    """Return the one error that lists the faults of a seed set, up to 20 of them."""
    more = [f"... and {len(faults) - _LISTED_FAULTS} more"] if len(faults) > _LISTED_FAULTS else []
    listed = "\n".join([*faults[:_LISTED_FAULTS], *more])
    count = f"{len(faults)} faults" if len(faults) > 1 else "1 fault"
    return InputError(f"{where}: {count} in the seed tasks; repair and repeat\n{listed}")


def check_tasks(raw: Sequence[RawTask], where: str, set_name: str, faults: Sequence[str]) -> SeedCheck:
    """Return what is sound, wrong and doubtful about the tasks of a set.

    where: the file or folder; it stands in the fault of a set without tasks.
    set_name: names the tasks that have no id: <set_name>_<index from 0>.
    faults: what reading the files found already; listed first.
    """
    found = list(faults)
    if not raw and not found:
        found.append(f"{where}: no seed task in it; give at least one")
    sound: list[tuple[RawTask, SeedTask]] = []
    for index, task in enumerate(raw):
        wrong = _task_faults(task)
        found += wrong
        if not wrong:
            sound.append((task, _build(task.record, f"{set_name}_{index}")))
    found += _repeated_ids(raw, set_name)
    return SeedCheck(tuple(task for _, task in sound), tuple(found), tuple(_repeated_instructions(sound)))


def _build(record: Mapping[str, Any], default_id: str) -> SeedTask:
    return SeedTask(
        id=record.get("id", default_id),
        name=record.get("name", record.get("id", default_id)),
        instruction=record["instruction"],
        instances=tuple(Pair(pair["input"], pair["output"]) for pair in record["instances"]),
        is_classification=record["is_classification"],
        breaks=tuple(record.get("breaks", ())),
    )


def _task_faults(task: RawTask) -> list[str]:
    record = task.record
    hints, hinted = _misspelt(task, record, _TASK_FIELDS, "")
    faults = list(hints)
    for name in ("id", "name"):
        if name in record:
            faults += _text_faults(task, name, record[name], "give a text or leave it out")
    if "instruction" in record:
        faults += _text_faults(task, "instruction", record["instruction"], "write what is to be done")
    elif "instruction" not in hinted:
        faults.append(f'{task.at()}: "instruction" is missing; write what is to be done')
    if "instances" not in hinted:
        faults += _instances_faults(task)
    if "is_classification" not in hinted:
        faults += _classification_faults(task)
    return faults + (_breaks_faults(task) if "breaks" in record else [])


def _misspelt(
    task: RawTask, record: Mapping[str, Any], fields: Sequence[str], prefix: str
) -> tuple[list[str], list[str]]:
    """Return a hint for each unknown key that is nearly a missing field, and those fields. Other keys are tolerated."""
    missing = [name for name in fields if name not in record]
    hints: list[str] = []
    meant: list[str] = []
    for key in record:
        near = difflib.get_close_matches(key.lower(), missing, n=1, cutoff=_LIKENESS) if key not in fields else []
        if near:
            hints.append(f'{task.at(prefix + key)}: "{prefix}{key}" is unknown; did you mean "{prefix}{near[0]}"?')
            meant += near
    return hints, meant


def _text_faults(task: RawTask, name: str, value: Any, remedy: str, may_be_empty: bool = False) -> list[str]:
    if not isinstance(value, str):
        return [f'{task.at(name)}: "{name}" is {_kind(value)}, not a text; {remedy}']
    if not may_be_empty and not value.strip():
        return [f'{task.at(name)}: "{name}" is empty; {remedy}']
    if any("\ud800" <= character <= "\udfff" for character in value):
        return [f'{task.at(name)}: "{name}" holds half a character (an unpaired surrogate); replace it']
    return []


def _instances_faults(task: RawTask) -> list[str]:
    instances = task.record.get("instances")
    remedy = "give at least one input/output pair"
    if "instances" not in task.record:
        is_flat = "output" in task.record
        remedy = (
            'move "input" and "output" into a list: "instances": [{"input": ..., "output": ...}]' if is_flat else remedy
        )
        return [f'{task.at()}: "instances" is missing; {remedy}']
    if not isinstance(instances, list):
        return [f'{task.at("instances")}: "instances" is {_kind(instances)}, not a list; {remedy}']
    if not instances:
        return [f'{task.at("instances")}: "instances" is empty; {remedy}']
    return [fault for index, pair in enumerate(instances) for fault in _pair_faults(task, f"instances[{index}]", pair)]


def _pair_faults(task: RawTask, name: str, pair: Any) -> list[str]:
    if not isinstance(pair, dict):
        return [f'{task.at(name)}: "{name}" is {_kind(pair)}, not an object; give {{"input": ..., "output": ...}}']
    hints, hinted = _misspelt(task, pair, _PAIR_FIELDS, f"{name}.")
    faults = list(hints)
    remedies = {"input": 'write "" where the task needs none', "output": "write the answer that is wanted"}
    for key, remedy in remedies.items():
        if key in pair:
            faults += _text_faults(task, f"{name}.{key}", pair[key], remedy, may_be_empty=key == "input")
        elif key not in hinted:
            faults.append(f'{task.at(name)}: "{name}.{key}" is missing; {remedy}')
    return faults


def _classification_faults(task: RawTask) -> list[str]:
    name = "is_classification"
    remedy = "say true or false (in Markdown: yes or no)"
    if name not in task.record:
        return [f'{task.at()}: "{name}" is missing; {remedy}']
    value = task.record[name]
    return [] if isinstance(value, bool) else [f'{task.at(name)}: "{name}" is {_kind(value)}; {remedy}']


def _breaks_faults(task: RawTask) -> list[str]:
    value = task.record["breaks"]
    remedy = f"list some of {', '.join(CRITERIA)}"
    if not isinstance(value, list):
        return [f'{task.at("breaks")}: "breaks" is {_kind(value)}, not a list; {remedy}']
    faults = [f'{task.at("breaks")}: "breaks" names {item!r}; {remedy}' for item in value if item not in CRITERIA]
    if not faults and len(set(value)) < len(value):
        faults.append(f'{task.at("breaks")}: "breaks" names a criterion twice; name it once')
    return faults


def _repeated_ids(raw: Sequence[RawTask], set_name: str) -> list[str]:
    first: dict[str, str] = {}
    faults: list[str] = []
    for index, task in enumerate(raw):
        name = task.record.get("id", f"{set_name}_{index}")
        if isinstance(name, str) and name in first:
            faults.append(f'{task.at("id")}: "id" {name} is taken by {first[name]}; give every task its own')
        elif isinstance(name, str):
            first[name] = task.at("id")
    return faults


def _repeated_instructions(sound: Sequence[tuple[RawTask, SeedTask]]) -> list[str]:
    first: dict[str, str] = {}
    warnings: list[str] = []
    for raw, task in sound:
        at = raw.at("instruction")
        place = first.setdefault(fold_white_space(task.instruction), at)
        if place != at:
            warnings.append(f'{at}: "instruction" repeats {place}; give one task both instances, or drop one')
    return warnings


def _kind(value: Any) -> str:
    """Return what a JSON value is, in a reader's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    kinds: dict[type, str] = {str: "a text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number")
