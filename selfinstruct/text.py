"""What text is made of: tokens, words, white space, stop sequences. Pure functions on strings."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ROUGE_TOKEN = re.compile(r"[a-z0-9]+")
_UNICODE_WORD = re.compile(r"\w+")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def rouge_tokens(text: str) -> list[str]:
    """Return the tokens of rouge_score's default tokenizer (use_stemmer=False): runs of [a-z0-9] in lower case."""
    return _ROUGE_TOKEN.findall(text.lower())


def unicode_tokens(text: str) -> list[str]:
    """Return the word tokens of any script: runs of Unicode word characters, case-folded."""
    return _UNICODE_WORD.findall(text.casefold())


def whole_characters(text: str) -> str:
    """Return text that can be written and sent as UTF-8: halves of surrogate pairs, as JSON may hold, become U+FFFD."""
    return _HALF_CHARACTER.sub("\ufffd", text)


def count_words(text: str) -> int:
    """Return the number of words as the published filters count them: parts between white space."""
    return len(text.split())


def fold_white_space(text: str) -> str:
    """Return the text on one line, every run of white space a single space, none at the ends."""
    return " ".join(text.split())


def sentence_case(text: str) -> str:
    """Return the text as the published code stores it: first letter upper case, all others lower case."""
    return text.capitalize()


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, str]:
    """Return the text before the earliest stop sequence, and that sequence ("" when none occurs).

    Providers may ignore the stop sequences they are sent; what comes after one was never asked for.
    """
    found = [(position, -len(mark), mark) for mark in stop if (position := text.find(mark)) >= 0]
    if not found:
        return text, ""
    position, _, mark = min(found)
    return text[:position], mark
