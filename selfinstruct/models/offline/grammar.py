"""A seeded grammar: symbols go in, text comes out. Also the voice, which holds every draw of one answer.

    >>> expand("form", Voice(random.Random(0), 0.5, 1.0, ()))
    'a sermon'

All arithmetic on draws is exact in every IEEE machine (products, no powers), so that the same seed writes the same text
everywhere.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from selfinstruct.models.offline.slot_words import SLOTS
from selfinstruct.models.offline.task_words import BLOCKED, FOREIGN, SENTENCES, TASKS

T = TypeVar("T")
Production = tuple[str, ...]  # literal, symbol, literal, symbol, ..., literal

_SYMBOL = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])(?!us|uni|eu|one)")
_NUMBERS = {"n": (3, 12), "m": (2, 9), "minutes": (10, 59), "count": (13, 250)}
_BORROWED_NOUN_SHARE = 0.5


@dataclass(frozen=True)
class Voice:
    """The draws of one answer and how they fall.

    random: this answer's own generator. skew: 0..1, how strongly the first alternatives are preferred.
    breadth: 0..1, the share of every list that is in use. borrowed: nouns of the in-context examples, used instead of
    the vocabulary's own every second time.
    """

    random: random.Random
    skew: float
    breadth: float
    borrowed: tuple[str, ...]

    def happens(self, rate: float) -> bool:
        """Draw whether something of this rate (0 never, 1 always) happens."""
        return self.random.random() < rate

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of the choices in use, the first ones more often."""
        draw = self.random.random()
        if self.random.random() < self.skew:
            draw *= self.random.random()
        return choices[int(len(choices) * self.breadth * draw)]

    def fair(self, choices: Sequence[T]) -> T:
        """Draw one of all the choices, each equally often."""
        return choices[int(len(choices) * self.random.random())]

    def number(self, low: int, high: int) -> int:
        """Draw a whole number from low to high, both included."""
        return low + int((high - low + 1) * self.random.random())


def compile_productions(source: str) -> tuple[Production, ...]:
    """Return the alternatives of a symbol, each split into literals and symbols."""
    return tuple(tuple(_SYMBOL.split(" ".join(part.split()))) for part in source.split("|"))


GRAMMAR: dict[str, tuple[Production, ...]] = {
    **{symbol: compile_productions(source) for symbol, source in {**TASKS, **SLOTS}.items()},
    "blocked": compile_productions(BLOCKED),
    "foreign": compile_productions(FOREIGN),
    "sentence": compile_productions(SENTENCES),
}


def expand(symbol: str, voice: Voice) -> str:
    """Return a text of this symbol, without regard to articles and capitals."""
    if symbol in _NUMBERS:
        return str(voice.number(*_NUMBERS[symbol]))
    if symbol == "noun" and voice.borrowed and voice.happens(_BORROWED_NOUN_SHARE):
        return voice.fair(voice.borrowed)
    production = voice.pick(GRAMMAR[symbol])
    if len(production) == 1:
        return production[0]
    return "".join([expand(part, voice) if place % 2 else part for place, part in enumerate(production)])


def sentence(symbol: str, voice: Voice) -> str:
    """Return a text of this symbol as it is written: first letter upper case, `an` before a vowel."""
    text = _ARTICLE.sub(r"\1n ", expand(symbol, voice))
    return text[0].upper() + text[1:]
