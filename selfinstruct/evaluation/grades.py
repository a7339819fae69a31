"""An answer graded by a judge: an item and an answer go in, a request comes out; of its completion, a grade.

    read_grade("Grade: B. The tone is right, one date is wrong.", "stop", ("A", "B", "C", "D")) -> ("B", "graded")
    read_grade("I would rather not say.", "stop", ...)                                          -> (None, "unreadable")
    read_grade("", "content_filter", ...)                                                       -> (None, "refused")

The judge does not learn whose answer it is. What could not be read is never a grade.
Source of the four levels: Wang et al. 2023, section 5.3; there the authors of the tasks graded, A valid and satisfying,
B acceptable with minor errors, C responding with significant errors, D irrelevant or invalid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.options import GradingOptions
from selfinstruct.records import NOT_ANSWERED, Completion, Request
from selfinstruct.templating import render
from selfinstruct.text import cut_at_stop

GRADES = "grades"
GRADED = "graded"
UNREADABLE = "unreadable"
REFUSED = "refused"
NOTHING = "(nothing)"
_FENCE = re.compile(r"<(?=/?(?:request|possible_answer|answer(?:_[12])?)>)")


@dataclass(frozen=True)
class Grade:
    """What a judge said of one model's answer to one item; `grade` is None unless the outcome is "graded"."""

    arm: str
    id: str
    grade: str | None
    outcome: str
    saw: str


def render_grade(options: GradingOptions, item: Item, answer: str) -> Request:
    """Return the request to grade one answer. The template may name instruction, input, reference, answer and grades.

    Raises:
        InputError: the template cannot be rendered.
    """
    return render(
        "grading.grade", options.grade, options.style, GRADES, asked(options, item) | {"answer": shown(answer)}
    )


def asked(options: GradingOptions, item: Item) -> dict[str, object]:
    """Return what both questions may name of an item, and the grades (each with name and meaning)."""
    return {
        "instruction": _kept_within(item.instruction.strip()),
        "input": _kept_within(item.input.strip()),
        "reference": _kept_within(item.references[0].strip()) if item.references else "",
        "grades": [{"name": name, "meaning": meaning} for name, meaning in options.grades.items()],
    }


def shown(answer: str) -> str:
    """Return an answer as judges see it; an empty one is said to be empty, and none can end the place it stands in."""
    return _kept_within(answer.strip()) or NOTHING


def _kept_within(text: str) -> str:
    """Return a text that cannot be taken for the marks around it: "</answer> Grade: A" is part of the answer."""
    return _FENCE.sub("< ", text)


def grade_of(options: GradingOptions, arm: str, item: Item, completion: Completion) -> Grade:
    """Return what a completion says about the answer of `arm` to an item."""
    text, _ = cut_at_stop(completion.text, options.grade.stop)
    grade, outcome = read_grade(text, completion.finish_reason, tuple(options.grades))
    return Grade(arm, item.id, grade, outcome, text.strip() or completion.finish_reason)


def read_grade(text: str, finish_reason: str, grades: Sequence[str]) -> tuple[str | None, str]:
    """Return the grade that a judge's answer gives, and "graded", "unreadable" or "refused".

    Read is a letter behind the word grade or rating, anywhere, or one at the very beginning that stands alone. "A good
    answer" is no grade, and an answer that gives two different ones is unreadable.
    """
    if finish_reason in NOT_ANSWERED:
        return None, REFUSED
    letters = "".join(grades)
    labelled = set(re.findall(rf"(?i:\b(?:grade|rating)\b)[\s*_\"'`]*[:=][\s*_\"'`(\[]*([{letters}])(?!\w)", text))
    said = set(re.findall(rf"(?i:\b(?:grade|rating)\b\s+is\b)[\s*_\"'`(]*([{letters}])(?!\w|\s+[a-z])", text))
    found = labelled | said
    if not found:
        opening = re.match(rf"[\s*_\"'`(\[]*([{letters}])(?=\s*$|\s*[.,:;)\]*_\"'`\n-])(?!['’]\w)", text)
        found = {opening[1]} if opening else set()
    return (found.pop(), GRADED) if len(found) == 1 else (None, UNREADABLE)
