"""A benchmark in JSON Lines: the 252 user-oriented tasks, a file like them, or one line for each question.

    {"id": "user_oriented_task_0", "motivation_app": "Grammarly", "instruction": "Rewrite ...",
     "instances": [{"input": "If you have ...", "output": "If you ..."}]}
    {"instruction": "Name the capital.", "input": "France", "references": ["Paris"], "category": "geography"}

References are "references", "output" or "target": a text or a list of texts, or nothing where only a judge can tell.
Without an id a line is named by its number. A line with several instances gives several items, numbered from 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.evaluation.items import Item, id_of
from selfinstruct.jsonl import read

_REFERENCES = ("references", "output", "target")
_CATEGORIES = ("category", "motivation_app")


def read_items(path: Path) -> list[Item]:
    """Return the items of a JSON Lines file, in its order.

    Raises:
        InputError: no such file, a line without an instruction or with something else than texts in its place, or an id
            that an earlier line has.
    """
    lines: dict[str, int] = {}
    found = []
    for number, record in read(path):
        place = f"{path}:{number}"
        for item in _items(place, number, record):
            if item.id in lines:
                raise InputError(f'{place}: the id "{item.id}" is that of line {lines[item.id]}; give each its own')
            lines[item.id] = number
            found.append(item)
    return found


def _items(place: str, number: int, record: dict[str, Any]) -> list[Item]:
    instruction = _text(place, record, "instruction")
    if not instruction.strip():
        raise InputError(f'{place}: "instruction" is empty; say what is to be done')
    name = id_of(record, f"line-{number}")
    category = next((str(record[key]) for key in _CATEGORIES if record.get(key)), "")
    instances = record.get("instances", [record])
    if not isinstance(instances, list) or not instances or not all(isinstance(one, dict) for one in instances):
        raise InputError(f'{place}: "instances" is no list of objects; give at least one input/output pair')
    task = str(record.get("task") or name)
    return [
        Item(
            id=name if len(instances) == 1 else f"{name}-{place_in_task}",
            task=task,
            category=category,
            instruction=instruction,
            input=_text(place, instance, "input", ""),
            references=_references(place, instance),
        )
        for place_in_task, instance in enumerate(instances)
    ]


def _text(place: str, record: dict[str, Any], key: str, default: str | None = None) -> str:
    value = record.get(key, default)
    value = default if value is None else value
    if not isinstance(value, str):
        raise InputError(f'{place}: "{key}" is missing or no text; give one')
    return value


def _references(place: str, record: dict[str, Any]) -> tuple[str, ...]:
    key = next((key for key in _REFERENCES if record.get(key)), None)
    if key is None:
        return ()
    value = record[key]
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f'{place}: "{key}" is neither a text nor a list of texts; correct it')
    return tuple(texts)
