"""Takes the pictures of the README: the tracking UI after two studies, what a run prints, and the reports.

In: the address of a running UI, a text file with the output of a run, and the folder of the runs. Out: the PNG files
beside this script. Needs Playwright (the extra test) and Chromium. In an empty folder with a short name, since the
pictures of artifacts show it (/srv/demo):

    selfinstruct run | sed "s|$PWD/||" > run.txt
    selfinstruct run -m experiments=threshold_sweep
    selfinstruct run -m experiments=seed_quality
    selfinstruct ui &
    python make.py http://127.0.0.1:5000 run.txt runs --browser "$(which chromium)"
"""

from __future__ import annotations

import argparse
import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page, sync_playwright

HERE = Path(__file__).parent
SIZE = {"width": 1600, "height": 900}
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
EXPERIMENT, SWEEP, ARM = "selfinstruct", "threshold_sweep", "max_rouge_l=0.7"
COLUMNS = [
    "params.`filters.instruction.max_rouge_l`",
    "metrics.`yield.acceptance_rate`",
    "metrics.`diversity.rouge_l_to_pool_mean`",
    "metrics.`funnel.instances`",
]
WIDER_BY = {"attributes.`Run Name`": 130, COLUMNS[0]: 105, COLUMNS[1]: 60, COLUMNS[2]: 105, COLUMNS[3]: 20}
COLOURS = ["#1b6ca8", "#e08a1e", "#2f8f5b", "#b8405e", "#7a5bb5"]
CARD_CORNER = "[data-testid='draggable-card-resize-handle']"
OLDEST_FIRST = {"orderByKey": "attributes.start_time", "orderByAsc": "true"}
REPORT, COMPARISON = "general-*/report/report.html", f"sweeps/{SWEEP}-*/compare/report.html"
SETTLE_MS = 3000  # tables and charts settle without a sign that could be waited for
CHARTS = "series.acc|acceptance_rate|pool_mean|candidates.too_similar|funnel.instances"
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
  body {{ margin: 0; padding: 24px; width: max-content; background: #fff }}
  div {{ background: #1b1f27; border-radius: 10px; padding: 14px 28px 24px; min-width: 860px }}
  i {{ display: inline-block; width: 12px; height: 12px;
       border-radius: 6px; margin: 0 8px 14px 0; background: #4b5263 }}
  pre {{ margin: 0; color: #d7dae0; font: 15px/21px "DejaVu Sans Mono", monospace }}
  b {{ color: #8fd18f; font-weight: normal }}
</style><div><i></i><i></i><i></i><pre><b>$</b> selfinstruct run\n{text}</pre></div>"""


class Tracker:
    """The UI of one experiment: its runs, and pages of it as pictures."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self._context = context
        self._api = f"{address}/ajax-api/2.0/mlflow"
        found = self._post("experiments/search", {"max_results": 100})["experiments"]
        self.experiment = next(str(entry["experiment_id"]) for entry in found if entry["name"] == EXPERIMENT)
        self._home = f"{address}/#/experiments/{self.experiment}"
        self.runs = self._post("runs/search", {"experiment_ids": [self.experiment], "max_results": 100})["runs"]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self._context.request.post(f"{self._api}/{path}", data=body)
        answer: dict[str, Any] = response.json()
        return answer

    def parents(self) -> list[str]:
        """Return the ids of the sweeps."""
        return [run["info"]["run_id"] for run in self.runs if "selfinstruct.sweep" in _tags(run)]

    def colour_arms(self) -> None:
        """Give the arms of the sweep colours that can be told apart; the UI's own come from the run ids."""
        arms = sorted(run["info"]["run_name"] + " " + run["info"]["run_id"] for run in self.runs if _is_arm(run))
        for arm, colour in zip(arms, COLOURS, strict=True):
            run_id = arm.rpartition(" ")[2]
            self._post("runs/set-tag", {"run_id": run_id, "key": "mlflow.runColor", "value": colour})

    def arm(self) -> str:
        """Return the id of the run that the single-run pictures show."""
        return next(str(run["info"]["run_id"]) for run in self.runs if run["info"]["run_name"] == ARM)

    @contextmanager
    def picture(self, name: str, path: str, **query: str) -> Iterator[Page]:
        """Open a page of the experiment; what it shows at the end becomes the picture."""
        asked = {"workflowType": "machine_learning"} | query
        page = self._context.new_page()
        page.goto(f"{self._home}/{path}?" + "&".join(f"{key}={quote(value)}" for key, value in asked.items()))
        page.get_by_text("Model registry").wait_for()
        page.add_style_tag(content="[data-assistant-ui] { display: none !important }")
        yield page
        page.mouse.move(0, 0)
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=HERE / name)
        page.close()


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description="Take the pictures of the README.")
    parser.add_argument("address", help="of a running UI, such as http://127.0.0.1:5000")
    parser.add_argument("output", type=Path, help="a file with what `selfinstruct run` printed")
    parser.add_argument("runs", type=Path, help="the folder runs/ of the studies")
    parser.add_argument("--browser", help="path of Chromium, where playwright has none of its own")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=CHROMIUM_FLAGS)
        context = browser.new_context(viewport=SIZE)
        draw_terminal(context, arguments.output.read_text(encoding="utf-8"))
        picture_report(context, "report.png", arguments.runs, REPORT)
        picture_report(context, "comparison.png", arguments.runs, COMPARISON)
        tracker = Tracker(context, arguments.address)
        prepare(context, tracker)
        picture_runs(tracker)
        picture_arm(tracker)
        browser.close()


def draw_terminal(context: BrowserContext, text: str) -> None:
    """Draw the output of a run as a terminal shows it."""
    page = context.new_page()
    page.set_content(TERMINAL.format(text=html.escape(text)))
    page.locator("body").screenshot(path=HERE / "terminal.png")
    page.close()


def picture_report(context: BrowserContext, name: str, runs: Path, pattern: str) -> None:
    """Picture the top of a page that a run or a sweep has written; the first that matches by name."""
    page = context.new_page()
    page.set_viewport_size({"width": 1200, "height": 1100})
    page.goto(sorted(runs.absolute().glob(pattern))[0].as_uri())
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=HERE / name)
    page.close()


def prepare(context: BrowserContext, tracker: Tracker) -> None:
    """Store what a person would have clicked: side panel closed, sweeps open, columns and colours chosen."""
    tracker.colour_arms()
    state = {
        "orderByKey": "attributes.start_time",
        "orderByAsc": True,
        "selectedColumns": COLUMNS,
        "runsExpanded": dict.fromkeys(tracker.parents(), True),
    }
    stored = {
        f'MLflowLocalStorage-1.1-ExperimentPage-["{tracker.experiment}"]-ReactComponentState': json.dumps(state),
        "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
        "mlflow.assistant.panelOpen_v1": "false",
    }
    context.add_init_script(f"Object.entries({json.dumps(stored)}).forEach(([k, v]) => localStorage.setItem(k, v))")


def picture_runs(tracker: Tracker) -> None:
    """Picture the table of all runs, and the arms of one sweep in charts."""
    with tracker.picture("runs.png", "runs", **OLDEST_FIRST) as page:
        page.get_by_text(ARM).wait_for()
        page.wait_for_timeout(SETTLE_MS)
        for column, pixels in WIDER_BY.items():
            _drag(page, f".ag-header-cell[col-id='{column}'] .ag-header-cell-resize", pixels, 0)
    query = f"params.study = '{SWEEP}'"
    with tracker.picture("compare.png", "runs", searchFilter=query, compareRunsMode="CHART", **OLDEST_FIRST) as page:
        page.set_viewport_size({"width": 1600, "height": 940})  # two rows of charts and their legends
        _search_charts(page, CHARTS)
        _drag(page, CARD_CORNER, 0, -90)


def picture_arm(tracker: Tracker) -> None:
    """Picture one run of the sweep: its series, its files and its dataset."""
    run = f"runs/{tracker.arm()}"
    with tracker.picture("series.png", f"{run}/model-metrics") as page:
        _search_charts(page, "series.acc")
        _drag(page, CARD_CORNER, 200, 230)
    with tracker.picture("artifacts.png", f"{run}/artifacts/export/README.md") as page:
        heading = page.get_by_role("heading", name="general-grammar")
        heading.evaluate("element => element.scrollIntoView()")  # past the card's YAML head
    with tracker.picture("dataset.png", run) as page:
        page.get_by_text("general-grammar (").click()


def _search_charts(page: Page, pattern: str) -> None:
    box = page.get_by_placeholder("Search metric charts")
    box.fill(pattern)
    page.wait_for_timeout(SETTLE_MS)
    box.blur()


def _drag(page: Page, handle: str, right: int, down: int) -> None:
    """Drag the first handle that matches, by pixels; held near its left edge, since a neighbour may cover the rest."""
    place = page.locator(handle).first.bounding_box()
    assert place is not None, f"{handle} is not on the page"
    x, y = place["x"] + 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=8)
    page.mouse.up()


def _is_arm(run: dict[str, Any]) -> bool:
    return _tags(run).get("selfinstruct.study") == SWEEP and "mlflow.parentRunId" in _tags(run)


def _tags(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


if __name__ == "__main__":
    main()
