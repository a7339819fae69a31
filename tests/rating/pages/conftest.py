"""A browser for all tests of the page: Chromium, driven by Playwright; they are skipped where either is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.rating.pages.browsing import LOADS_MS
from tests.test_ui_browser import CHROMIUM_FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="package")
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
