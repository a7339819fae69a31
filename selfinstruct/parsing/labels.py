"""Reading the instances of a classification task out of an output-first answer: class labels in, pairs out.

read_output_first("Class label: past\\nI slept.\\nClass label: future\\nI will sleep.", "stop", (), "own")
→ [PairItem(Pair("I slept.", "past"), ...), PairItem(Pair("I will sleep.", "future"), ...)]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from selfinstruct.parsing.answers import Answer, Compatibility, prepare
from selfinstruct.parsing.chatter import without_postscript, without_preamble
from selfinstruct.parsing.instances import (
    COLON,
    EXAMPLE,
    INPUT,
    OUTPUT,
    code_without,
    finish,
    from_json,
    read_labelled,
    without_leak,
)
from selfinstruct.parsing.layout import unwrap, without_last_rule, without_marker
from selfinstruct.records import Pair, PairItem

_PUBLISHED_LABEL = "Class label:"
_LEAD = r" {0,3}(?:[-*+•][ \t]+)?(?:#{1,6}[ \t]+)?(?:\d{1,2}[.)][ \t]+)?(?:\*\*|__)?"
_CLASS_LABEL = re.compile(rf"{_LEAD}(?:[Cc]lass[ _][Ll]abel|CLASS LABEL){COLON}")
_SHORT_LABEL = re.compile(rf"{_LEAD}(?:Label|LABEL|Class|CLASS){COLON}")
_INLINE_LABEL = re.compile(r"(?<![ \t])[ \t]++(?=Class label[ \t]*\d*:)")
_INLINE_INPUT = re.compile(r"(?<![ \t])[ \t]++(?=(?:\*\*)?Input[ \t]*\d*(?:\*\*)?:)")


def read_output_first(
    text: str, finish_reason: str, stop: Sequence[str], compatibility: Compatibility
) -> list[PairItem]:
    """Return every instance of an answer in its order, with the reader's own verdict; [] for an empty answer.

    "published": the answer is split at `Class label:`; of each part the first line is the label, which is the output,
    and the rest the input, which may be empty. What stands before the first label is ignored; an answer without one is
    unreadable as a whole. Line breaks and case stay.

    "own" reads the same from such answers, with labels at the start of a line, outside of code. The label loses its
    quotation marks or emphasis, the input a leading `Input:`; example headings, a preamble and a task that the model
    ran on to are not part of it. Reads `Label:`, answers that give the input first, and JSON.

    In both readings an answer that ended by length loses its last instance.
    Source: Wang et al. 2023, section 2.2 and the code released with it.
    """
    answer = prepare(text, finish_reason, stop, compatibility)
    if answer.is_silent:
        return []
    if compatibility == "published":
        parts = answer.text.split(_PUBLISHED_LABEL)[1:]
        return finish([_published_item(part.strip()) for part in parts], answer)
    answer = without_leak(answer)
    if found := from_json(answer, ("class label", "label", "class", "output")):
        return found
    return finish(_read_own(answer), answer)


def _published_item(part: str) -> PairItem:
    label, _, given = part.partition("\n")
    return PairItem(Pair(given.strip(), label.strip()), part)


def _read_own(answer: Answer) -> list[PairItem]:
    label = next((one for one in (_CLASS_LABEL, _SHORT_LABEL) if _has(answer.text, one)), None)
    if label is None:
        text = _INLINE_LABEL.sub("\n", answer.text)
        if text == answer.text:
            return [_unwrapped(item) for item in read_labelled(answer, OUTPUT)]
        answer, label = replace(answer, text=text), _CLASS_LABEL
    answer = replace(answer, text=_INLINE_INPUT.sub("\n", answer.text))
    if _gives_input_first(answer.text, label):
        return [_unwrapped(item) for item in read_labelled(answer, label)]
    return [_item(part, label) for part in _parts(answer, label)]


def _has(text: str, label: re.Pattern[str]) -> bool:
    return any(label.fullmatch(line) for line in text.split("\n"))


def _gives_input_first(text: str, label: re.Pattern[str]) -> bool:
    first = next((line for line in text.split("\n") if label.fullmatch(line) or INPUT.fullmatch(line)), "")
    return INPUT.fullmatch(first) is not None


def _parts(answer: Answer, label: re.Pattern[str]) -> list[list[str]]:
    """Return the lines of every instance, the first of them the one with its label; example headings end one."""
    lines = answer.text.split("\n")
    parts: list[list[str]] = []
    is_open = False
    for line, is_code in zip(lines, code_without(lines, label, answer.is_truncated), strict=True):
        if not is_code and label.fullmatch(line):
            parts.append([line])
            is_open = True
        elif not is_code and EXAMPLE.fullmatch(line):
            is_open = False
        elif is_open:
            parts[-1].append(line)
    return parts


def _item(lines: list[str], label: re.Pattern[str]) -> PairItem:
    found = label.fullmatch(lines[0])
    first = found["content"] if found else lines[0]
    rest = "\n".join(lines[1:]).strip()
    if not first.strip("* \t"):
        first, _, rest = rest.partition("\n")
    return PairItem(Pair(_input(rest), unwrap(first.strip())), "\n".join(lines).strip())


def _input(rest: str) -> str:
    rest = without_last_rule(without_postscript(rest.strip(), must_name_examples=True))
    first, _, further = rest.partition("\n")
    labelled = INPUT.fullmatch(first)
    rest = "\n".join([labelled["content"], further]) if labelled else rest
    return without_marker(without_preamble(rest).strip() and rest.strip())


def _unwrapped(item: PairItem) -> PairItem:
    return replace(item, pair=replace(item.pair, output=unwrap(item.pair.output)))
