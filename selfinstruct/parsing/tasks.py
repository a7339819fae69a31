"""Reading whole tasks (instruction, input and output together) out of one answer: the form that Alpaca asks for.

read_tasks("1. Instruction: Add up.\\n1. Input: 2, 3\\n1. Output: 5\\n###", "stop", (), "own")
→ [Item("Add up.", pairs=(Pair("2, 3", "5"),))]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from selfinstruct.parsing.answers import UNREADABLE, Answer, Compatibility, fault, first_words, prepare, truncated
from selfinstruct.parsing.chatter import is_preamble, is_refusal, without_postscript, without_preamble
from selfinstruct.parsing.json_answers import field, items_from, read_json
from selfinstruct.parsing.layout import inside_code, unwrap, without_last_rule, without_marker
from selfinstruct.records import Item, Pair, Verdict

_LABELS = ("Instruction", "Input", "Output")
_PUBLISHED_LABEL = re.compile(r"(?:^|\n)[ \t]*(?:\d+[ \t]?\.[ \t]*)?(Instruction|Input|Output):")
_LABEL = re.compile(
    r"""
    [ \t]* (?:\#{1,6}[ \t]+)? (?:[-*+•][ \t]+)? (?:\*\*|__)?
    (?:Task[ \t]*)? (?:\d{1,3}[ \t]?[.)．:]?(?:\*\*|__)?[ \t]*)? (?:\*\*|__)?
    (?P<label>Instruction|Input|Output|INSTRUCTION|INPUT|OUTPUT) [ \t]* \d* (?:\*\*|__)? [ \t]* [:：]
    (?:\*\*|__)? [ \t]? (?P<content>.*)
    """,
    re.VERBOSE,
)
_SEPARATOR = re.compile(r"[ \t]*#{3,}[ \t]*")
_HEADING = re.compile(r"[ \t]*(?:\#{1,6}[ \t]+)?(?:\*\*)?(?:Task[ \t]*\d{1,3}|\d{1,3}[ \t]?[.)])[.):]?(?:\*\*)?[ \t]*")
_ONLY_NUMBER = re.compile(r"[\s#*_]*+(?:Task[ \t]*)?\d{0,3}[ \t]?[.):]?[\s#*_-]*+")

_Fields = list[tuple[str, str]]


def read_tasks(text: str, finish_reason: str, stop: Sequence[str], compatibility: Compatibility) -> list[Item]:
    """Return every task of an answer in its order; [] for an empty answer. `pairs` holds the one instance of each.

    Tasks are parted by `###`. One that does not consist of exactly one instruction, one input and one output, in this
    order, is unreadable and keeps all its text. The answer may start inside the first instruction. An input that only
    says that there is none is "": `<noinput>` in any case; own: also None, N/A and the like. An answer that ended by
    length loses its last task in both readings, unless `###` follows it. Own also reads tasks without `###` between
    them, bold or repeated numbers, and JSON, and does not look for labels in code.

    Source: the code released with Alpaca (Taori et al. 2023).
    """
    answer = prepare(text, finish_reason, stop, compatibility)
    if answer.is_silent:
        return []
    if compatibility == "published":
        *_, last = parts = answer.text.split("###")
        said = [part for part in parts if part.strip()]
        items = [_item(part, _published_fields(part, is_first=number == 0)) for number, part in enumerate(said)]
        is_last_whole = not last.strip()
    elif found := read_json(answer.text, answer.is_truncated):
        return items_from(found, answer, _from_value)
    else:
        items, is_last_whole = _read_own(answer)
    if items and answer.is_truncated and not is_last_whole:
        items[-1] = Item(items[-1].text, truncated(answer.text), items[-1].pairs)
    return items or [Item(answer.raw, fault(answer))]


def _item(part: str, fields: _Fields, own: bool = False) -> Item:
    if tuple(label for label, _ in fields) != _LABELS:
        return Item(part.strip(), Verdict(UNREADABLE, first_words(part)))
    instruction, given, output = (content for _, content in fields)
    if own:
        given = without_marker(given)
    elif given.lower() == "<noinput>":
        given = ""
    return Item(instruction, pairs=(Pair(given, output),))


def _published_fields(part: str, is_first: bool) -> _Fields:
    before, *rest = _PUBLISHED_LABEL.split(part)
    fields = [(label, content.strip()) for label, content in zip(rest[::2], rest[1::2], strict=True)]
    return _with_open_instruction(fields, before) if is_first else fields


def _with_open_instruction(fields: _Fields, before: str) -> _Fields:
    """The first task's label may stand in the prompt; what comes before its input is then the instruction."""
    if fields and fields[0][0] == "Input" and before.strip():
        return [("Instruction", before.strip()), *fields]
    return fields


def _read_own(answer: Answer) -> tuple[list[Item], bool]:
    """Return the items, and whether nothing was begun after the last of them."""
    lines = answer.text.split("\n")
    in_code = inside_code(lines, answer.is_truncated)
    items: list[Item] = []
    is_last_whole = False
    for start, end in _blocks(lines, in_code):
        part, before, fields = _own_fields(lines[start:end], in_code[start:end])
        if not items:
            fields = _with_open_instruction(fields, without_preamble(before))
        is_last_whole = not fields and _says_nothing(part, is_first=not items)
        if not is_last_whole:
            items.append(_item(part, [(label, _clean(label, content)) for label, content in fields], own=True))
    if len(items) == 1 and is_refusal(answer.text):
        return [Item(answer.text.strip(), fault(answer))], True
    return items, is_last_whole


def _blocks(lines: Sequence[str], in_code: Sequence[bool]) -> list[tuple[int, int]]:
    """Return (first line, end) of every task: parted by `###`, or by an instruction after an output."""
    blocks: list[tuple[int, int]] = []
    start, last = 0, ""
    for number, line in enumerate(lines):
        if in_code[number]:
            continue
        label = _LABEL.fullmatch(line)
        name = label["label"].capitalize() if label else ""
        if _SEPARATOR.fullmatch(line):
            blocks.append((start, number))
            start, last = number + 1, ""
        elif name == "Instruction" and last == "Output":
            cut = _heading_above(lines, number)
            blocks.append((start, cut))
            start = cut
        last = name or last
    return [*blocks, (start, len(lines))]


def _heading_above(lines: Sequence[str], number: int) -> int:
    """Return the line where the task that has its label on line `number` starts: a heading or number may precede it."""
    above = number - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    is_heading = above >= 0 and lines[above].strip() and _HEADING.fullmatch(lines[above])
    return above if is_heading else number


def _own_fields(lines: Sequence[str], in_code: Sequence[bool]) -> tuple[str, str, _Fields]:
    """Return the block's text, what stands before its first label, and its fields in order."""
    before: list[str] = []
    fields: list[tuple[str, list[str]]] = []
    for line, is_code in zip(lines, in_code, strict=True):
        label = None if is_code else _LABEL.fullmatch(line)
        if label:
            fields.append((label["label"].capitalize(), [label["content"]]))
        else:
            (fields[-1][1] if fields else before).append(line)
    return "\n".join(lines), "\n".join(before), [(label, "\n".join(content)) for label, content in fields]


def _says_nothing(part: str, is_first: bool) -> bool:
    """True for a block that is no task: only a number, a preamble, or a word of goodbye."""
    if _ONLY_NUMBER.fullmatch(part) or not without_postscript("\n\n" + part.strip()).strip():
        return True
    return is_first and (not without_preamble(part).strip() or is_preamble(part.strip().split("\n")[0]))


def _clean(label: str, content: str) -> str:
    """Quotation marks around an instruction are layout; around an input or output they may be meant."""
    content = without_postscript(without_last_rule(content), must_name_examples=True).strip()
    return unwrap(content) if label == "Instruction" else content


def _from_value(value: Any) -> Item | None:
    instruction, output = field(value, "instruction", "task"), field(value, "output", "answer", "response")
    if instruction is None or output is None:
        return None
    return Item(instruction, pairs=(Pair(without_marker(field(value, "input") or ""), output),))
