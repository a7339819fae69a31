"""Lists of new tasks that continue the shown ones, sound items and faulty ones in between.

" Draft a riddle about stamps.\\n10. Plan a picnic for 40 sailors who love puzzles."     (the prompt ended with "9.")
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfinstruct.models.offline.general import Taste, read_taste, write_instruction
from selfinstruct.models.offline.gherkin import GherkinTaste, read_gherkin_taste, write_gherkin_task
from selfinstruct.models.offline.grammar import Voice, expand, sentence
from selfinstruct.models.offline.instances import write_pairs
from selfinstruct.models.offline.options import OfflineOptions, Rates
from selfinstruct.models.offline.reading import Reading
from selfinstruct.models.offline.scenarios import has_scenario

_FAULTS = (
    "near_duplicate",
    "blocked_word",
    "too_short",
    "too_long",
    "punctuation_start",
    "non_ascii_start",
    "blank_item",
)
_LONG_WORDS = 160
_LONG_GHERKIN_WORDS = 520
_BEYOND_STOP = 2
_NO_INPUT = "<noinput>"
_WORD = re.compile(r"(?<![\w`])[a-z]{4,}(?![\w`])|\b\d+\b")


@dataclass(frozen=True)
class _Style:
    """How the items of this list are written."""

    examples: Sequence[str]
    general: Taste
    gherkin: GherkinTaste | None
    gherkin_share: float
    is_lower: bool


def write_list(reading: Reading, voice: Voice, options: OfflineOptions, runs_on: bool) -> str:
    """Return the new items from the next number on; `runs_on` goes past the last number."""
    style, voice = _read_style(reading, voice, options)
    items = [_item(style, voice, options.rates) for _ in _numbers(reading, runs_on)]
    parting = "\n\n" if reading.has_blank_lines else "\n"
    return _numbered(items, reading, parting, "", voice.happens(options.rates.preamble))


def write_tasks(reading: Reading, voice: Voice, options: OfflineOptions, runs_on: bool) -> str:
    """Return new items that hold instruction, input and output, parted by ###."""
    style, voice = _read_style(reading, voice, options)
    items = [_task(_item(style, voice, options.rates), voice, options.rates) for _ in _numbers(reading, runs_on)]
    return _numbered(items, reading, "\n###\n", "Instruction: ", voice.happens(options.rates.preamble))


def _numbers(reading: Reading, runs_on: bool) -> range:
    return range(reading.next_number, reading.last_number + 1 + (_BEYOND_STOP if runs_on else 0))


def _numbered(items: Sequence[str], reading: Reading, parting: str, label: str, has_preamble: bool) -> str:
    """After an open number the text goes on with the first item itself."""
    first = reading.next_number
    text = parting.join(f"{number}. {label}{item}" for number, item in enumerate(items, start=first))
    if reading.open_at:
        return text.removeprefix(reading.open_at)
    return f"Sure! Here are {len(items)} new tasks:\n\n{text}" if has_preamble else text


def _read_style(reading: Reading, voice: Voice, options: OfflineOptions) -> tuple[_Style, Voice]:
    examples = reading.examples
    scenarios = [text for text in examples if has_scenario(text)]
    others = [text for text in examples if not has_scenario(text)]
    taste = read_taste(others, options.imitation)
    style = _Style(
        examples=examples,
        general=taste,
        gherkin=read_gherkin_taste(scenarios, options.imitation, options.rates) if scenarios else None,
        gherkin_share=len(scenarios) / max(1, len(examples)),
        is_lower=len(examples) > 1 and all(text[1:].islower() for text in examples),
    )
    return style, replace(voice, borrowed=taste.nouns if voice.happens(options.imitation) else ())


def _item(style: _Style, voice: Voice, rates: Rates) -> str:
    fault = _draw_fault(voice, rates)
    text = _faulty(fault, style, voice) if fault else _sound(style, voice)
    return text.capitalize() if style.is_lower else text


def _sound(style: _Style, voice: Voice) -> str:
    if style.gherkin is not None and voice.happens(style.gherkin_share):
        return write_gherkin_task(style.gherkin, voice)
    return write_instruction(style.general, voice)


def _draw_fault(voice: Voice, rates: Rates) -> str:
    """One draw for all faults, so that their rates add up."""
    draw = voice.random.random()
    for name in _FAULTS:
        draw -= getattr(rates, name)
        if draw < 0:
            return name
    return ""


def _faulty(fault: str, style: _Style, voice: Voice) -> str:
    if fault == "blank_item":
        return ""
    if fault == "blocked_word":
        return sentence("blocked", voice)
    if fault == "non_ascii_start":
        return expand("foreign", voice)
    if fault == "near_duplicate" and style.examples:
        return _almost(voice.fair(style.examples), voice)
    text = _sound(style, voice)
    if fault == "punctuation_start":
        return voice.fair(('"', "(", "... ", "? ")) + text
    if fault == "too_short":
        return text.split("\n", 1)[0] if "\n" in text else " ".join(text.split()[: voice.number(1, 3)])
    if fault == "too_long":
        return _lengthen(text, voice)
    return text


def _almost(example: str, voice: Voice) -> str:
    """The example with one word or number changed."""
    places = list(_WORD.finditer(example))
    if not places:
        return example
    place = voice.fair(places)
    other = str(voice.number(2, 99)) if place[0].isdigit() else expand("noun", voice)
    return example[: place.start()] + other + example[place.end() :]


def _lengthen(text: str, voice: Voice) -> str:
    """A scenario gets step after step, other text sentence after sentence."""
    head, fence, _ = text.rpartition("\n```")
    words, wanted, link = len(text.split()), _LONG_GHERKIN_WORDS if fence else _LONG_WORDS, "\n  And " if fence else " "
    added = []
    while words <= wanted:
        added.append(sentence("sentence", voice))
        words += len(added[-1].split())
    return link.join([head if fence else text, *added]) + ("\n```" if fence else "")


def _task(instruction: str, voice: Voice, rates: Rates) -> str:
    pair = write_pairs(instruction, voice, rates)[0]
    if voice.happens(rates.unreadable):
        return f"{instruction}\nInput: {pair.input or _NO_INPUT}\n{pair.output}"
    output = "" if voice.happens(rates.empty_output) else pair.output
    given = output if voice.happens(rates.input_equals_output) else pair.input
    return f"{instruction}\nInput: {given or _NO_INPUT}\nOutput: {output}"
