"""Keys on the raters' page: what each does, what is taken back, and that none hits an item that is not there yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.rating.pages.browsing import (
    answers,
    close_by,
    enter,
    fetched,
    noted,
    press,
    pressed,
    review,
    saved,
    see,
    shipped,
)
from tests.rating.studies import make_items, make_study

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


def test_notes_undo_skip_and_reload(context: BrowserContext, tmp_path: Path) -> None:
    study = review(tmp_path, [f"output {n}" for n in range(3)])
    with close_by(study) as address:
        page = enter(context, address, "anna")
        press(page, "m")
        page.keyboard.type("you need a note: yes")
        press(page, "Escape", "y", "n")
        saved(page)
        page.reload()
        page.locator("article").wait_for()
        noted(page, "you need a note: yes")
        assert page.locator("[aria-pressed=true].choice").all_inner_texts() == ["Yes y", "No n"]
        press(page, "u")
        pressed(page, 1)
        noted(page, "you need a note: yes")
        press(page, "y", "y")
        for _ in range(4):
            page.keyboard.press("u")  # faster than the server answers
        pressed(page, 0)
        noted(page, "")
        press(page, "s")
        see(page, "Item 2 of 3")
        see(page, "1 skipped", "#count")
        press(page, "Enter")
        see(page, "One question is still open", "#alert")
        press(page, "y", "y", "y", "Enter")
        see(page, "Item 3 of 3")
        press(page, "y", "y", "y", "Enter")
        see(page, "Item 1 of 3")  # what was skipped comes again
        press(page, "y", "y", "y", "Enter")
        see(page, "All 3 items are rated")
        press(page, "ArrowLeft")
        see(page, "Item 3 of 3")
        press(page, "m")
        page.keyboard.type("typed just before the page went away")
        page.reload()
        see(page, "All 3 items are rated")
        assert page.faults == []  # type: ignore[attr-defined]
    entries = [one.entry for one in study.ledger.everything().values()]
    assert [one.note for one in entries if one.note] == ["typed just before the page went away"]
    assert len(entries) == 3 and not any(one.is_skipped for one in entries)


def test_keys_pressed_while_an_item_is_loading_answer_nothing(context: BrowserContext, tmp_path: Path) -> None:
    study = review(tmp_path, [f"output {n}" for n in range(5)])
    held: list[Any] = []
    with close_by(study) as address:
        context.route("**/api/anna/items/*", lambda route: held.append(route) if held else route.continue_())
        page = enter(context, address, "anna")
        fetched(page, 3)
        held.append(None)  # no other comes from now on
        press(page, "ArrowRight", "ArrowRight")
        for key in ("ArrowRight", "y", "n", "s", "Enter", "y"):
            page.keyboard.press(key)
        see(page, "Loading ...")
        see(page, "0 of 5 rated", "#count")
        loading, held[:] = held[1:], []
        for route in loading:
            route.continue_()
        see(page, "Item 4 of 5")
        pressed(page, 0)
        press(page, "y", "y", "y")
        see(page, "1 of 5 rated", "#count")
        saved(page)
    (entry,) = [one.entry for one in study.ledger.everything().values()]
    assert entry.about_answers[0] == {"valid_task": True, "appropriate_input": True, "correct_output": True}
    assert not entry.is_skipped


def test_an_undo_whose_reply_was_lost_takes_back_one_answer(context: BrowserContext, tmp_path: Path) -> None:
    study = review(tmp_path, ["one"])
    asked: list[Any] = []

    def lose(route: Any) -> None:
        """The first one is done, and the page never hears of it; the second is held until the rater has tried more."""
        asked.append(route)
        if len(asked) == 1:
            route.fetch()
            route.abort()
        elif len(asked) > 2:
            route.continue_()

    with close_by(study) as address:
        page = enter(context, address, "anna")
        context.route("**/api/anna/undo", lose)
        press(page, "y", "n")
        saved(page)
        page.keyboard.press("u")
        see(page, "Your last answer will be taken back as soon as the server is there again", "#alert")
        page.locator(".choice").last.click()
        page.keyboard.press("y")  # nothing can be answered before
        while len(asked) < 2:
            page.wait_for_timeout(50)
        assert asked[0].request.post_data == asked[1].request.post_data
        asked[1].continue_()
        pressed(page, 1)
        assert page.locator("#alert").is_hidden()
        assert answers(study) == [{"valid_task": True}]
        press(page, "u")
        pressed(page, 0)
    assert answers(study) == [{}]


NUMBERED = {"5": "best", "4": "", "3": "", "2": "", "1": "worst"}
WORDED = {"good": "", "fair": "", "poor": ""}
LETTERED = {"A": "", "N": "", "C": ""}  # n means no


@pytest.mark.parametrize(
    ("grades", "keys", "given"),
    [
        (NUMBERED, ["5", "1", "4"], ["5", "1", "4"]),
        (WORDED, ["1", "3", "9"], ["good", "poor", "poor"]),
        (LETTERED, ["a", "2", "c"], ["A", "N", "C"]),
    ],
    ids=["digits", "words", "letters"],
)
def test_a_grade_is_typed_as_itself_or_by_its_place_and_never_as_another(
    context: BrowserContext, tmp_path: Path, grades: dict[str, str], keys: list[str], given: list[str]
) -> None:
    form = replace(shipped("grades"), grades=grades, acceptable=())
    study = make_study(tmp_path / "study", make_items(("x",)), ("anna",), form)
    with close_by(study) as address:
        page = enter(context, address, "anna")
        for key, grade in zip(keys, given, strict=True):
            press(page, key)
            saved(page)
            assert answers(study) == [{"grade": grade}]
        page.keyboard.press("?")
        see(page, {"5": "5 to 1", "g": "1 to 3", "A": "a to c or 1 to 3"}[keys_of(grades)], "#guide .keys")


def keys_of(grades: dict[str, str]) -> str:
    return next(iter(grades))[0]
