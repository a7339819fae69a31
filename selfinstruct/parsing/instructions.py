"""Reading the instructions out of an answer to a bootstrapping request: a numbered list in, items out.

read_instructions(" Name a fruit.\\n10. Name a tree.\\n11. Na", "length", True, (), "own")
→ [Item("Name a fruit."), Item("Name a tree."), Item("Na", Verdict("truncated", "Na"))]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from selfinstruct.parsing.answers import REFUSED, Answer, Compatibility, fault, first_words, prepare, truncated
from selfinstruct.parsing.chatter import is_refusal, without_postscript, without_preamble
from selfinstruct.parsing.json_answers import field, items_from, read_json
from selfinstruct.parsing.lists import clean, clean_open, split_list
from selfinstruct.records import Item, Verdict
from selfinstruct.text import fold_white_space, sentence_case

_PUBLISHED_MARK = re.compile(r"\n\d+\s?\. ")
_JSON_FIELDS = ("instruction", "task", "prompt", "question", "description", "text")


def read_instructions(
    text: str, finish_reason: str, continues_list: bool, stop: Sequence[str], compatibility: Compatibility
) -> list[Item]:
    """Return every item of an answer in its order, each with the reader's own verdict; [] for an empty answer.

    "published" splits at line break, number, optional space, dot, space; folds white space and stores each item as
    one sentence-cased line; takes a preamble for an item; an answer that ended by length is dropped whole.

    "own" gives the same items on such answers, with three differences. Letters keep their case. Items of several
    lines (code, scenarios) keep their line breaks. An answer that ended by length loses its last item only. Beyond
    that it reads what chat models write: preambles and postscripts are ignored, other layouts of a list and JSON are
    read, lists and code inside an item stay inside. Where no item can be read, the whole answer is one item, with
    verdict refused, truncated or unreadable. Empty items stay, for the filters to object to.

    Args:
        text: the answer as it came.
        finish_reason: "length" when the token limit ended it; void where a stop sequence shows that it ran past one.
        continues_list: the prompt ended in an open number, so that the answer starts inside an item.
        stop: the template's stop sequences, enforced here because providers may ignore them.

    Source: Wang et al. 2023, section 2.2 and the code released with it.
    """
    answer = prepare(text, finish_reason, stop, compatibility)
    if answer.is_silent:
        return []
    if compatibility == "published":
        return _read_published(answer, continues_list)
    if found := read_json(answer.text, answer.is_truncated):
        return items_from(found, answer, _from_value)
    return _from_list(answer, continues_list) or [Item(answer.raw, fault(answer))]


def _read_published(answer: Answer, continues_list: bool) -> list[Item]:
    first, *further = _PUBLISHED_MARK.split(answer.text if continues_list else "\n" + answer.text)
    parts = [first, *further] if continues_list or first.strip() else further
    texts = [sentence_case(fold_white_space(part)) for part in parts]
    verdict = truncated(answer.text) if answer.is_truncated else Verdict()
    return [Item(part, verdict) for part in texts]


def _from_list(answer: Answer, continues_list: bool) -> list[Item]:
    listing = split_list(answer.text, continues_list, answer.is_truncated)
    head = clean_open(without_preamble(listing.head)) if continues_list else ""
    if not listing.found and is_refusal(answer.text):
        return []
    texts = [head, *listing.items] if head else list(listing.items)
    if texts and not answer.is_truncated:
        texts[-1] = clean(without_postscript(texts[-1]))
    items = [_judged(text) for text in texts]
    if items and answer.is_truncated:
        items[-1] = Item(items[-1].text, truncated(texts[-1]))
    return items


def _judged(text: str) -> Item:
    return Item(text, Verdict(REFUSED, first_words(text)) if is_refusal(text) else Verdict())


def _from_value(value: Any) -> Item | None:
    text = value.strip() if isinstance(value, str) else field(value, *_JSON_FIELDS)
    return None if text is None else _judged(text)
