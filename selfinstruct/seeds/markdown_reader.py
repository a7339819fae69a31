"""Reads the Markdown form of seed sets (markdown.py shows it) into raw tasks that know their lines.

In: a document. Out: its name, its quality, raw tasks with the line of every field, and everything that is out of form.
Fenced texts are taken as they stand: a heading or a list inside a fence is text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from selfinstruct.seeds.checking import RawTask

NONE = "*none*"
ESCAPED = "escaped"

_HEADING = re.compile(r"(#{1,4})\s+(.*)")
_FACT = re.compile(r"[-*]\s+([A-Za-z_]+):(.*)")
_FENCE = re.compile(r"(`{3,})([^`]*)")
_INSTANCE = re.compile(r"Instance(?:\s+\d+)?")
_ANSWERS = {"yes": True, "no": False, "true": True, "false": False}
_FACTS = "id, classification, breaks"


@dataclass(frozen=True)
class Document:
    """What a Markdown seed file holds; `faults` lists what is out of form, each with file and line."""

    name: str
    quality: str
    tasks: list[RawTask]
    faults: list[str]


def parse_markdown(text: str, where: str) -> Document:
    """Return what a Markdown seed file holds; never raises. Line ends may be those of Windows."""
    reader = _Reader(where, text.replace("\r\n", "\n").split("\n"))
    reader.read()
    return Document(reader.name, reader.quality, [_raw(where, task) for task in reader.tasks], reader.faults)


@dataclass
class _Task:
    line: int
    record: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)


def _raw(where: str, task: _Task) -> RawTask:
    return RawTask(where, task.line, task.record, task.lines)


class _Reader:
    """A cursor over the lines; `_slot` is the field that the next fenced text fills, None where none is expected."""

    def __init__(self, where: str, lines: list[str]) -> None:
        self.name = PurePath(where).stem or "seeds"
        self.quality = "unrated"
        self.tasks: list[_Task] = []
        self.faults: list[str] = []
        self._where = where
        self._lines = lines
        self._next = 0
        self._slot: str | None = None

    def read(self) -> None:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if heading := _HEADING.fullmatch(line.rstrip()):
                self._heading(len(heading[1]), heading[2].strip())
            elif fence := _FENCE.fullmatch(line.rstrip()):
                self._fill(self._fenced(fence[1], fence[2].strip()))
            elif line.strip() == NONE:
                self._fill("")
            elif fact := _FACT.fullmatch(line.rstrip()):
                self._fact(fact[1], fact[2].strip())
            elif line.strip():
                self._fault("text outside the fences; put it between ```` and ````, or remove it")

    def _fault(self, message: str, line: int | None = None) -> None:
        self.faults.append(f"{self._where}:{line or self._next}: {message}")

    def _heading(self, level: int, title: str) -> None:
        self._slot = None
        if level == 1 and not self.tasks:
            self.name = self._plain(title)
        elif level == 2:
            self.tasks.append(_Task(self._next, {"name": self._plain(title)}))
        elif not self.tasks or level == 1:
            self._fault(f'heading "{title}" stands outside a task; start each task with "## <name>"')
        elif level == 3:
            self._section(title)
        else:
            self._side(title)

    def _section(self, title: str) -> None:
        task = self.tasks[-1]
        if title == "Instruction":
            self._open("instruction")
        elif _INSTANCE.fullmatch(title):
            instances = task.record.setdefault("instances", [])
            task.lines[f"instances[{len(instances)}]"] = self._next
            instances.append({})
        else:
            self._fault(f'heading "{title}" is unknown; use Instruction or Instance 1, 2, ...')

    def _side(self, title: str) -> None:
        instances = self.tasks[-1].record.get("instances")
        if not instances or title not in {"Input", "Output"}:
            self._fault(f'heading "{title}" is out of place; use Input and Output below an Instance heading')
        else:
            self._open(f"instances[{len(instances) - 1}].{title.lower()}")

    def _open(self, slot: str) -> None:
        task = self.tasks[-1]
        if slot in task.lines:
            self._fault(f'"{slot}" stands here a second time; keep one')
        else:
            self._slot = slot
            task.lines[slot] = self._next

    def _fill(self, text: str | None) -> None:
        slot, self._slot = self._slot, None
        if text is None:
            return
        if slot is None:
            self._fault("a text that belongs to no field; put it below Instruction, Input or Output, one for each")
        elif slot == "instruction":
            self.tasks[-1].record[slot] = text
        else:
            self.tasks[-1].record["instances"][-1][slot.rpartition(".")[2]] = text

    def _fenced(self, fence: str, info: str) -> str | None:
        """Return the text up to the closing fence and move behind it; None, with a fault, where it cannot be had."""
        opened = self._next
        closing = re.compile(rf" {{0,3}}`{{{len(fence)},}}\s*")
        while self._next < len(self._lines) and not closing.fullmatch(self._lines[self._next]):
            self._next += 1
        if self._next == len(self._lines):
            self._fault(f"this fence is never closed; end the text with a line of {len(fence)} backticks", opened)
            return None
        text = "\n".join(self._lines[opened : self._next])
        self._next += 1
        return self._unescaped(text, opened) if info == ESCAPED else text

    def _unescaped(self, text: str, opened: int) -> str | None:
        lines = _json(text)
        if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
            return "\n".join(lines)
        self._fault('this escaped text is not a JSON list of its lines; mend it, or use a "text" fence', opened)
        return None

    def _fact(self, key: str, value: str) -> None:
        if not self.tasks:
            if key == "quality":
                self.quality = self._plain(value)
            else:
                self._fault(f'"{key}" is unknown here; the set itself states its quality only')
            return
        task = self.tasks[-1]
        if key == "classification":
            self._state("is_classification", _ANSWERS.get(value, value))
        elif key == "breaks":
            self._state("breaks", [item.strip() for item in value.split(",")] if value else [])
        elif key == "id":
            self._state("id", self._plain(value))
        else:
            self._fault(f'"{key}" is unknown in task {task.record["name"]}; use {_FACTS}')

    def _state(self, name: str, value: Any) -> None:
        task = self.tasks[-1]
        if name in task.record:
            self._fault(f'"{name}" stands here a second time; keep one')
        task.record[name] = value
        task.lines[name] = self._next

    def _plain(self, name: str) -> str:
        """Return a name as it was: one in quotation marks is a JSON string."""
        if not name.startswith('"'):
            return name
        value = _json(name)
        if isinstance(value, str):
            return value
        self._fault(f"{name} starts with a quotation mark but is no JSON string; mend it")
        return name


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
