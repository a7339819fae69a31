"""The gateway against bare LiteLLM, against a server that enforces limits, and in whole runs; writes its own report."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.servers.process import serving

from .conftest import ROOT
from .gateway_load import new_request

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

Sections = dict[str, list[str]]
ROUNDS = 5
WAYS = {
    "default": "`litellm.acompletion`, `openai/` as it is",
    "settings": "`litellm.acompletion`, all public settings that help",
    "switches": "the same without LiteLLM's log entries, as ours",
    "gateway": "ours: the gateway",
    "stored": "ours: the gateway behind the completion store (SQLite)",
}


@pytest.fixture(scope="module")
def report() -> Iterator[Sections]:
    """Collect a table a test; when all were measured they become docs/benchmarks_gateway.md."""
    sections: Sections = {}
    yield sections
    machine = f"{os.cpu_count()} cores, shared with the server and the store; {platform.machine()}"
    versions = f"Python {platform.python_version()}, LiteLLM {version('litellm')}, aiohttp {version('aiohttp')}"
    lines = [
        "# Benchmarks of the gateway",
        "",
        "Written by `make bench`, or alone by `python -m pytest tests/benchmarks/test_gateway.py --benchmark-only`.",
        "The servers are local processes (tests/servers/) that speak the OpenAI protocol over HTTP.",
        "",
        f"{datetime.now(UTC).date().isoformat()}; {machine}; {versions}.",
    ]
    for section in sections.values():
        lines += ["", *section]
    text = "\n".join(lines) + "\n"
    print(text)
    if set(sections) == {"throughput", "limits", "busy"}:
        (ROOT / "docs" / "benchmarks_gateway.md").write_text(text, encoding="utf-8")


def stats(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{address}/stats") as answer:
        told: dict[str, float] = json.load(answer)
    return told


def load(way: str, address: str) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.gateway_load", way, address]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    measured: dict[str, float] = json.loads(printed.splitlines()[-1])
    return measured


def test_throughput_against_bare_litellm(benchmark: Any, report: Sections) -> None:
    """The ways take turns, so that whatever else the machine does meets them all."""

    def take_turns() -> dict[str, list[dict[str, float]]]:
        with serving("timed_server") as address:
            measured: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
            for _ in range(ROUNDS):
                for way, rounds in measured.items():
                    rounds.append(load(way, address))
        return measured

    measured = benchmark.pedantic(take_turns, rounds=1)
    median = {
        way: {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        for way, rounds in measured.items()
    }
    rows = [
        f"| {WAYS[way]} | {found['requests_per_s']:.0f} | {found['cpu_s'] * 1000:.2f} "
        f"| {found['requests_per_s'] / median['default']['requests_per_s']:.2f} "
        f"| {found['requests_per_s'] / median['settings']['requests_per_s']:.2f} |"
        for way, found in median.items()
    ]
    report["throughput"] = [
        "## A server that answers at once",
        "",
        f"64 at a time, 1,500 requests after 300 to warm up, medians of {ROUNDS} rounds in which the ways take turns,",
        "each in a process of its own. The settings that help: the `hosted_vllm/` path (it goes without OpenAI's",
        "client) and a registered price. What uvloop changes was within the noise; the httpx transport in the place of",
        "aiohttp's costs twice the CPU.",
        "",
        "| | requests/s | CPU ms per request | times the default | times the settings |",
        "|---|---|---|---|---|",
        *rows,
    ]
    assert median["stored"]["requests_per_s"] >= 0.9 * median["settings"]["requests_per_s"]
    assert median["stored"]["requests_per_s"] >= 1.3 * median["default"]["requests_per_s"]


RUNS = [
    ("equal, 1 s", ["--median", "1.0"], 1_000, 0.95),
    ("log-normal, median 0.5 s, 99th percentile 5 s", ["--median", "0.5", "--p99", "5.0"], 5_000, 0.90),
]


def run_against(address: str, target: int, folder: Path) -> dict[str, Any]:
    command = [
        *(sys.executable, "-m", "selfinstruct.cli", "run", "tracking=off", "model=openai_compatible"),
        *("model.name=openai/any", f"model.api_base={address}/v1", "model.input_cost_per_token=0"),
        *("model.output_cost_per_token=0", f"generation.target={target}", "generation.lookahead=64"),
        *("limits.max_concurrency=64", f"run_dir={folder / 'run'}", f"store.url=sqlite:///{folder}/store.db"),
    ]
    subprocess.run(command, check=True, cwd=folder, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    manifest: dict[str, Any] = json.loads((folder / "run" / "manifest.json").read_text())
    return manifest


def test_a_whole_run_keeps_the_provider_busy(benchmark: Any, report: Sections, tmp_path: Path) -> None:
    rows, shares = [], []

    def measure() -> None:
        for number, (latencies, arguments, target, _) in enumerate(RUNS):
            folder = tmp_path / str(number)
            folder.mkdir()
            with serving("timed_server", "--answers", "grammar", *arguments) as address:
                manifest = run_against(address, target, folder)
                found = stats(address)
            assert manifest["counts"]["accepted"] == target
            ideal_s = found["latency_s"] / 64
            shares.append(ideal_s / found["span_s"])
            rows.append(
                f"| {latencies} | {target:,} | {found['requests']:,.0f} | {ideal_s:.1f} | {found['span_s']:.1f} "
                f"| {shares[-1]:.3f} |"
            )

    benchmark.pedantic(measure, rounds=1)
    report["busy"] = [
        "## A whole run, 64 in flight, look-ahead 64",
        "",
        "`selfinstruct run tracking=off` against a server that answers from the offline grammar. Ideal: the latencies",
        "of all requests together / 64. Took: from the first request to the last answer, as the server saw it.",
        "",
        "| latencies | instructions | requests | ideal, s | took, s | ideal / took |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    for share, (latencies, _, _, wanted) in zip(shares, RUNS, strict=True):
        assert share >= wanted, latencies


LIMITED = {
    "100 requests/s": ["--requests-per-minute", "6000"],
    "16,800 tokens/s (100 requests)": ["--tokens-per-minute", "1008000"],
}
TELLING: dict[str, tuple[dict[str, float | None], list[str]]] = {
    "`limits.*` say it": ({"requests_per_minute": 6_000, "tokens_per_minute": 1_008_000}, []),
    "headers say it": ({}, ["--headers", "--retry-after", "whole"]),
    "only Retry-After, in whole seconds": ({}, ["--retry-after", "whole"]),
    "nothing says it": ({}, []),
}
WARM_UP_S, STEADY_S = 20.0, 20.0


async def keep_asking(address: str, own: dict[str, float | None], seconds: float) -> dict[str, float]:
    """Ask with 64 places until the time is over; return what the server counted after the warm-up."""
    from selfinstruct.models.budget import Budget
    from selfinstruct.models.gateway import ModelOptions, build
    from selfinstruct.models.limits import LimitOptions

    limits = LimitOptions(
        64, None, None, None, None, own.get("requests_per_minute"), own.get("tokens_per_minute"), 8, 60.0, 900.0
    )
    named = ModelOptions("openai/m", "chat", f"{address}/v1", None, "", 0.0, 0.0, {})
    gateway = build(named, limits, Budget(limits))
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + seconds

    async def ask() -> None:
        while loop.time() < ends_s:
            await gateway.complete(new_request())

    asking = [asyncio.create_task(ask()) for _ in range(96)]
    await asyncio.sleep(WARM_UP_S)
    before = await asyncio.to_thread(stats, address)
    await asyncio.sleep(seconds - WARM_UP_S)
    after = await asyncio.to_thread(stats, address)
    gateway.stop()
    await asyncio.gather(*asking, return_exceptions=True)
    await gateway.close()
    return {name: after[name] - before[name] for name in before}


def test_a_server_that_enforces_limits(benchmark: Any, report: Sections) -> None:
    rows = []

    def measure() -> None:
        for limit, arguments in LIMITED.items():
            for telling, (own, server) in TELLING.items():
                with serving("limited_server", "--latency", "0.2", "--window", "5", *arguments, *server) as address:
                    found = asyncio.run(keep_asking(address, own, WARM_UP_S + STEADY_S))
                used, allowed = (
                    (found["let_through"], 100 * found["now_s"])
                    if "requests" in arguments[0]
                    else (found["tokens_used"], 16_800 * found["now_s"])
                )
                rejected = found["rejected"] / found["asked"]
                rows.append(f"| {limit} | {telling} | {found['asked']:,.0f} | {rejected:.2%} | {used / allowed:.1%} |")
                if telling in {"`limits.*` say it", "headers say it"}:
                    assert rejected <= 0.01
                    assert used / allowed >= 0.9

    benchmark.pedantic(measure, rounds=1)
    report["limits"] = [
        "## A server that enforces limits",
        "",
        "Token buckets that hold what 5 s bring; answers take 0.2 s, so that 20 requests in flight use the limit up,",
        f"but there are 64 places. Counted by the server over {STEADY_S:.0f} s, after {WARM_UP_S:.0f} s to warm up.",
        "",
        "| limit | who says it | asked | rejected | of the limit used |",
        "|---|---|---|---|---|",
        *rows,
    ]
