"""Which candidate instructions may join the task pool: an ordered table of rules, each a function of its own.

    judge_instruction("Name a fruit.", thresholds) → Verdict("too_short", "3 words")

Source: Wang et al. 2023, section 2.2 (filtering) and the code released with it, whose order the table keeps.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from selfinstruct.records import Similarity, Verdict
from selfinstruct.text import count_words, fold_white_space

TOO_SIMILAR = "too_similar"
_SAW_CHARACTERS = 60


@dataclass(frozen=True)
class InstructionThresholds:
    """The thresholds of the instruction rules; None, an empty list or false switches a rule off.

    min_words, max_words: fewest and most words allowed, both inclusive (the paper's "more than 3" is 4).
    blocked_words: whole words or phrases, in any case, any white space between the words of a phrase.
    blocked_prefixes: what an instruction must not start with, in any case. The published code compares the exact case,
        but stores instructions sentence-cased, so that for its texts the two are the same.
    max_rouge_l: highest ROUGE-L F-measure to any instruction of the pool that is still kept (0..1, inclusive).
    tokenizer: what novelty is measured on: "rouge" (runs of a-z and 0-9, as published) or "unicode" (any script).
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    min_words: Annotated[int, Ge(0)] | None
    max_words: Annotated[int, Ge(0)] | None
    blocked_words: tuple[str, ...]
    blocked_prefixes: tuple[str, ...]
    starts_with_punctuation: bool
    starts_with_non_ascii: bool
    max_rouge_l: Annotated[float, Ge(0), Le(1)] | None
    tokenizer: Literal["rouge", "unicode"]


Rule = Callable[[str, InstructionThresholds], str | None]


def judge_instruction(text: str, thresholds: InstructionThresholds) -> Verdict:
    """Return kept, or the first rule of the table that objects. Novelty, which needs the pool, is judged apart."""
    for name, rule in INSTRUCTION_RULES:
        saw = rule(text, thresholds)
        if saw is not None:
            return Verdict(name, saw)
    return Verdict()


def judge_novelty(similarity: Similarity, nearest_text: str, thresholds: InstructionThresholds) -> Verdict:
    """Return kept, or `too_similar` where the highest score is above the threshold.

    The threshold itself is kept, as the published code does; the paper says "less than 0.7".
    """
    if thresholds.max_rouge_l is None or similarity.max_score <= thresholds.max_rouge_l:
        return Verdict()
    return Verdict(TOO_SIMILAR, f"{similarity.max_score:.2f} to {_start(nearest_text)}")


def _empty(text: str, thresholds: InstructionThresholds) -> str | None:
    return None if text.strip() else "no text"


def _too_short(text: str, thresholds: InstructionThresholds) -> str | None:
    words = count_words(text)
    return _count(words) if thresholds.min_words is not None and words < thresholds.min_words else None


def _too_long(text: str, thresholds: InstructionThresholds) -> str | None:
    words = count_words(text)
    return _count(words) if thresholds.max_words is not None and words > thresholds.max_words else None


def _blocked_word(text: str, thresholds: InstructionThresholds) -> str | None:
    if not thresholds.blocked_words:
        return None
    found = _whole_words(thresholds.blocked_words).search(text)
    return fold_white_space(found[0]) if found else None


def _blocked_prefix(text: str, thresholds: InstructionThresholds) -> str | None:
    if not thresholds.blocked_prefixes:
        return None
    found = _prefixes(thresholds.blocked_prefixes).match(text.lstrip())
    return fold_white_space(found[0]) if found else None


def _starts_with_punctuation(text: str, thresholds: InstructionThresholds) -> str | None:
    first = text.lstrip()[:1]
    return first if thresholds.starts_with_punctuation and first and first in string.punctuation else None


def _starts_with_non_ascii(text: str, thresholds: InstructionThresholds) -> str | None:
    first = text.lstrip()[:1]
    return first if thresholds.starts_with_non_ascii and not first.isascii() else None


INSTRUCTION_RULES: tuple[tuple[str, Rule], ...] = (
    ("empty", _empty),
    ("too_short", _too_short),
    ("too_long", _too_long),
    ("blocked_word", _blocked_word),
    ("blocked_prefix", _blocked_prefix),
    ("starts_with_punctuation", _starts_with_punctuation),
    ("starts_with_non_ascii", _starts_with_non_ascii),
)


@lru_cache
def _whole_words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_alternatives(phrases)})(?!\w)", re.IGNORECASE)


@lru_cache
def _prefixes(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_alternatives(phrases), re.IGNORECASE)


def _alternatives(phrases: tuple[str, ...]) -> str:
    return "|".join(r"\s+".join(re.escape(word) for word in phrase.split()) for phrase in phrases if phrase.strip())


def _count(words: int) -> str:
    return f"{words} word" if words == 1 else f"{words} words"


def _start(text: str) -> str:
    return fold_white_space(text)[:_SAW_CHARACTERS]
