"""Reading the instances of a task out of an input-first answer: labelled inputs and outputs in, pairs out.

read_input_first("Example 1\\nSentence: I slept.\\nOutput: past\\nExample 2\\nOutput: none", "stop", (), "own")
→ [PairItem(Pair("Sentence: I slept.", "past"), ...), PairItem(Pair("", "none"), ...)]
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from selfinstruct.parsing.answers import UNREADABLE, Answer, Compatibility, fault, first_words, prepare, truncated
from selfinstruct.parsing.chatter import without_postscript, without_preamble
from selfinstruct.parsing.json_answers import field as json_field
from selfinstruct.parsing.json_answers import read_json
from selfinstruct.parsing.layout import inside_code, without_last_rule, without_marker
from selfinstruct.records import Pair, PairItem, Verdict

_PUBLISHED_EXAMPLE = re.compile(r"Example\s?\d*\.?")
_PUBLISHED_OUTPUT = re.compile(r"Output\s*\d*\s*:")
_PUBLISHED_INPUT = re.compile(r"Input\s*\d*\s*:")

_LEAD = r" {0,3}(?:#{1,6}[ \t]+)?(?:\*\*|__)?"
COLON = r"[ \t]*#?\d*[ \t]*(?:\*\*|__)?[ \t]*[:：](?:\*\*|__)?[ \t]?(?P<content>.*)"
EXAMPLE = re.compile(rf"{_LEAD}(?:Example|EXAMPLE)[ \t]*#?\d+(?:\*\*|__)?[.):：]?(?:\*\*|__)?[ \t]?(?P<content>.*)")
INPUT = re.compile(rf"{_LEAD}(?:Input|INPUT){COLON}")
OUTPUT = re.compile(rf"{_LEAD}(?:Output|OUTPUT){COLON}")
# "Example:" may be part of an output; with a label right below it, it heads an example.
_BARE_EXAMPLE = re.compile(
    r"^( {0,3}(?:#{1,6}[ \t]+)?(?:\*\*)?Example)(?=[:：* \t]*\n\s*[#* \t]*(?:Input|Output))", re.MULTILINE
)
_BARE_LABEL = re.compile(r"( {0,3}#{1,6}[ \t]+(?:Input|Output)[ \t]*\d*)[ \t]*$", re.MULTILINE)
_INLINE_OUTPUT = re.compile(r"(?<![ \t])[ \t]++(?=(?:\*\*)?Output[ \t]*\d*[ \t]*(?:\*\*)?:)")
_TASK = re.compile(rf"{_LEAD}Task[ \t]*\d*(?:\*\*|__)?[ \t]*[:：].*")
_END_OF_CODE = re.compile(r".*(?:`{3,}|~{3,})[ \t]*")


def read_input_first(
    text: str, finish_reason: str, stop: Sequence[str], compatibility: Compatibility
) -> list[PairItem]:
    """Return every instance of an answer in its order, with the reader's own verdict; [] for an empty answer.

    "published": the answer is split at `Example N`; in each part, what stands before `Output:` is the input, without a
    leading `Input:`, what stands after it the output, up to a following `Input:`; a part without `Output:` is all
    output. An answer with neither mark is unreadable as a whole. Line breaks and case stay.

    "own" reads the same from such answers, with labels at the start of a line, outside of code. A further pair inside
    a part is an instance of its own instead of being cut off, a preamble is not one, and a task that the model ran on
    to (a `Task:` line after a blank line or a code block) ends the answer. An input without an output has output "",
    for the filters to object to. Reads bold labels and headings, labels on one line, `None` for no input, and JSON.

    In both readings an answer that ended by length loses its last instance.
    Source: Wang et al. 2023, section 2.2 and the code released with it.
    """
    answer = prepare(text, finish_reason, stop, compatibility)
    if answer.is_silent:
        return []
    if compatibility == "published":
        return finish(_read_published(answer.text), answer)
    answer = without_leak(answer)
    if found := from_json(answer, ("output", "answer")):
        return found
    return finish(read_labelled(answer, OUTPUT), answer)


def finish(items: list[PairItem], answer: Answer) -> list[PairItem]:
    """Return the items, the last one truncated where the answer is; the whole answer as one fault if there are none."""
    if not items:
        return [PairItem(Pair("", ""), answer.raw, fault(answer))]
    if answer.is_truncated:
        items[-1] = replace(items[-1], verdict=truncated(items[-1].text))
    return items


def _read_published(text: str) -> list[PairItem]:
    if _PUBLISHED_EXAMPLE.search(text):
        parts = [part.strip() for part in _PUBLISHED_EXAMPLE.split(text) if part.strip()]
    else:
        parts = [text.strip()] if _PUBLISHED_OUTPUT.search(text) else []
    return [PairItem(_published_pair(part), part) for part in parts]


def _published_pair(part: str) -> Pair:
    given, *outputs = _PUBLISHED_OUTPUT.split(part)
    if not outputs:
        given, outputs = "", [part]
    label = _PUBLISHED_INPUT.match(given.strip())
    given = given.strip()[label.end() :] if label else given
    return Pair(given.strip(), _PUBLISHED_INPUT.split(outputs[0].strip())[0].strip())


@dataclass
class _Part:
    """An instance while its lines are read; `given` and `output` without their labels, `output` None until one came."""

    raw: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    output: list[str] | None = None
    has_example: bool = False
    has_input: bool = False

    def says_nothing(self) -> bool:
        """True for a heading without an instance, a preamble, or blank lines."""
        return self.output is None and not self.has_input and not "".join(self.given).strip()


def read_labelled(answer: Answer, output_label: re.Pattern[str]) -> list[PairItem]:
    """Return the instances of a text with labels at line starts; [] when it has neither an example mark nor an output.

    Args:
        output_label: what marks an output; its group `content` is the rest of the line.
    """
    text = _BARE_EXAMPLE.sub(r"\1 1", _BARE_LABEL.sub(r"\1:", answer.text))
    if not any(output_label.fullmatch(line) for line in text.split("\n")):
        text = _INLINE_OUTPUT.sub("\n", text)
    lines = text.split("\n")
    parts, is_marked = [_Part()], False
    for line, is_code in zip(lines, code_without(lines, output_label, answer.is_truncated), strict=True):
        marked = None if is_code else EXAMPLE.fullmatch(line)
        if marked:
            parts.append(_Part(raw=[line], has_example=True))
            line = marked["content"]
        else:
            parts[-1].raw.append(line)
        is_marked = _add(parts, line, is_code, output_label) or bool(marked) or is_marked
    return _items(parts, answer.is_truncated) if is_marked else []


def code_without(lines: Sequence[str], label: re.Pattern[str], is_truncated: bool) -> list[bool]:
    """Return which lines are code, where labels do not count; none are, if that would hide every label there is."""
    in_code = inside_code(lines, is_truncated)
    is_hidden = all(is_code or not label.fullmatch(line) for line, is_code in zip(lines, in_code, strict=True))
    return [False] * len(lines) if is_hidden else in_code


def _add(parts: list[_Part], line: str, is_code: bool, output_label: re.Pattern[str]) -> bool:
    """Add a line to the part it belongs to, opening a new one where a second pair starts; True at an output label."""
    part = parts[-1]
    given = None if is_code else INPUT.fullmatch(line)
    output = None if is_code else output_label.fullmatch(line)
    if (given or output) and part.output is not None:
        part.raw.pop()
        part = _Part(raw=[line])
        parts.append(part)
    if output:
        part.output = [output["content"]]
    elif given and not without_preamble("\n".join(part.given)).strip():
        part.given, part.has_input = [given["content"]], True
    else:
        (part.given if part.output is None else part.output).append(line)
    return bool(output)


def _items(parts: Sequence[_Part], is_truncated: bool) -> list[PairItem]:
    items = []
    for number, part in enumerate(parts):
        if not part.has_example and not part.has_input:
            part.given = without_preamble("\n".join(part.given)).split("\n")
        # A heading that the token limit cut right after stays: it is what the cut lost, not the pair before it.
        if part.says_nothing() and not (is_truncated and 0 < number == len(parts) - 1):
            continue
        given, output = part.given, part.output or []
        if part.output is None and not part.has_input:
            given, output = [], part.given
        pair = Pair(without_marker(_clean("\n".join(given))), _clean("\n".join(output)))
        items.append(PairItem(pair, "\n".join(part.raw).strip()))
    return items


def _clean(text: str) -> str:
    return without_last_rule(without_postscript(text.strip(), must_name_examples=True))


def without_leak(answer: Answer) -> Answer:
    """Return the answer up to the next task that the model made up: a `Task:` line after a blank line or a code block.

    Such a line at the very start repeats the question: it is dropped, with its paragraph up to a blank line or label.
    """
    lines = answer.text.strip("\n").split("\n")
    in_code = inside_code(lines, answer.is_truncated)
    if _TASK.fullmatch(lines[0]):
        echo = next((n for n, line in enumerate(lines) if n and (not line.strip() or _is_label(line))), len(lines))
        lines, in_code = lines[echo:], in_code[echo:]
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else None
        is_apart = before is not None and (not before.strip() or bool(_END_OF_CODE.fullmatch(before)))
        if is_apart and not in_code[number] and _TASK.fullmatch(line) and "".join(lines[:number]).strip():
            return replace(answer, text="\n".join(lines[:number]), is_truncated=False)
    return replace(answer, text="\n".join(lines))


def _is_label(line: str) -> bool:
    return any(label.fullmatch(line) for label in (EXAMPLE, INPUT, OUTPUT)) or line.startswith("Class label")


def from_json(answer: Answer, outputs: Sequence[str]) -> list[PairItem]:
    """Return the instances of an answer given as JSON objects; [] when it is not such an answer."""
    found = read_json(answer.text, answer.is_truncated)
    if not found:
        return []
    outs = [json_field(value, *outputs) for value in found.values]
    if all(output is None for output in outs):
        return []
    items = []
    for value, output in zip(found.values, outs, strict=True):
        raw = json.dumps(value, ensure_ascii=False)
        verdict = Verdict() if output is not None else Verdict(UNREADABLE, first_words(raw))
        items.append(
            PairItem(Pair(without_marker(json_field(value, "input", "text") or ""), output or ""), raw, verdict)
        )
    if found.rest:
        items.append(PairItem(Pair("", ""), found.rest, fault(replace(answer, text=found.rest, raw=found.rest))))
    return items
