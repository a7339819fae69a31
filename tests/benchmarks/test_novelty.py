from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfinstruct.novelty import NoveltyIndex, describe_stream, judge_stream, judge_stream_many

from .conftest import ROOT
from .rivals import rapidfuzz_decisions, rouge_score_seconds

Report = list[tuple[str, str]]
pytestmark = pytest.mark.timeout(1800)

GRIDS = {
    "0.3 to 0.8": [round(0.3 + 0.05 * step, 2) for step in range(11)],
    "0.5 to 1.0": [round(0.5 + 0.05 * step, 2) for step in range(11)],
    "0.6 to 0.8": [round(0.6 + 0.02 * step, 2) for step in range(11)],
}

IN_A_FRESH_PROCESS = """
import sys, time
from tests.benchmarks.synthetic import extend
from selfinstruct.novelty import {call}
texts = sys.stdin.buffer.read().decode().split("\\0")
seeds, texts = texts[:175], texts[175:]
texts = extend(texts, {count}) if {count} > len(texts) else texts[:{count}]
begin = time.perf_counter()
{call}(seeds, texts, 0.7)
first = time.perf_counter() - begin
begin = time.perf_counter()
found = {call}(seeds, texts, 0.7) if {again} else None
second = time.perf_counter() - begin
kept = int(getattr(found, "accepted", found).sum()) if {again} else 0
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # getrusage would count the parent's peak
print(first, second, kept, int(status["VmHWM"].split()[0]) / 1024)
"""


def fresh(
    seeds: list[str], texts: list[str], call: str, count: int, again: bool, cache: Path | None = None
) -> tuple[float, float, int, float]:
    """Run a call in a process of its own; return seconds of the first and second call, accepted, peak MB."""
    environment = os.environ | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
    script = IN_A_FRESH_PROCESS.format(call=call, count=count, again=again)
    printed = subprocess.run(
        [sys.executable, "-c", script],
        input="\0".join(seeds + texts).encode(),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env=environment,
    ).stdout.split()
    return float(printed[0]), float(printed[1]), int(printed[2]), float(printed[3])


def seconds(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def test_deciding_and_describing_against_rouge_score(
    benchmark: Any, seeds: list[str], instructions: list[str], report: Report
) -> None:
    judge_stream(seeds, instructions, 0.7)
    describe_stream(seeds, instructions[:40_000], 0.7)
    describing = min(seconds(lambda: describe_stream(seeds, instructions, 0.7)) for _ in range(3))
    bits = benchmark.pedantic(judge_stream, (seeds, instructions, 0.7), rounds=7)
    deciding = benchmark.stats.stats.min
    literal, pairs = rouge_score_seconds(seeds, instructions, bits)
    report.append(("decide 52,002", f"{deciding:.2f} s"))
    report.append(("describe 52,002 (highest, ten most similar, mean)", f"{describing:.2f} s"))
    report.append(
        (
            "rouge_score, one process, cached tokens",
            f"{literal:,.0f} s, extrapolated from {pairs:,} pairs (10 strata)",
        )
    )
    report.append(("deciding, times faster than rouge_score", f"{literal / deciding:,.0f}"))
    report.append(("describing, times faster than rouge_score", f"{literal / describing:,.0f}"))


def test_deciding_against_rapidfuzz(benchmark: Any, seeds: list[str], instructions: list[str], report: Report) -> None:
    bits = benchmark.pedantic(judge_stream, (seeds, instructions, 0.7), rounds=3)
    begin = time.perf_counter()
    rival = rapidfuzz_decisions(seeds, instructions, 0.7)
    took = time.perf_counter() - begin
    assert np.array_equal(rival, bits)
    ratio = took / benchmark.stats.stats.min
    report.append(("rapidfuzz cdist, every pair, blocks of 512, same decisions", f"{took:.1f} s ({ratio:,.0f} times)"))


@pytest.mark.parametrize("grid", GRIDS)
def test_eleven_thresholds(
    benchmark: Any, grid: str, seeds: list[str], instructions: list[str], report: Report
) -> None:
    thresholds = GRIDS[grid]
    singly = [min(seconds(lambda t=t: judge_stream(seeds, instructions, t)) for _ in range(2)) for t in thresholds]
    benchmark.pedantic(judge_stream_many, (seeds, instructions, thresholds), rounds=3)
    report.append(
        (
            f"decide 52,002 at eleven thresholds, {grid}, in one call",
            f"{benchmark.stats.stats.min:.2f} s (one by one {sum(singly):.2f} s)",
        )
    )


def test_one_candidate_at_a_time(benchmark: Any, instructions: list[str], report: Report) -> None:
    index = NoveltyIndex()
    adding = seconds(lambda: [index.add(text) for text in instructions[:50_000]])
    candidates = instructions[50_000:51_000]
    benchmark.pedantic(lambda: [index.describe(text) for text in candidates], rounds=3)
    report.append(("add one text (mean over 50,000)", f"{adding / 50_000 * 1e6:.0f} µs"))
    report.append(("describe one text against 50,000", f"{benchmark.stats.stats.min / 1000 * 1e6:.0f} µs"))


@pytest.mark.parametrize("count", [10_000, 52_002, 100_000, 250_000, 500_000, 1_000_000])
def test_scaling(benchmark: Any, count: int, seeds: list[str], instructions: list[str], report: Report) -> None:
    """Past 52,002 the stream goes on with recombined instructions; most of them are accepted, so the pool keeps up."""
    _, took, kept, peak = benchmark.pedantic(fresh, (seeds, instructions, "judge_stream", count, True), rounds=1)
    report.append(
        (f"decide {count:,} in a process of its own", f"{took:.2f} s, {kept:,} accepted, peak memory {peak:.0f} MB")
    )


def test_describing_memory(benchmark: Any, seeds: list[str], instructions: list[str], report: Report) -> None:
    _, took, _, peak = benchmark.pedantic(
        fresh, (seeds, instructions, "describe_stream", len(instructions), True), rounds=1
    )
    report.append(("describe 52,002 in a process of its own", f"{took:.2f} s, peak memory {peak:.0f} MB"))


@pytest.mark.parametrize("call", ["judge_stream", "describe_stream"])
def test_cold_start(
    benchmark: Any, call: str, seeds: list[str], instructions: list[str], report: Report, tmp_path: Path
) -> None:
    count = 5_000
    cold, warm, _, _ = benchmark.pedantic(fresh, (seeds, instructions, call, count, True, tmp_path), rounds=1)
    cached, _, _, _ = fresh(seeds, instructions, call, count, False, tmp_path)
    small, _, _, _ = fresh(seeds, instructions, call, 500, False, tmp_path / "unused")
    assert not (tmp_path / "unused").exists()
    report.append(
        (
            f"first {call} ever of {count:,}, in a later process, and warm",
            f"{cold:.1f} s (compiling), {cached:.1f} s (reading the cache), {warm:.2f} s",
        )
    )
    report.append((f"first {call} ever of 500 (plain Python, nothing to compile)", f"{small:.2f} s"))
