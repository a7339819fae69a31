"""Entries: checked when they come in, complete when every required question is answered, reordered without loss."""

from __future__ import annotations

from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.rating.entries import LONGEST_TEXT, Entry, is_complete, overall, read_entry, reordered, restored
from tests.rating.studies import make_form

FORM = make_form()
FULL = {"valid": True, "clear": False}


def test_an_entry_keeps_what_was_answered_and_drops_what_is_empty() -> None:
    raw = {"about_answers": [{**FULL, "grade": None, "words": ""}], "about_item": {"same": True}, "note": "n"}
    assert read_entry(FORM, 1, raw) == Entry((FULL,), {"same": True}, "n")


BAD: list[tuple[Any, str]] = [
    ({"about_answers": [{}, {}]}, "give a list of 1"),
    ({"about_answers": {}}, "give a list of 1"),
    ({"about_answers": [[]]}, "give objects of question and value"),
    ({"about_answers": [{"same": True}]}, '"same": no question of this form'),
    ({"about_answers": [{}], "about_item": {"valid": True}}, '"valid": no question'),
    ({"about_answers": [{"valid": "yes"}]}, "valid='yes': give yes or no"),
    ({"about_answers": [{"valid": 1}]}, "valid=1: give yes or no"),
    ({"about_answers": [{"grade": "E"}]}, "grade='E': give one of the grades A, B, C, D"),
    ({"about_answers": [{"words": "x" * (LONGEST_TEXT + 1)}]}, "give text of at most 10,000"),
    ({"about_answers": [{}], "note": 5}, "note: give text"),
    ({"about_answers": [{}], "is_skipped": "no"}, "is_skipped: true or false"),
]


@pytest.mark.parametrize(("raw", "says"), BAD, ids=range(len(BAD)))
def test_what_no_form_asks_is_refused(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says.replace("(", r"\(")):
        read_entry(FORM, 1, raw)


def test_an_item_is_complete_when_every_required_question_of_every_answer_is_answered() -> None:
    assert is_complete(FORM, Entry((FULL, FULL)))
    assert not is_complete(FORM, Entry((FULL, {"valid": True})))
    assert not is_complete(FORM, Entry((FULL, {})))


def test_the_order_of_a_rater_is_undone_exactly() -> None:
    entry = Entry(({"words": "a"}, {"words": "b"}, {"words": "c"}))
    seen = reordered(entry, (2, 0, 1))
    assert [values["words"] for values in seen.about_answers] == ["c", "a", "b"]
    assert restored(seen, (2, 0, 1)) == entry


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"valid": True, "clear": True}, True),
        ({"valid": True, "clear": False}, False),
        ({"clear": False}, False),
        ({"valid": True}, None),
        ({}, None),
    ],
)
def test_all_of_is_yes_only_where_all_are_and_missing_where_it_cannot_be_known(
    values: dict[str, bool], expected: bool | None
) -> None:
    assert overall(FORM, values) is expected
    assert overall(make_form(overall=None), values) is None
