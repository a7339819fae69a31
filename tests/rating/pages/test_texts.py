"""Texts of models on the raters' page: as text, whole, readable on a phone and in the dark, and never an empty box."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.rating.pages.browsing import close_by, enter, press, review, saved, see
from tests.rating.studies import TRICKY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


def test_a_generated_script_is_text_and_does_nothing(context: BrowserContext, tmp_path: Path) -> None:
    with close_by(review(tmp_path, TRICKY)) as address:
        page = enter(context, address, "anna")
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


def test_a_text_of_characters_that_cannot_be_seen_says_so(context: BrowserContext, tmp_path: Path) -> None:
    texts = ["\u200b\ufeff", "\u3164" * 14, "", "\u200bseen", "\u2014", "\U0001f469\u200d\U0001f52c"]
    with close_by(review(tmp_path, texts)) as address:
        page = enter(context, address, "anna")
        shown = []
        for number in range(len(texts)):
            see(page, f"Item {number + 1} of {len(texts)}")
            shown.append(page.locator(".output .body, .output p").inner_text())
            press(page, "ArrowRight")
    assert sorted(shown) == sorted(
        [
            "Only characters that cannot be seen: U+200B U+FEFF",
            f"Only characters that cannot be seen: {' '.join(['U+3164'] * 12)} and 2 more",
            "This answer is empty.",
            *texts[3:],
        ]
    )


def test_each_text_runs_in_its_own_direction(context: BrowserContext, tmp_path: Path) -> None:
    with close_by(review(tmp_path, ["\u05e9\u05dc\u05d5\u05dd, world", "peace, \u05e2\u05d5\u05dc\u05dd"])) as address:
        page = enter(context, address, "anna")
        found = {}
        for number in (1, 2):
            see(page, f"Item {number} of 2")
            body = page.locator(".output .body")
            found[body.inner_text()[-1]] = body.evaluate("body => getComputedStyle(body).direction")
            press(page, "ArrowRight")
    assert found == {"d": "rtl", "\u05dd": "ltr"}


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "dark")])
def test_the_page_fits_a_phone_and_a_dark_room(browser: Browser, tmp_path: Path, width: int, scheme: Any) -> None:
    with close_by(review(tmp_path, ["x" * 3000, "short"])) as address:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = enter(context, address, "anna")
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
