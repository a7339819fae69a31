"""What a rater says about one item: an entry with a value for each question, a note, and whether it was skipped.

    {"about_item": {}, "about_answers": [{"grade": "B"}, {"grade": "A"}], "note": "close", "is_skipped": false}

`about_answers` is in the order of the item's answers, not in that in which the rater saw them; `reordered` translates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.rating.forms import Form, Question

LONGEST_TEXT = 10_000

Value = bool | str
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Entry:
    """The values that were given; a question that is not in them has not been answered."""

    about_answers: tuple[Values, ...]
    about_item: Values = field(default_factory=dict)
    note: str = ""
    is_skipped: bool = False

    @property
    def is_empty(self) -> bool:
        """True when no question is answered and nothing is noted."""
        return not (self.about_item or any(self.about_answers) or self.note)


def read_entry(form: Form, answers: int, raw: Mapping[str, Any]) -> Entry:
    """Return an entry that somebody sent, checked.

    Args:
        answers: how many answers the item has.

    Raises:
        InputError: a question that the form does not have, a value of the wrong kind, or another number of answers.
    """
    about_answers, about_item = raw.get("about_answers"), raw.get("about_item", {})
    note, is_skipped = raw.get("note", ""), raw.get("is_skipped", False)
    if not isinstance(about_answers, list) or len(about_answers) != answers:
        raise InputError(f"about_answers: give a list of {answers}, one object for each answer")
    if not isinstance(note, str) or len(note) > LONGEST_TEXT or not isinstance(is_skipped, bool):
        raise InputError(f"note: give text of at most {LONGEST_TEXT:,} characters; is_skipped: true or false")
    return Entry(
        about_answers=tuple(_values(form, form.about("answer"), values) for values in about_answers),
        about_item=_values(form, form.about("item"), about_item),
        note=note,
        is_skipped=is_skipped,
    )


def _values(form: Form, questions: Mapping[str, Question], raw: Any) -> dict[str, Value]:
    if not isinstance(raw, Mapping):
        raise InputError("about_item, about_answers: give objects of question and value")
    for name in raw:
        if name not in questions:
            raise InputError(f'"{name}": no question of this form; it has {", ".join(questions) or "none here"}')
    given = {name: raw[name] for name in questions if raw.get(name) not in (None, "")}
    for name, value in given.items():
        if not _fits(form, questions[name], value):
            raise InputError(f"{name}={value!r}: {wanted(form, questions[name])}")
    return given


def _fits(form: Form, question: Question, value: object) -> bool:
    if question.kind == "yes_no":
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    return value in form.grades if question.kind == "grade" else len(value) <= LONGEST_TEXT


def wanted(form: Form, question: Question) -> str:
    """Return in words what the question takes as its answer."""
    if question.kind == "yes_no":
        return "give yes or no"
    if question.kind == "grade":
        return f"give one of the grades {', '.join(form.grades)}"
    return f"give text of at most {LONGEST_TEXT:,} characters"


def is_complete(form: Form, entry: Entry) -> bool:
    """Return whether every required question is answered, for every answer."""
    wanted_of = {
        what: [name for name, question in form.about(what).items() if question.required] for what in ("answer", "item")
    }
    return all(name in entry.about_item for name in wanted_of["item"]) and all(
        name in values for values in entry.about_answers for name in wanted_of["answer"]
    )


def reordered(entry: Entry, places: Sequence[int]) -> Entry:
    """Return the entry as the rater sees it: the answer at `places[0]` first, and so on."""
    return replace(entry, about_answers=tuple(entry.about_answers[place] for place in places))


def restored(entry: Entry, places: Sequence[int]) -> Entry:
    """Return an entry as the rater sees it in the order of the item's answers: undoes `reordered`."""
    return replace(entry, about_answers=tuple(entry.about_answers[places.index(n)] for n in range(len(places))))


def overall(form: Form, values: Values) -> bool | None:
    """Return the criterion that is made of others: no where one is no, yes where all are yes, else None."""
    given = [values.get(name) for name in form.overall.all_of] if form.overall else [None]
    if any(value is False for value in given):
        return False
    return True if all(value is True for value in given) else None
