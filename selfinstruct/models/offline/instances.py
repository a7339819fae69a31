"""Instances of a task in the labelled form that the readers expect, and the mistakes that the filters look for.

Example 1                                       Class label: positive
Input: Our lamp broke on the night train.       I would buy the lamp again for 40 euros.
Output: In short, tea is easier after queuing.
"""

from __future__ import annotations

import re
from dataclasses import replace

from selfinstruct.models.offline.general import mentioned_nouns, needs_input
from selfinstruct.models.offline.grammar import Voice, sentence
from selfinstruct.models.offline.options import Rates
from selfinstruct.models.offline.scenarios import has_scenario, read_scenario
from selfinstruct.models.offline.stepcode import write_module
from selfinstruct.records import Pair

_MOST_EXAMPLES = 4
_BEYOND_STOP = 7
_NEXT_TASK = "\n\nTask: {task}\nExample 1\nInput: {input}\nOutput: {output}"
_UNREADABLE = "It depends on what is meant here. {text}"
_BEFORE_LABELS = re.compile(
    r"^.*(?:\b(?:as|under|is|are|sounds|best|answer|from|among|between|categories|labels)\b|:)\s+", re.IGNORECASE
)
_SUBJECT = re.compile(r"^(?:the|this|that|an?)\b.*\s")
_MOST_LABELS = 6
_LABEL_WORDS = 4


def write_input_first(task: str, voice: Voice, rates: Rates, runs_on: bool) -> str:
    """Return the examples of a task, or its output alone; `runs_on` goes on to example 7 and to a task of its own."""
    voice = replace(voice, borrowed=mentioned_nouns(task))
    if voice.happens(rates.unreadable):
        return _UNREADABLE.format(text=_prose(voice))
    pairs = _spoil(write_pairs(task, voice, rates, runs_on), voice, rates)
    if not pairs[0].input and len(pairs) == 1:
        text = f"Output: {pairs[0].output}"
    else:
        text = "\n".join(_example(number, pair) for number, pair in enumerate(pairs, start=1))
    return text + _next_task(voice) if runs_on else text


def write_pairs(task: str, voice: Voice, rates: Rates, runs_on: bool = False) -> list[Pair]:
    """Return sound pairs: step functions for a scenario, else sentences; one pair where the task needs no input."""
    if has_scenario(task):
        return [Pair("", write_module(read_scenario(task), voice, voice.happens(rates.broken_code)))]
    if not needs_input(task):
        return [Pair("", _prose(voice))]
    count = _BEYOND_STOP if runs_on else voice.number(1, _MOST_EXAMPLES)
    return [Pair(_prose(voice), _prose(voice)) for _ in range(count)]


def write_output_first(task: str, voice: Voice, rates: Rates, runs_on: bool) -> str:
    """Return one input for each class label that the task names."""
    voice = replace(voice, borrowed=mentioned_nouns(task))
    if voice.happens(rates.unreadable):
        return _UNREADABLE.format(text=_prose(voice))
    pairs = _spoil([Pair(_prose(voice), label) for label in read_labels(task)], voice, rates)
    text = "\n".join(f"Class label: {pair.output}\n{pair.input}" for pair in pairs)
    return text + _next_task(voice) if runs_on else text


def read_labels(task: str) -> list[str]:
    """Return the labels that a task names ("as sport, politics or science"), yes and no where it names none."""
    head, found, tail = task.partition("```")[0].rpartition(" or ")
    if not found:
        return ["yes", "no"]
    parts = [_BEFORE_LABELS.sub("", part).strip(" ,.") for part in head.split(",")[-_MOST_LABELS:]]
    labels = [_SUBJECT.sub("", part) for part in parts]
    labels.append(re.split(r"[.?!:;,\n]", tail, maxsplit=1)[0].strip())
    named = [label for label in labels if label and len(label.split()) <= _LABEL_WORDS]
    return list(dict.fromkeys(named)) if len(named) > 1 else ["yes", "no"]


def _spoil(pairs: list[Pair], voice: Voice, rates: Rates) -> list[Pair]:
    """The mistakes that were drawn for this task, each made in one of its pairs."""
    place = voice.number(0, len(pairs) - 1)
    pair = pairs[place]
    if voice.happens(rates.empty_output):
        pair = replace(pair, output="")
    if pair.input and voice.happens(rates.input_equals_output):
        pair = replace(pair, output=pair.input)
    if voice.happens(rates.colon_ending):
        pair = replace(pair, output=pair.output.rstrip(".") + ":")
    spoilt = [*pairs[:place], pair, *pairs[place + 1 :]]
    if pair.input and voice.happens(rates.conflicting_outputs):
        spoilt.append(Pair(pair.input, _prose(voice)))
    if pair.input and voice.happens(rates.duplicate_instance):
        spoilt.append(pair)
    return spoilt


def _example(number: int, pair: Pair) -> str:
    given = f"Input: {pair.input}\n" if pair.input else ""
    return f"Example {number}\n{given}Output: {pair.output}"


def _next_task(voice: Voice) -> str:
    return _NEXT_TASK.format(task=sentence("given", voice), input=_prose(voice), output=_prose(voice))


def _prose(voice: Voice) -> str:
    return " ".join(sentence("sentence", voice) for _ in range(voice.number(1, 2)))
