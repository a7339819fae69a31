"""Raters at work in a real browser, from the command that serves the page to a comparison of what they said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import Command
from tests.rating.pages.browsing import enter, press, saved, see
from tests.rating.studies import make_predictions, make_run, rows, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


def test_two_raters_at_once_by_keyboard_all_the_way_into_a_comparison(
    browser: Browser, selfinstruct: Command, tmp_path: Path
) -> None:
    make_run(tmp_path / "first", [f"output {n}" for n in range(4)])
    with serving(tmp_path, "run=first", "raters=[anna,ben]") as served:
        contexts = [browser.new_context() for _ in range(2)]
        anna, ben = (enter(one, served.address, rater) for one, rater in zip(contexts, ("anna", "ben"), strict=True))
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


def test_answers_of_several_models_are_graded_side_by_side_and_blind(
    context: BrowserContext, selfinstruct: Command, tmp_path: Path
) -> None:
    make_predictions(tmp_path / "weak.jsonl", [f"weak {n}" for n in range(6)])
    make_predictions(tmp_path / "strong.jsonl", [f"strong {n}" for n in range(6)])
    arguments = ("predictions=[weak.jsonl,strong.jsonl]", "form=grades", "raters=[anna]")
    with serving(tmp_path, *arguments) as served:
        page = enter(context, served.address, "anna")
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
        nothing = enter(context, served.address, "consensus")
        see(nothing, "There is nothing to settle")
        for rater, last in (("anna", "y"), ("ben", "n")):
            page = enter(context, served.address, rater)
            for number in range(3):
                disputed = page.locator(".output .body").inner_text().strip() == "two"
                press(page, "y", "y", last if disputed else "n")
                see(page, f"{number + 1} of 3 rated", "#count")
                press(page, "Enter")
            see(page, "All 3 items are rated")
            saved(page)
        page = enter(context, served.address, "consensus")
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


def test_from_another_machine_the_token_of_a_rater_opens_one_page_and_leaves_the_address(
    context: BrowserContext, tmp_path: Path
) -> None:
    make_run(tmp_path / "first", ["one"])
    with serving(tmp_path, "run=first", "raters=[anna,ben]", "host=0.0.0.0") as served:
        token = served.lines[0].rpartition("?token=")[2]
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{served.port}/rate/anna")
        see(page, "Open the address with the token")
        page.goto(f"http://127.0.0.1:{served.port}/rate/anna?token={token}")
        page.locator("dialog[open]").wait_for()
        assert page.url == f"http://127.0.0.1:{served.port}/rate/anna"
        press(page, "Enter", "y", "y", "y")
        saved(page)
        for path in ("", "rate/ben"):
            page.goto(f"http://127.0.0.1:{served.port}/{path}")
            see(page, "This is not your page")
        page.goto(f"http://127.0.0.1:{served.port}/rate/anna")
        see(page, "The item is rated. Thank you.")
        assert token not in page.content() + page.evaluate("JSON.stringify(localStorage) + document.cookie")
