"""Benchmarks run only when asked for by name (`make bench`): `pytest tests` passes them by.

They write docs/benchmarks.md from what they measured.
"""

from __future__ import annotations

import gzip
import json
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore this folder unless --benchmark-only was given."""
    if collection_path.name.startswith("test_") and not config.getoption("benchmark_only", default=False):
        return True
    return None


@pytest.fixture(scope="session")
def seeds(shared_data: Path) -> list[str]:
    """The 175 published seed instructions."""
    lines = (shared_data / "self-instruct" / "seed_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["instruction"] for line in lines]


@pytest.fixture(scope="session")
def instructions(shared_data: Path) -> list[str]:
    """The 52,002 instructions of Alpaca, in order."""
    with gzip.open(shared_data / "alpaca" / "instructions_52k.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["instruction"] for line in lines]


@pytest.fixture(scope="session")
def report() -> Iterator[list[tuple[str, str]]]:
    """Collect (what, measured) rows; at the end they become docs/benchmarks.md."""
    import numba  # here, so that collecting the other tests does not wait for it

    rows: list[tuple[str, str]] = []
    yield rows
    today = datetime.now(UTC).date().isoformat()
    lines = [
        "# Benchmarks of the novelty index",
        "",
        "Written by `make bench`. The stream is the 52,002 instructions of Alpaca against a pool that starts as the",
        "175 published seed instructions; threshold 0.7, one thread, warm, tokenising included unless said otherwise.",
        "Times depend on the machine and on what else it does; the ratios are of one run. Streams of more texts go on",
        "with texts pieced together from three real ones each, their vocabulary growing by Heaps' law.",
        "",
        f"{today}, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, Numba"
        f" {numba.__version__}.",
        "",
        "| what | measured |",
        "|---|---|",
        *(f"| {what} | {measured} |" for what, measured in rows),
    ]
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
