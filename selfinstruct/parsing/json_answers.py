"""Answers given as JSON though text was asked for: an array, objects one after another, or an object around an array.

read_json('Here you go:\\n```json\\n["Name a fruit.", "Name a t')
→ JsonAnswer(values=("Name a fruit.",), rest='"Name a t')
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from selfinstruct.parsing.answers import UNREADABLE, Answer, first_words, truncated
from selfinstruct.parsing.chatter import without_preamble
from selfinstruct.records import Item, Verdict

_START = re.compile(r'\s*(?:```\w*\s*)?(?:\{\s*"[^"\n]+"\s*:\s*(?=\[))?(?P<start>[\[{])')
_END = re.compile(r"[\s\]}`]*(?:\Z|\n[ \t]*\n)")
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class JsonAnswer:
    """The values that could be read, in order, and the text that could not ("" when all could)."""

    values: tuple[Any, ...]
    rest: str


def read_json(text: str, is_truncated: bool = False) -> JsonAnswer | None:
    """Return the values of a JSON answer, or None when the text is not one.

    Only a text that starts with JSON (a preamble and a fence may stand before it) and holds strings or objects counts:
    an instruction may start with `[1, 2, 3]` too, and one that goes on after its bracket is not JSON.
    """
    text = without_preamble(text)
    start = _START.match(text)
    if not start:
        return None
    is_array = start["start"] == "["
    values, end = _values(text, start.end() if is_array else start.start("start"))
    if not values or not all(isinstance(value, str | dict) for value in values):
        return None
    if _END.match(text, end):
        return JsonAnswer(values, "")
    # Inside an array that breaks off, or after an object whose successor does: what is left was meant as a value.
    is_broken = text[end : end + 1] in ('"', "{")
    return JsonAnswer(values, text[end:].strip()) if is_broken and (is_truncated or is_array) else None


def _values(text: str, position: int) -> tuple[tuple[Any, ...], int]:
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    while True:
        position = _between(text, position)
        if text[position : position + 1] not in ('"', "{"):
            return tuple(values), position
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            return tuple(values), position
        values.append(value)


def _between(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position


def items_from(found: JsonAnswer, answer: Answer, read: Callable[[Any], Item | None]) -> list[Item]:
    """Return an item for every value, unreadable where `read` gives None, and one for the rest, if any.

    Every value that closed is whole, also where the token limit cut the answer; only the rest is faulty.
    """
    items = []
    for value in found.values:
        raw = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        items.append(read(value) or Item(raw, Verdict(UNREADABLE, first_words(raw))))
    if found.rest:
        verdict = truncated(found.rest) if answer.is_truncated else Verdict(UNREADABLE, first_words(found.rest))
        items.append(Item(found.rest, verdict))
    return items


def field(value: Any, *names: str) -> str | None:
    """Return the first of the named fields that an object has, or None; names in any case, `_` as space.

    Anything but text is given as JSON; null as "".
    """
    if not isinstance(value, dict):
        return None
    fields = {str(key).strip().lower().replace("_", " "): item for key, item in value.items()}
    for name in names:
        if name in fields:
            return _as_text(fields[name])
    return None


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else json.dumps(value, ensure_ascii=False)
