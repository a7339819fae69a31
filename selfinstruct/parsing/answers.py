"""What every reader does first: drop the reasoning, enforce the stop sequences, know whether the token limit cut.

prepare("<think>hm</think>\\n\\nYes\\nTask: x", "length", ("\\nTask:",), "own")
→ Answer(text="Yes", raw=..., is_truncated=False, is_silent=False)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from selfinstruct.parsing.chatter import is_refusal
from selfinstruct.records import Verdict
from selfinstruct.text import cut_at_stop, fold_white_space

Compatibility = Literal["own", "published"]

TRUNCATED = "truncated"
UNREADABLE = "unreadable"
REFUSED = "refused"

_SAW_CHARACTERS = 40
_REASONING = re.compile(r"\s*<(think|thinking|thought|reasoning)>.*?(?:</\1>\s*|\Z)", re.DOTALL | re.IGNORECASE)
# Some chat templates put the opening mark into the prompt, so that only the closing one is in the answer.
_END_OF_REASONING = re.compile(r"</(?:think|thinking|thought|reasoning)>[ \t]*(?:\n\s*|\Z)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """An answer, ready to be read.

    text: what is to be read; raw: what came. is_truncated: the token limit ended it, before any stop sequence.
    is_silent: nothing was said, not even a reasoning block that could have led to an answer.
    """

    text: str
    raw: str
    is_truncated: bool
    is_silent: bool


def prepare(text: str, finish_reason: str, stop: Sequence[str], compatibility: Compatibility) -> Answer:
    """Return what is to be read of an answer.

    What comes before a stop sequence is whole, so an answer that we cut counts as stopped, not as truncated. Own:
    reasoning goes first, with the white space after it, or a stop such as a blank line would cut inside it.
    """
    said = text if compatibility == "published" else without_reasoning(text.replace("\r\n", "\n"))
    rest, mark = cut_at_stop(said, stop)
    only_reasoning = bool(text.strip()) and not said.strip()
    return Answer(rest, text.strip(), finish_reason == "length" and not mark, not rest.strip() and not only_reasoning)


def without_reasoning(text: str) -> str:
    """Return the text after the reasoning block that it starts with; "" when that block never ends."""
    if block := _REASONING.match(text):
        return text[block.end() :]
    if end := _END_OF_REASONING.search(text):
        return text[end.end() :]
    return text


def fault(answer: Answer) -> Verdict:
    """Return the verdict on an answer out of which nothing could be read."""
    if is_refusal(answer.text):
        return Verdict(REFUSED, first_words(answer.text))
    if answer.is_truncated:
        return truncated(answer.raw)
    return Verdict(UNREADABLE, first_words(answer.raw))


def truncated(text: str) -> Verdict:
    """Return the verdict on a text that the token limit cut; it saw the last words."""
    return Verdict(TRUNCATED, fold_white_space(text)[-_SAW_CHARACTERS:])


def first_words(text: str) -> str:
    """Return the first 40 characters on one line."""
    return fold_white_space(text)[:_SAW_CHARACTERS]
