"""Disagreements: found between raters who are done, shown without names, settled by a third."""

from __future__ import annotations

from pathlib import Path

from selfinstruct.rating import CONSENSUS
from selfinstruct.rating.disagreements import disputed, settled
from selfinstruct.rating.entries import Entry
from tests.rating.studies import make_form, make_items, make_study, say

FORM = make_form()
(ITEM,) = make_items(("x", "y"))
AGREED = {"valid": True, "clear": True}


def entry(first: dict[str, bool | str], second: dict[str, bool | str] = AGREED, **about_item: bool) -> Entry:
    return Entry((first, second), about_item)


def test_a_place_is_disputed_where_two_who_are_done_differ() -> None:
    said = {
        "anna": entry({"valid": True, "clear": True, "grade": "A", "words": "one"}, same=True),
        "ben": entry({"valid": True, "clear": False, "grade": "B", "words": "two"}, same=False),
    }
    assert disputed(FORM, ITEM, said) == ((None, "same"), (0, "clear"), (0, "grade"))


def test_who_is_not_done_disputes_nothing() -> None:
    said = {"anna": entry(AGREED), "ben": entry({"valid": False})}
    assert disputed(FORM, ITEM, said) == ()
    assert settled(FORM, ITEM, said, None) is None


def test_an_optional_question_that_one_left_out_is_not_disputed() -> None:
    said = {"anna": entry({**AGREED, "grade": "A"}), "ben": entry(AGREED)}
    assert disputed(FORM, ITEM, said) == ()
    found = settled(FORM, ITEM, said, None)
    assert found is not None and found.about_answers[0]["grade"] == "A"


def test_what_is_agreed_is_taken_over_and_the_rest_is_what_the_third_says() -> None:
    said = {"anna": entry({"valid": True, "clear": True}), "ben": entry({"valid": True, "clear": False})}
    before = settled(FORM, ITEM, said, None)
    assert before == Entry(({"valid": True}, AGREED))
    third = Entry(({"clear": False, "valid": False}, {}), {}, "read again")
    assert settled(FORM, ITEM, said, third) == Entry(({"valid": True, "clear": False}, AGREED), {}, "read again")


def test_two_against_one_is_still_disputed() -> None:
    said = {"anna": entry(AGREED), "ben": entry(AGREED), "cleo": entry({"valid": False, "clear": True})}
    assert disputed(FORM, ITEM, said) == ((0, "valid"),)


def test_the_one_who_settles_sees_disputed_items_only_and_may_answer_only_these(tmp_path: Path) -> None:
    study = make_study(tmp_path, make_items(("x",), ("y",), ("z",)), ("anna", "ben", CONSENSUS))
    for item, clear in (("1", True), ("2", False), ("3", True)):
        say(study, "anna", item, AGREED)
        say(study, "ben", item, {"valid": True, "clear": clear})
    assert [item.id for item in study.order(CONSENSUS)] == ["2"]
    item = study.item("2")
    assert study.only_disputed(
        item, Entry(({"valid": False, "clear": True, "words": "w"},)), study.said_about(item)
    ) == Entry(({"clear": True, "words": "w"},))
    assert len(study.order("anna")) == 3


def test_opinions_come_in_an_order_that_does_not_tell_who(tmp_path: Path) -> None:
    items = make_items(*[("x",)] * 40)
    study = make_study(tmp_path, items, ("anna", "ben", CONSENSUS))
    for item in items:
        say(study, "anna", item.id, {"valid": True, "clear": True})
        say(study, "ben", item.id, {"valid": False, "clear": True})
    first = [study.opinions(item, study.said_about(item))[0].about_answers[0]["valid"] for item in items]
    assert 8 <= first.count(True) <= 32  # binomial(40, 1/2): below 1 in 10,000 outside
