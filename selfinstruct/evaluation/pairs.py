"""Two answers to one item compared by a judge, each in both places: two requests go out, one verdict comes out.

    verdict_of("first", "second") -> ("tie", "inconsistent")     the judge liked whatever came first
    verdict_of("first", "first")  -> ("one", "consistent")       the same answer, wherever it stood

The judge sees "Answer 1" and "Answer 2", never whose they are. A verdict that changes with the order is a tie, and the
number of those is reported, with the place that the judge clung to; answers that are the same are a tie without a
question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selfinstruct.evaluation.grades import asked, shown
from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.options import GradingOptions
from selfinstruct.records import NOT_ANSWERED, Completion, Request
from selfinstruct.templating import render
from selfinstruct.text import cut_at_stop

PAIRS = "pairs"
ONE, OTHER, TIE = "one", "other", "tie"
CONSISTENT, INCONSISTENT, SAME, UNREADABLE, REFUSED = "consistent", "inconsistent", "same", "unreadable", "refused"

_FIRST, _SECOND = "first", "second"
_SAID = {"1": _FIRST, "2": _SECOND, "tie": TIE}


@dataclass(frozen=True)
class Verdict:
    """Which of two answers to an item is better: "one" (that of arm `one`), "other" or "tie"; None: not readable.

    outcome: consistent, inconsistent (a tie), same (a tie that nobody was asked about), unreadable, refused.
    place: "first" or "second" where the answer in that place was better in both orders, whichever it was; else "".
    """

    one: str
    other: str
    id: str
    verdict: str | None
    outcome: str
    saw: tuple[str, ...]
    place: str = ""


def render_pair(options: GradingOptions, item: Item, first: str, second: str) -> Request:
    """Return the request to compare two answers. The template may name instruction, input, reference, first, second.

    Raises:
        InputError: the template cannot be rendered.
    """
    values = asked(options, item) | {"first": shown(first), "second": shown(second)}
    return render("grading.pair", options.pair, options.style, PAIRS, values)


def is_same(one: str, other: str) -> bool:
    """Return whether two answers look the same to a judge."""
    return shown(one) == shown(other)


def same_verdict(one: str, other: str, item: Item) -> Verdict:
    """Return the verdict on two answers that are the same."""
    return Verdict(one, other, item.id, TIE, SAME, ())


def pair_verdict(
    options: GradingOptions, one: str, other: str, item: Item, straight: Completion, turned: Completion
) -> Verdict:
    """Return the verdict on a pair.

    Args:
        straight: the judge's answer with the answer of arm `one` first. turned: with that of `other` first.
    """
    saw = tuple(cut_at_stop(said.text, options.pair.stop)[0].strip() for said in (straight, turned))
    if {straight.finish_reason, turned.finish_reason} & NOT_ANSWERED:
        return Verdict(one, other, item.id, None, REFUSED, saw)
    places = [read_better(text) for text in saw]
    verdict, outcome = verdict_of(*places)
    place = places[0] if places in ([_FIRST, _FIRST], [_SECOND, _SECOND]) else None
    return Verdict(one, other, item.id, verdict, outcome, saw, place or "")


def verdict_of(straight: str | None, turned: str | None) -> tuple[str | None, str]:
    """Return verdict and outcome from which place was better in either order ("first", "second", "tie", None)."""
    if straight is None or turned is None:
        return None, UNREADABLE
    better = {_FIRST: ONE, _SECOND: OTHER, TIE: TIE}[straight]
    better_turned = {_FIRST: OTHER, _SECOND: ONE, TIE: TIE}[turned]
    return (better, CONSISTENT) if better == better_turned else (TIE, INCONSISTENT)


def read_better(text: str) -> str | None:
    """Return "first", "second" or "tie" as a judge's answer says behind "better", or by itself; else None."""
    word = r"(?:answer|response)?[\s*_\"'`]*(1|2|tie)\b"
    found = set(re.findall(rf"\b(?:better|verdict)\b[\s*_\"'`]*(?:[:=]|is\b)[\s*_\"'`(\[]*{word}", text.lower()))
    if not found:
        opening = re.match(rf"[\s*_\"'`(\[]*{word}(?=\s*$|\s*[.,:;)\]*_\"'`\n-])", text.lower())
        found = {opening[1]} if opening else set()
    return _SAID[found.pop()] if len(found) == 1 else None
