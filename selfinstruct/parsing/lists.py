"""Splitting a list into its items as models lay it out: numbers, bold numbers, headings, labels, bullets. Own reading.

    split_list("9. Sort this:\\n   1. b\\n   2. a\\n10. Name a tree.", is_open=False, is_truncated=False)
    → Listing(head="", items=("Sort this:\\n1. b\\n2. a", "Name a tree."), found=True)

One style of number at one indentation makes the list; every other number stays inside its item, as do numbers in code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.parsing.chatter import without_preamble
from selfinstruct.parsing.layout import dedent_structure, inside_code, unwrap, without_last_rule

_WORD = (
    r"(?:Task|TASK|Instruction|INSTRUCTION|Item|Prompt|Question|Exercise|Tâche|Aufgabe|Tarea|Tarefa|Compito|Задача|Задание"
    r"|任务|指令|タスク|課題)"
)
_MARKER = re.compile(
    rf"""
    (?P<indent>[ \t]*)
    (?P<bullet>[-*+•][ \t]+)?
    (?P<heading>\#{{1,6}}[ \t]+)?
    (?P<bold>\*\*|__)?
    (?P<label>{_WORD}[ \t]*\#?)?
    [ \t]? \(? (?P<number>\d{{1,3}}) [ \t]?
    (?P<closed>\*\*|__)?
    (?P<delimiter>[.)．）:：、\-–—] | (?=[ \t]*$))
    (?P<end>\*\*|__)?
    (?=\s|$|[^\s\da-z])     # a digit or small letter right after the delimiter is 9.5 or a name, not an item
    [ \t]* (?P<content>.*)
    """,
    re.VERBOSE,
)
_BULLET = re.compile(r"(?P<indent>[ \t]*)[-*+•–][ \t]+(?P<content>\S.*)")
_OWN_LABEL = re.compile(r"(?:\*\*|__)?(?:Instruction|Task)(?:\*\*|__)?[ \t]*[:：](?:\*\*|__)?[ \t]*(?=\S)")
_PLAIN = "."
_BULLETED = "-"
_LONGEST_NESTED_LIST = 50


@dataclass(frozen=True)
class Listing:
    """`head` is what stood before the first mark; `found` is False when there was no mark, and all is head."""

    head: str
    items: tuple[str, ...]
    found: bool


@dataclass(frozen=True)
class _Mark:
    line: int
    indent: int
    style: str
    number: int
    content: str


def split_list(text: str, is_open: bool, is_truncated: bool) -> Listing:
    """Return the items of the list that the text holds, in order; numbers may skip, repeat or start again.

    Args:
        is_open: the text starts inside an item, as its prompt ended in an open number.
        is_truncated: the token limit cut the text.
    """
    lines = text.split("\n")
    in_code = inside_code(lines, is_truncated)
    marks = [mark for number, line in enumerate(lines) if not in_code[number] and (mark := _mark(number, line))]
    head = "\n".join(lines[: marks[0].line]) if marks else text
    starts_inside = is_open and bool(without_preamble(head).strip())
    if starts_inside:
        # The list goes on in the prompt's own column; an indented number belongs to an item.
        marks = [mark for mark in marks if mark.indent <= 1]
    marks = marks or _bullets(lines, in_code, is_open)
    if not marks:
        return Listing(text, (), False)
    marks = _without_nested(_outer(marks, starts_inside), lines, starts_inside)
    ends = [mark.line for mark in marks[1:]] + [len(lines)]
    items = tuple(
        clean("\n".join([mark.content, *dedent_structure(lines[mark.line + 1 : end])]))
        for mark, end in zip(marks, ends, strict=True)
    )
    return Listing("\n".join(lines[: marks[0].line]), items, True)


def clean_open(head: str) -> str:
    """Return the own text of the item whose number stands in the prompt."""
    first, *further = head.split("\n")
    return clean("\n".join([first, *dedent_structure(further)]))


def clean(text: str) -> str:
    """Return an item's own text: no white space at its ends, no rule below it, no emphasis or label before it."""
    text = without_last_rule(text)
    return unwrap(_OWN_LABEL.sub("", text, count=1) if _OWN_LABEL.match(text) else text)


def _mark(number: int, line: str) -> _Mark | None:
    found = _MARKER.fullmatch(line)
    if not found or not _is_marked_enough(found):
        return None
    delimiter = unicodedata.normalize("NFKC", found["delimiter"])
    wrapping = [
        sign for name, sign in (("bullet", "-"), ("heading", "#"), ("bold", "*"), ("label", "L")) if found[name]
    ]
    # With a heading or label the delimiter may be missing or differ from one to the next.
    style = "".join(wrapping) if found["heading"] or found["label"] else "".join([*wrapping, delimiter])
    content = found["content"]
    if found["bold"] and not (found["closed"] or found["end"]):
        content = content.replace(found["bold"], "", 1)
    indent = len(found["indent"].expandtabs(4))
    return _Mark(number, indent, style, int(found["number"]), content.lstrip(":： \t") if found["end"] else content)


def _is_marked_enough(found: re.Match[str]) -> bool:
    """A bare number at the end of a line, or before a dash, is a number; after a heading or label it is a mark."""
    return found["delimiter"] not in ("", "-", "–", "—") or bool(found["heading"] or found["label"])


def _bullets(lines: Sequence[str], in_code: Sequence[bool], is_open: bool) -> list[_Mark]:
    """Return the bullets of a bulleted list; after words of an open item they are part of it: none."""
    found = [(number, _BULLET.fullmatch(line)) for number, line in enumerate(lines) if not in_code[number]]
    marks = [_Mark(number, len(match["indent"]), _BULLETED, 0, match["content"]) for number, match in found if match]
    follows_words = marks and without_preamble("\n".join(lines[: marks[0].line])).strip()
    return [] if is_open and follows_words else marks


def _outer(marks: list[_Mark], starts_inside: bool) -> list[_Mark]:
    """Keep the marks of the outermost list: least indented (one column of drift allowed), in the style that leads."""
    least = min(mark.indent for mark in marks)
    near = [mark for mark in marks if mark.indent <= least + 1]
    # After an open "9." the list goes on in that style; marks of another style before it belong to the open item.
    leads = _PLAIN if starts_inside and any(mark.style == _PLAIN for mark in near) else near[0].style
    return [mark for mark in near if mark.style == leads]


def _without_nested(marks: list[_Mark], lines: Sequence[str], starts_inside: bool) -> list[_Mark]:
    """Drop marks of lists that stand inside an item without being indented.

    Between items n and n + 1 that is every number up to n, unless the last of them is n itself: then the list started
    again and came by. Inside the open item it is a run 1, 2, ... after a colon, when a higher number follows.
    """
    if starts_inside and (run := _run(marks)) and run < len(marks) and marks[run].number > run + 1:
        head = "\n".join(lines[: marks[0].line]).rstrip()
        marks = marks[run:] if head.endswith((":", "：")) else marks
    kept, at = [], 0
    resumes = _resumptions(marks)
    while at < len(marks):
        kept.append(marks[at])
        between = marks[at + 1 : resumes[at]]
        is_nested = between and max(mark.number for mark in between) <= marks[at].number != between[-1].number
        at = resumes[at] if is_nested else at + 1
    return kept


def _resumptions(marks: Sequence[_Mark]) -> list[int]:
    """Return for each mark the index of the next one with the number after its own, near enough; its own if none is."""
    latest: dict[int, int] = {}
    found = list(range(len(marks)))
    for at in reversed(found):
        resumed = latest.get(marks[at].number + 1, at)
        found[at] = resumed if resumed - at <= _LONGEST_NESTED_LIST else at
        latest[marks[at].number] = at
    return found


def _run(marks: Sequence[_Mark]) -> int:
    """Return how many of the first marks count 1, 2, 3, ..."""
    return next((at for at, mark in enumerate(marks) if mark.number != at + 1), len(marks))
