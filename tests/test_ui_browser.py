"""The tracking UI in a real browser: a small sweep with reports, `selfinstruct ui`, and what a person then sees.

Needs Chromium (Debian: apt-get install chromium) and Playwright's Python package; skipped where either is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.commands import ENVIRONMENT, command

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run"),
    *("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
]
SWEPT, SEEDS_METRIC = "filters.instruction.max_rouge_l", "diversity.rouge_l_to_seeds_mean"
COLUMNS = (f"params.`{SWEPT}`", f"metrics.`{SEEDS_METRIC}`", "metrics.`yield.acceptance_rate`")
ARMS = ("max_rouge_l=0.2", "max_rouge_l=0.7")
SWEEP = ("run", "-m", "study=small", "generation.target=6", "generation.lookahead=4", f"{SWEPT}=0.2,0.7")
UI_STARTS_S, UI_ENDS_S, PAGE_LOADS_MS = 200, 60, 60_000  # a machine may be busy with other tests

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("tracking-ui")]  # one sweep and one server for all


@dataclass(frozen=True)
class Sweep:
    """The sweep of this module: the folder it ran in, and its runs as the tracker knows them."""

    folder: Path
    experiment: str
    parent: Any
    children: dict[str, Any]

    def report(self, arm: str) -> dict[str, Any]:
        """Return report/metrics.json of an arm: the run folder is the truth that the UI mirrors."""
        folder = Path(self.children[arm].data.tags["selfinstruct.run_dir"])
        read: dict[str, Any] = json.loads((folder / "report" / "metrics.json").read_text(encoding="utf-8"))
        return read


def client(folder: Path) -> Any:
    from selfinstruct.tracking.store import open_client

    return open_client(f"sqlite:///{folder}/runs/mlflow.db")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("sweep")
    ended = subprocess.run(
        command(*SWEEP, "report=default"), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    tracker = client(folder)
    experiment = tracker.get_experiment_by_name("selfinstruct").experiment_id
    runs = list(tracker.search_runs([experiment]))
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = {run.info.run_name: run for run in runs if run is not parent}
    assert sorted(children) == list(ARMS)
    return Sweep(folder, experiment, parent, children)


@pytest.fixture(scope="module")
def address(sweep: Sweep) -> Iterator[str]:
    """`selfinstruct ui` as a process of its own, on a free port; ended as Ctrl+C ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (sweep.folder / "ui.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command("ui", f"port={port}"),
            cwd=sweep.folder,
            env=ENVIRONMENT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/health", process, sweep.folder / "ui.log")
        yield f"http://127.0.0.1:{port}"
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=UI_ENDS_S) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + UI_STARTS_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    pytest.fail(f"the UI did not answer within {UI_STARTS_S} s: {log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def context(sweep: Sweep) -> Iterator[BrowserContext]:
    """A browser in which the columns of the table are chosen and the sweep is unfolded, as a person would by clicks."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra test)")
    browsers = [found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))]
    if not browsers:
        pytest.skip("no Chromium on this machine; install it, for example: apt-get install chromium")
    state = {
        "orderByKey": "attributes.start_time",
        "orderByAsc": True,
        "selectedColumns": COLUMNS,
        "runsExpanded": {sweep.parent.info.run_id: True},
    }
    stored = {
        f'MLflowLocalStorage-1.1-ExperimentPage-["{sweep.experiment}"]-ReactComponentState': json.dumps(state),
        "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
        "mlflow.assistant.panelOpen_v1": "false",
    }
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browsers[0], args=CHROMIUM_FLAGS)
        opened = browser.new_context(viewport={"width": 1600, "height": 1200})
        opened.set_default_timeout(PAGE_LOADS_MS)
        opened.add_init_script(f"Object.entries({json.dumps(stored)}).forEach(([k, v]) => localStorage.setItem(k, v))")
        yield opened
        browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    yield opened
    opened.close()


def show(page: Page, address: str, place: str) -> None:
    page.goto(f"{address}/#/{place}?workflowType=machine_learning")


def see(found: Any) -> None:
    """Wait until a locator is visible; its failure names the locator and what was there."""
    from playwright.sync_api import expect

    expect(found.first).to_be_visible(timeout=PAGE_LOADS_MS)


def vanish(found: Any) -> None:
    """Wait until nothing of the kind is left on the page."""
    from playwright.sync_api import expect

    expect(found).to_have_count(0, timeout=PAGE_LOADS_MS)


def search_charts(page: Page, text: str) -> None:
    """Type into the charts' search field once there are charts: what is typed before that may be lost."""
    from playwright.sync_api import expect

    see(page.locator(".js-plotly-plot"))
    field = page.get_by_placeholder("Search metric charts")
    field.fill(text)
    expect(field).to_have_value(text)


def see_picture(found: Any) -> None:
    """Wait until an image is visible and its pixels have arrived."""
    see(found)
    size = found.first.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])")
    assert min(size) > 200, size


def see_drawing(found: Any) -> None:
    """Wait until a drawing is visible, and large enough to be read."""
    see(found)
    box = found.first.bounding_box()
    assert min(box["width"], box["height"]) > 150, box


def run_page(sweep: Sweep, run: Any) -> str:
    return f"experiments/{sweep.experiment}/runs/{run.info.run_id}"


def test_the_table_shows_the_children_of_the_sweep_with_their_metrics(sweep: Sweep, address: str, page: Page) -> None:
    show(page, address, f"experiments/{sweep.experiment}/runs")
    see(page.get_by_text(sweep.parent.info.run_name, exact=True))
    for arm in ARMS:
        link = page.get_by_role("link", name=arm, exact=True)
        see(link)
        row = page.locator(".ag-row").filter(has=page.locator(f"a[href*='{sweep.children[arm].info.run_id}']"))
        number = row.first.get_attribute("row-index")
        shown = {
            column: page.locator(f".ag-row[row-index='{number}'] .ag-cell[col-id='{column}']").inner_text()
            for column in COLUMNS
        }
        assert shown[COLUMNS[0]] == arm.rpartition("=")[2]
        assert float(shown[COLUMNS[1]]) == pytest.approx(sweep.report(arm)[SEEDS_METRIC])
        assert float(shown[COLUMNS[2]]) == pytest.approx(sweep.report(arm)["yield.acceptance_rate"])


def test_a_filter_typed_into_the_search_box_finds_one_arm(sweep: Sweep, address: str, page: Page) -> None:
    asked = f"metrics.`{SEEDS_METRIC}` > 0 and tags.`selfinstruct.study` = 'small' and params.`{SWEPT}` = '0.2'"
    show(page, address, f"experiments/{sweep.experiment}/runs")
    see(page.get_by_role("link", name=ARMS[1], exact=True))
    box = page.get_by_placeholder(re.compile("metrics"))
    box.fill(asked)
    box.press("Enter")
    vanish(page.get_by_role("link", name=ARMS[1], exact=True))
    see(page.get_by_role("link", name=ARMS[0], exact=True))


def test_a_sweep_names_its_children_and_shows_their_comparison(sweep: Sweep, address: str, page: Page) -> None:
    show(page, address, run_page(sweep, sweep.parent))
    for arm in ARMS:
        see(page.get_by_role("link", name=re.compile(re.escape(arm))))
    show(page, address, f"{run_page(sweep, sweep.parent)}/artifacts/report.html")
    report = page.frame_locator("iframe")
    for arm in ARMS:
        see(report.get_by_text(arm, exact=True))
    see_drawing(report.locator("svg.drawing"))


def test_a_run_shows_its_metrics_its_tags_and_its_dataset(sweep: Sweep, address: str, page: Page) -> None:
    run = sweep.children[ARMS[0]]
    show(page, address, run_page(sweep, run))
    see(page.get_by_text(f"Metrics ({len(run.data.metrics)})", exact=True))
    row = page.get_by_role("row").filter(has_text=SEEDS_METRIC)
    see(row)
    assert float(row.first.inner_text().split()[-1]) == pytest.approx(sweep.report(ARMS[0])[SEEDS_METRIC])
    see(page.get_by_text("selfinstruct.seeds"))
    (used,) = run.inputs.dataset_inputs
    page.get_by_text(f"{used.dataset.name} (").first.click()
    drawer = page.get_by_role("dialog")
    see(drawer.get_by_text(used.dataset.digest))
    for column in ("instruction", "input", "output"):
        see(drawer.get_by_text(column, exact=True))


def test_the_series_of_a_run_are_charts(sweep: Sweep, address: str, page: Page) -> None:
    show(page, address, f"{run_page(sweep, sweep.children[ARMS[0]])}/model-metrics")
    search_charts(page, "series.acc")
    for name in ("series.accepted_total", "series.acceptance_rate"):
        see(page.get_by_text(name, exact=True))
    see(page.locator(".js-plotly-plot .scatterlayer path.js-line"))


def test_a_picture_of_the_report_is_shown_as_an_artifact(sweep: Sweep, address: str, page: Page) -> None:
    show(page, address, f"{run_page(sweep, sweep.children[ARMS[0]])}/artifacts/report/pictures/funnel.png")
    see(page.get_by_text("report/pictures/funnel.png", exact=True))
    see_picture(page.locator("img[src^='blob:']"))


def test_the_report_of_a_run_opens_inside_the_artifact_viewer(sweep: Sweep, address: str, page: Page) -> None:
    show(page, address, f"{run_page(sweep, sweep.children[ARMS[0]])}/artifacts/report/report.html")
    report = page.frame_locator("iframe")
    see(report.get_by_text("accepted instructions of 6 wanted"))
    drawings = report.locator("svg.drawing")
    see_drawing(drawings)
    assert drawings.count() >= 5
    bar = drawings.first.locator(".told").first
    bar.hover()
    assert " instructions have " in bar.locator("title").text_content()


def test_two_runs_are_compared_side_by_side(sweep: Sweep, address: str, page: Page) -> None:
    ids = [sweep.children[arm].info.run_id for arm in ARMS]
    asked = f"runs={quote(json.dumps(ids))}&experiments={quote(json.dumps([sweep.experiment]))}"
    page.goto(f"{address}/#/compare-runs?{asked}")
    see(page.get_by_text("Comparing 2 Runs from 1 Experiment"))
    row = page.get_by_role("row").filter(has_text=SWEPT)
    see(row)
    assert row.first.inner_text().split()[-2:] == ["0.2", "0.7"]
    for arm in ARMS:
        see(page.get_by_role("cell", name=arm, exact=False))


def test_the_runs_of_a_sweep_are_compared_in_charts(sweep: Sweep, address: str, page: Page) -> None:
    page.goto(
        f"{address}/#/experiments/{sweep.experiment}/runs?workflowType=machine_learning&compareRunsMode=CHART"
        "&searchFilter=" + quote("params.study = 'small'")
    )
    search_charts(page, "acceptance_rate")
    see(page.get_by_text("yield.acceptance_rate", exact=True))
    see(page.get_by_text("series.acceptance_rate", exact=True))
    see(page.locator(".js-plotly-plot .barlayer .bars path"))
    assert sweep.report(ARMS[0])["yield.acceptance_rate"] < sweep.report(ARMS[1])["yield.acceptance_rate"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (f'metrics."{SEEDS_METRIC}" > 0', ARMS),
        (f"metrics.`{SEEDS_METRIC}` > 1", ()),
        (f"params.`{SWEPT}` = '0.7'", ARMS[1:]),
        ("tags.`selfinstruct.study` = 'small' and tags.`selfinstruct.seeds` = 'general'", ARMS),
        (f"tags.`selfinstruct.arm` = '{SWEPT}=0.2'", ARMS[:1]),
        ("tags.`selfinstruct.model` = 'offline/grammar' and tags.`selfinstruct.prompts` = 'chat'", ARMS),
        ("tags.`selfinstruct.seed_quality` = 'unrated' and tags.`selfinstruct.version` LIKE '%.%'", ARMS),
        ("tags.`selfinstruct.seeds` = 'bdd_high'", ()),
    ],
)
def test_names_can_be_asked_for(sweep: Sweep, asked: str, found: tuple[str, ...]) -> None:
    runs = client(sweep.folder).search_runs([sweep.experiment], asked)
    assert sorted(run.info.run_name for run in runs) == list(found)
