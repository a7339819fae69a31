"""Nothing is lost on the raters' page: when servers die, replies are lost, there are two tabs, or nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.rating.pages.browsing import answers, close_by, enter, fetched, on_disk, press, pressed, review, saved, see
from tests.rating.studies import make_run, serving

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


def test_a_killed_server_loses_nothing_and_the_page_goes_on(context: BrowserContext, tmp_path: Path) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(12)])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        page = enter(context, served.address, "anna")
        for _ in range(3):
            press(page, "y", "n", "y", "Enter")
        see(page, "Item 4 of 12")
        saved(page)
        before = on_disk(tmp_path)
        press(page, "y", "n")  # these two are on their way while the server dies
        served.kill()
        press(page, "n")
        see(page, "Not saved yet, kept in this browser", "#saved")
        assert len(before) == 3 and before.items() <= on_disk(tmp_path).items()
        page.close()  # what was not sent waits in the browser's storage
        with serving(tmp_path, "run=first", "raters=[anna]", f"port={served.port}") as again:
            page = enter(context, again.address, "anna")
            see(page, "4 of 12 rated", "#count")
            saved(page)
            press(page, "y", "y", "y")
            saved(page)
            fetched(page, 4)  # the fourth, which was sent again, the fifth, and two ahead
            again.kill()
            press(page, "n")  # the last answer again, with nobody there
            press(page, "Enter")
            see(page, "Item 6 of 12")  # it was fetched ahead
            press(page, "n", "n", "n")
            see(page, "Not saved yet", "#saved")
            with serving(tmp_path, "run=first", "raters=[anna]", f"port={served.port}"):
                saved(page)
                see(page, "6 of 12 rated", "#count")
                assert page.locator("#alert").is_hidden()
            assert page.faults == []  # type: ignore[attr-defined]
    names = ("valid_task", "appropriate_input", "correct_output")
    given = [tuple(one.about_answers[0][name] for name in names) for one in on_disk(tmp_path).values()]
    assert given[3:] == [(True, False, False), (True, True, False), (False, False, False)]


def test_a_save_whose_reply_was_lost_is_repeated_and_is_no_conflict(context: BrowserContext, tmp_path: Path) -> None:
    study = review(tmp_path, ["one"])
    replies: list[int] = []

    def lose(route: Any) -> None:
        """The server saves, and the page never hears of it; the rater has gone on meanwhile."""
        if route.request.method != "POST" or len(replies) > 1:
            route.continue_()
            return
        replies.append(route.fetch().status)
        if len(replies) == 1:
            route.abort()
        else:
            route.fulfill(status=200, content_type="application/json", body='{"vers')  # it broke off

    with close_by(study) as address:
        page = enter(context, address, "anna")
        page.route("**/api/anna/items/1", lose)
        press(page, "y", "ArrowUp", "n", "ArrowUp", "y", "ArrowUp", "n")
        saved(page)
        assert replies == [200, 200]
        assert page.locator("#alert").is_hidden()
        pressed(page, 1)
    last = study.ledger.one("anna", "1")
    assert last is not None
    assert (last.version, last.entry.about_answers) == (4, ({"valid_task": False},))


def test_two_tabs_of_one_rater_do_not_overwrite_unseen(context: BrowserContext, tmp_path: Path) -> None:
    study = review(tmp_path, ["one", "two"])
    with close_by(study) as address:
        one, two = enter(context, address, "anna"), enter(context, address, "anna")
        press(one, "y")
        saved(one)
        press(two, "n")
        see(two, "was changed in another tab", "#alert")
        assert two.locator(".choice[aria-pressed=true]").all_inner_texts() == ["Yes y"]
        assert answers(study) == [{"valid_task": True}]
        two.get_by_role("button", name="Use my answer instead").click()
        saved(two)
        assert two.locator(".choice[aria-pressed=true]").all_inner_texts() == ["No n"]
        assert two.locator("#alert").is_hidden()
    assert answers(study) == [{"valid_task": False}]


def test_two_tabs_take_back_in_turn_and_neither_loses_an_answer(context: BrowserContext, tmp_path: Path) -> None:
    study = review(tmp_path, ["one", "two"])
    with close_by(study) as address:
        one = enter(context, address, "anna")
        press(one, "y", "y")
        saved(one)
        two = enter(context, address, "anna")
        press(two, "u")
        pressed(two, 1)
        press(one, "n")  # on what this tab shows, which is no longer so
        see(one, "was changed in another tab", "#alert")
        pressed(one, 1)
        press(one, "n")
        saved(one)
    assert answers(study) == [{"valid_task": True, "appropriate_input": False}]


def test_a_page_left_open_saves_nothing_into_another_study_that_is_served_at_its_address(
    context: BrowserContext, tmp_path: Path
) -> None:
    study = review(tmp_path / "one", ["one", "two"])
    other = replace(review(tmp_path / "other", ["uno", "dos"]), identity="ffffffffffff")
    with close_by(study) as address:
        port = int(address.rpartition(":")[2])
        page = enter(context, address, "anna")
        press(page, "y")
        saved(page)
    with close_by(other, port):
        press(page, "n", "n")
        see(page, "Not saved yet, kept in this browser; trying again ... (another study is served here now)", "#saved")
        again = enter(context, address, "anna")  # the page of the other study knows nothing of what this one keeps
        see(again, "0 of 2 rated", "#count")
    assert other.ledger.everything() == {}
    with close_by(study, port):
        saved(page)
    assert answers(study) == [{"valid_task": True, "appropriate_input": False, "correct_output": False}]
    assert other.ledger.everything() == {}


OFF = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('off', 'SecurityError'); } });"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.mark.parametrize("storage", [OFF, FULL], ids=["off", "full"])
def test_where_the_browser_stores_nothing_the_page_asks_not_to_be_closed_before_all_is_saved(
    context: BrowserContext, tmp_path: Path, storage: str
) -> None:
    study = review(tmp_path, ["one"])
    context.add_init_script(storage)
    with close_by(study) as address:
        page = enter(context, address, "anna")
        press(page, "y")
        saved(page)
        context.route("**/api/anna/items/*", lambda route: route.abort())
        press(page, "n")
        see(page, "Not saved yet, please leave this page open; trying again", "#saved")
        with page.expect_event("dialog") as asked:
            page.close(run_before_unload=True)
        assert asked.value.type == "beforeunload"
        context.unroute("**/api/anna/items/*")
        saved(page)
        assert answers(study) == [{"valid_task": True, "appropriate_input": False}]
        with page.expect_event("close"):
            page.close(run_before_unload=True)  # nothing is left, so nothing is asked
