"""The raters' page in a real browser: two raters at once by keyboard, undo, notes, conflicts, and servers that die.

Needs Chromium (Debian: apt-get install chromium) and Playwright's Python package; skipped where either is missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selfinstruct.rating.ledger import Ledger
from tests.conftest import Command
from tests.rating.studies import TRICKY, Served, make_predictions, make_run, rows, serving
from tests.test_ui_browser import CHROMIUM_FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

LOADS_MS = 15_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra test)")
    browsers = [found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))]
    if not browsers:
        pytest.skip("no Chromium on this machine; install it, for example: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=browsers[0], args=CHROMIUM_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One rater's browser: its storage outlives its pages."""
    opened = browser.new_context(viewport={"width": 1280, "height": 860})
    opened.set_default_timeout(LOADS_MS)
    yield opened
    opened.close()


def enter(context: BrowserContext, served: Served, rater: str) -> Page:
    """Open the page of a rater and leave the guide, if it is shown."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.goto(f"{served.address}/rate/{rater}")
    page.locator("article, .done").first.wait_for()
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    if page.locator("dialog[open]").count():
        page.keyboard.press("Enter")
        page.locator("dialog[open]").wait_for(state="detached")
    page.faults = faults  # type: ignore[attr-defined]
    return page


def press(page: Page, *keys: str) -> None:
    """Press keys as a rater does: each when the item that it is meant for is there."""
    for key in keys:
        page.locator("#main:not([aria-busy=true])").wait_for()
        page.keyboard.press(key)


def see(page: Page, text: str, place: str = "body") -> None:
    from playwright.sync_api import expect

    expect(page.locator(place)).to_contain_text(text, timeout=LOADS_MS)


def pressed(page: Page, number: int) -> None:
    from playwright.sync_api import expect

    expect(page.locator(".choice[aria-pressed=true]")).to_have_count(number, timeout=LOADS_MS)


def noted(page: Page, text: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#note")).to_have_value(text, timeout=LOADS_MS)


def saved(page: Page) -> None:
    see(page, "Saved", "#saved[data-state=saved]")


def fetched(page: Page, number: int) -> None:
    """Wait until the browser has the answers about so many items."""
    names = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    waited_ms = 0
    while page.evaluate(f"new Set({names}.filter((name) => name.includes('/items/'))).size") < number:
        assert waited_ms < LOADS_MS, f"fewer than {number} items were fetched"
        page.wait_for_timeout(50)
        waited_ms += 50


def on_disk(folder: Path) -> dict[tuple[str, str], Any]:
    """What counts, by rater and item, read from the file as it stands."""
    (path,) = folder.glob("runs/rate-*/ratings.sqlite")
    ledger = Ledger(path)
    found = {key: one.entry for key, one in ledger.everything().items()}
    ledger.close()
    return found


def shown_item(page: Page) -> str:
    return page.locator(".place").inner_text()


def test_two_raters_at_once_by_keyboard_all_the_way_into_a_comparison(
    browser: Browser, selfinstruct: Command, tmp_path: Path
) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(4)])
    with serving(tmp_path, "run=first", "raters=[anna,ben]") as served:
        contexts = [browser.new_context() for _ in range(2)]
        anna, ben = (enter(one, served, rater) for one, rater in zip(contexts, ("anna", "ben"), strict=True))
        for number in range(4):
            press(anna, "y", "y", "n")
            press(ben, "y", "n", "n")
            see(anna, f"{number + 1} of 4 rated", "#count")
            see(ben, f"{number + 1} of 4 rated", "#count")
            press(anna, "Enter")
            press(ben, "Enter")
        for page in (anna, ben):
            see(page, "All 4 items are rated. Thank you.")
            saved(page)
        for one in contexts:
            one.close()
        code, out = served.interrupt()
    assert code == 0
    assert "anna      4 of 4 rated" in out and "ben       4 of 4 rated" in out
    assert "Agreement between raters" in out
    (path,) = tmp_path.glob("runs/rate-*/ratings.csv")
    found = rows(path)
    assert len(found) == 8
    assert {(row["rater"], row["valid_task"], row["appropriate_input"], row["all_valid"]) for row in found} == {
        ("anna", "yes", "yes", "no"),
        ("ben", "yes", "no", "no"),
    }
    (following,) = [line for line in out.splitlines() if line.startswith("next")]
    compared = selfinstruct(*following.split()[2:], "out=compared")
    assert compared.code == 0, compared.err
    agreement = {(row["criterion"], row["measure"]): row for row in rows(tmp_path / "compared/agreement.csv")}
    assert agreement["appropriate_input", "same"]["value"] == "0.0"
    assert agreement["valid_task", "same"]["value"] == "1.0"


def test_notes_undo_skip_and_reload(context: BrowserContext, tmp_path: Path) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(3)])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        page = enter(context, served, "anna")
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
    entries = on_disk(tmp_path)
    assert [one.note for one in entries.values() if one.note] == ["typed just before the page went away"]
    assert len(entries) == 3 and not any(one.is_skipped for one in entries.values())


def test_keys_pressed_while_an_item_is_loading_answer_nothing(context: BrowserContext, tmp_path: Path) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(5)])
    held: list[Any] = []
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        context.route("**/api/anna/items/*", lambda route: held.append(route) if held else route.continue_())
        page = enter(context, served, "anna")
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
    (entry,) = on_disk(tmp_path).values()
    assert entry.about_answers[0] == {"valid_task": True, "appropriate_input": True, "correct_output": True}
    assert not entry.is_skipped


def test_a_generated_script_is_text_and_does_nothing(context: BrowserContext, tmp_path: Path) -> None:
    make_run(tmp_path / "first", TRICKY)
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        page = enter(context, served, "anna")
        texts = []
        for number in range(len(TRICKY)):
            see(page, f"Item {number + 1} of {len(TRICKY)}")
            if page.locator(".output button").count():
                see(page, "Show all 44,999 characters")
                page.locator(".output button").click()
            texts.append(page.locator(".output .body").inner_text().strip())
            assert page.locator("main img, main script, main a").count() == 0
            press(page, "ArrowRight")
        assert page.title() == "Review of generated tasks: anna"
        assert page.faults == []  # type: ignore[attr-defined]
    shown = {text.translate({7: 0x2407, 27: 0x241B, 0: 0x2400}).strip() for text in TRICKY}
    assert {" ".join(text.split()) for text in texts} == {" ".join(text.split()) for text in shown}


def test_a_killed_server_loses_nothing_and_the_page_goes_on(context: BrowserContext, tmp_path: Path) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(12)])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        page = enter(context, served, "anna")
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
            page = enter(context, again, "anna")
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
    make_run(tmp_path / "first", ["one"])
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

    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        page = enter(context, served, "anna")
        page.route("**/api/anna/items/1", lose)
        press(page, "y", "ArrowUp", "n", "ArrowUp", "y", "ArrowUp", "n")
        saved(page)
        assert replies == [200, 200]
        assert page.locator("#alert").is_hidden()
        pressed(page, 1)
    (path,) = tmp_path.glob("runs/rate-*/ratings.sqlite")
    ledger = Ledger(path)
    last = ledger.one("anna", "1")
    ledger.close()
    assert last is not None
    assert (last.version, last.entry.about_answers) == (4, ({"valid_task": False},))


def test_two_tabs_of_one_rater_do_not_overwrite_unseen(context: BrowserContext, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one", "two"])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        one, two = enter(context, served, "anna"), enter(context, served, "anna")
        press(one, "y")
        saved(one)
        press(two, "n")
        see(two, "was changed in another tab", "#alert")
        assert two.locator(".choice[aria-pressed=true]").all_inner_texts() == ["Yes y"]
        assert [entry.about_answers[0] for entry in on_disk(tmp_path).values()] == [{"valid_task": True}]
        two.get_by_role("button", name="Use my answer instead").click()
        saved(two)
        assert two.locator(".choice[aria-pressed=true]").all_inner_texts() == ["No n"]
        assert two.locator("#alert").is_hidden()
    assert [entry.about_answers[0] for entry in on_disk(tmp_path).values()] == [{"valid_task": False}]


def test_answers_of_several_models_are_graded_side_by_side_and_blind(
    context: BrowserContext, selfinstruct: Command, tmp_path: Path
) -> None:
    make_predictions(tmp_path / "weak.jsonl", [f"weak {n}" for n in range(6)])
    make_predictions(tmp_path / "strong.jsonl", [f"strong {n}" for n in range(6)])
    arguments = ("predictions=[weak.jsonl,strong.jsonl]", "form=grades", "raters=[anna]")
    with serving(tmp_path, *arguments) as served:
        page = enter(context, served, "anna")
        first = set()
        for number in range(6):
            see(page, f"Item {number + 1} of 6")
            texts = [text.strip() for text in page.locator(".answer .body").all_inner_texts()]
            first.add(texts[0].split()[0])
            assert page.locator(".answer h2").all_inner_texts() == ["ANSWER 1", "ANSWER 2"]
            for text in texts:
                press(page, "a" if text.startswith("strong") else "4")
            saved(page)
            press(page, "Enter")
        see(page, "All 6 items are rated")
        assert first == {"weak", "strong"}
        assert "jsonl" not in page.content()
        code, out = served.interrupt()
    assert code == 0
    (path,) = tmp_path.glob("runs/rate-*/ratings.csv")
    assert {(row["arm"], row["grade"]) for row in rows(path)} == {("strong", "A"), ("weak", "D")}
    (following,) = [line for line in out.splitlines() if line.startswith("next")]
    compared = selfinstruct(*following.split()[2:], "against=weak", "out=compared")
    assert compared.code == 0, compared.err
    (answer,) = rows(tmp_path / "compared/comparisons.csv")
    assert (answer["arm_yes"], answer["against_yes"]) == ("6", "0")


def test_a_third_rater_settles_what_two_disagree_about(
    context: BrowserContext, selfinstruct: Command, tmp_path: Path
) -> None:
    make_run(tmp_path / "first", ["one", "two", "three"])
    with serving(tmp_path, "run=first", "raters=[anna,ben]", "adjudicate=true") as served:
        nothing = enter(context, served, "consensus")
        see(nothing, "There is nothing to settle")
        for rater, last in (("anna", "y"), ("ben", "n")):
            page = enter(context, served, rater)
            for number in range(3):
                disputed = page.locator(".output .body").inner_text().strip() == "two"
                press(page, "y", "y", last if disputed else "n")
                see(page, f"{number + 1} of 3 rated", "#count")
                press(page, "Enter")
            see(page, "All 3 items are rated")
            saved(page)
        page = enter(context, served, "consensus")
        see(page, "Item 1 of 1")
        assert page.locator(".choice").all_inner_texts() == ["Yes y", "No n"]  # only what is disputed is asked
        see(page, "Raters agree: Yes")
        said = page.locator(".question:has(.choice) .said").inner_text()
        assert sorted(said.split(" · ")) in (["Rater 1: No", "Rater 2: Yes"], ["Rater 1: Yes", "Rater 2: No"])
        assert "anna" not in page.content() and "ben" not in page.content()
        press(page, "n", "Enter")
        see(page, "The item is settled. Thank you.")
        saved(page)
        code, out = served.interrupt()
    assert code == 0 and "consensus=consensus" in out
    (path,) = tmp_path.glob("runs/rate-*/ratings.csv")
    settled = [row for row in rows(path) if row["rater"] == "consensus"]
    assert [row["correct_output"] for row in settled] == ["no", "no", "no"]
    assert {row["valid_task"] for row in settled} == {"yes"}
    (following,) = [line for line in out.splitlines() if line.startswith("next")]
    compared = selfinstruct(*following.split()[2:], "out=compared")
    assert compared.code == 0, compared.err
    shares = {
        row["criterion"]: (row["met"], row["n"], row["missing"]) for row in rows(tmp_path / "compared/proportions.csv")
    }
    assert shares["correct_output"] == ("0", "3", "0")


def test_from_another_machine_the_token_opens_the_page_and_leaves_the_address(
    context: BrowserContext, tmp_path: Path
) -> None:
    make_run(tmp_path / "first", ["one"])
    with serving(tmp_path, "run=first", "raters=[anna]", "host=0.0.0.0") as served:
        token = served.lines[0].rpartition("?token=")[2]
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{served.port}/rate/anna")
        see(page, "Open the address with the token")
        page.goto(f"http://127.0.0.1:{served.port}/rate/anna?token={token}")
        page.locator("dialog[open]").wait_for()
        assert page.url == f"http://127.0.0.1:{served.port}/rate/anna"
        press(page, "Enter", "y", "y", "y")
        saved(page)
        assert token not in page.content() + page.evaluate("JSON.stringify(localStorage) + document.cookie")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "dark")])
def test_the_page_fits_a_phone_and_a_dark_room(browser: Browser, tmp_path: Path, width: int, scheme: Any) -> None:
    make_run(tmp_path / "first", ["x" * 3000, "short"])
    with serving(tmp_path, "run=first", "raters=[anna]") as served:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = enter(context, served, "anna")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        ink, paper = page.locator(".task").evaluate(
            "task => (({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(task))"
        )
        assert contrast(ink, paper) > 7
        page.locator(".choice").first.click()
        saved(page)
        context.close()


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.2 defines it: 1 to 21."""

    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)
