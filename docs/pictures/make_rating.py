"""Takes the pictures of the raters' page: it is served from a few tasks written here, and looked at by keyboard.

In: nothing. Out: rating_*.png beside this script. Needs Playwright (the extra test) and Chromium:

    python docs/pictures/make_rating.py --browser "$(which chromium)"
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WIDE, TALL, PHONE = ({"width": w, "height": h} for w, h in ((1280, 720), (1280, 1040), (390, 780)))
TASKS = [
    (
        "Explain to a child of eight why the moon seems to change its shape.",
        "",
        "The moon is a ball that does not shine by itself. The sun lights one half of it. While the moon travels "
        "around us, we see more or less of the bright half: sometimes all of it, sometimes a thin slice.",
        "The moon changes its shape because the shadow of the Earth falls on it every night. When the shadow is large, "
        "you see only a thin slice.",
    ),
    (
        "Turn the note into a polite message to a customer. Keep all facts.",
        "order 4471: vase broken in transit, new one leaves Thursday, no cost, old one needn't be sent back",
        "Dear customer, we are sorry that the vase of your order 4471 was broken on its way. A new one leaves our "
        "house on Thursday, at no cost to you. You need not send the broken one back.",
        "Dear customer, a new vase will leave on Thursday.",
    ),
    (
        "Give the plural of each word, one a line.",
        "mouse, shelf, crisis",
        "mice\nshelves\ncrises",
        "mice\nshelfs\ncrisises",
    ),
]


def write_predictions(folder: Path) -> None:
    """Write the answers of two models to the tasks."""
    for name, column in (("tuned", 2), ("base", 3)):
        lines = [
            {"id": str(n), "instruction": t[0], "input": t[1], "prediction": t[column]} for n, t in enumerate(TASKS)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of the project in a folder."""
    words = [sys.executable, "-m", "selfinstruct.cli", *arguments]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[str]:
    """Give the address of the page while it is served; ended as Ctrl+C ends it."""
    process = command(folder, "rate", *arguments, "port=0", "random_seed=7")
    try:
        assert process.stdout is not None
        found = re.search(r"(http://\S+?)/rate/", process.stdout.readline())
        assert found, "the page was not served"
        yield found[1]
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()


@contextmanager
def rater(browser: Browser, address: str, name: str, size: Any = WIDE, scheme: Any = "light") -> Iterator[Page]:
    """Give the page of one rater, its guide read and closed."""
    context = browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=1.5)
    page = context.new_page()
    page.goto(f"{address}/rate/{name}")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for(state="detached")
    yield page
    context.close()


def press(page: Page, keys: Sequence[str]) -> None:
    """Press keys at the pace of a person, and wait until all is saved."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(120)
    page.locator("#saved[data-state=saved]").wait_for()


def picture(page: Page, name: str) -> None:
    """Write what the page shows."""
    page.wait_for_timeout(400)
    page.screenshot(path=HERE / f"rating_{name}.png")


def take(browser: Browser, folder: Path) -> None:
    """Take every picture."""
    with serving(folder, "predictions=[tuned.jsonl]", "form=review", "raters=[anna,ben]", "adjudicate=true") as address:
        with rater(browser, address, "anna") as page:
            press(page, ["y", "y", "y", "Enter", "y", "y"])
            picture(page, "review")
            press(page, ["y", "Enter", "y", "y", "y"])
        with rater(browser, address, "ben", PHONE) as page:
            press(page, ["y", "y", "n", "Enter", "y", "n", "n", "Enter", "y"])
            page.evaluate("window.scrollTo(0, 0)")
            picture(page, "phone")
            press(page, ["y", "n"])
        with rater(browser, address, "consensus") as page:
            picture(page, "settle")
    for scheme, name in (("light", "grades"), ("dark", "dark")):
        with (
            serving(folder, "predictions=[tuned.jsonl,base.jsonl]", "form=grades", "raters=[anna,ben]") as address,
            rater(browser, address, "anna" if scheme == "light" else "ben", scheme=scheme) as page,
        ):
            first = page.locator(".answer .body").first.inner_text().strip()
            press(page, ["a" if first in {task[2] for task in TASKS} else "c"])
            picture(page, name)
    with (
        serving(folder, "run=runs/bdd", "form=criteria", "raters=[anna]") as address,
        rater(browser, address, "anna", TALL) as page,
    ):
        press(page, ["y", "n"])
        picture(page, "criteria")


def main() -> None:
    """Serve, look and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", required=True, help="Chromium")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        write_predictions(folder)
        bdd = ("seeds=bdd_high", "prompts=bdd", "filters=bdd", "generation.target=60", "tracking=off", "report=off")
        assert command(folder, "run", "run_dir=runs/bdd", *bdd).wait() == 0
        browser = driver.chromium.launch(executable_path=chosen.browser, args=FLAGS)
        take(browser, folder)
        browser.close()


if __name__ == "__main__":
    main()
