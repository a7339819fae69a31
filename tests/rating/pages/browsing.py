"""What raters do and see, for tests: pages are opened, keys pressed, words looked for; and the page served close by."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import yaml

from selfinstruct.config import build
from selfinstruct.rating import Form, Study
from selfinstruct.rating.guard import Guard
from selfinstruct.rating.items import clean
from selfinstruct.rating.ledger import Ledger
from selfinstruct.rating.page import make_app
from tests.conftest import ROOT
from tests.rating.studies import make_items, make_study

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

LOADS_MS = 15_000


def review(folder: Path, texts: Sequence[str]) -> Study:
    """Return a study of the paper's review with an item for each text, and anna as its rater."""
    return make_study(folder / "study", make_items(*[(clean(text),) for text in texts]), ("anna",), shipped("review"))


def shipped(name: str) -> Form:
    """Return a form of conf/form/."""
    return build(Form, yaml.safe_load((ROOT / f"conf/form/{name}.yaml").read_text(encoding="utf-8")))


@contextlib.contextmanager
def close_by(study: Study, port: int = 0) -> Iterator[str]:
    """Serve a study from a thread of this process, for what needs neither the command nor a server that dies."""
    opened = socket.create_server(("127.0.0.1", port))
    app = Guard(make_app(study), "127.0.0.1", None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([opened],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        opened.close()


def enter(context: BrowserContext, address: str, rater: str) -> Page:
    """Open the page of a rater and leave the guide, if it is shown."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.goto(f"{address}/rate/{rater}")
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


def answers(study: Study) -> list[Any]:
    """What counts about each item's first answer, in the order in which items were rated."""
    return [one.entry.about_answers[0] for one in study.ledger.everything().values()]
