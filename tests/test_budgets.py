"""A cap ends a run in order: never above it, within one request's worst case below it, and a higher one goes on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import Command

RUN = ("run", "generation.target=25", "generation.lookahead=4", "tracking=off")
PRICED = ("model.input_cost_per_token=1e-6", "model.output_cost_per_token=2e-6")


def manifest(folder: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return read


def spent(folder: Path) -> dict[str, float]:
    from selfinstruct.models.reckoning import Reckoning
    from selfinstruct.models.store import open_store

    store = open_store(f"sqlite:///{folder.parent / 'runs' / 'completions.db'}")
    paid = store.spent(str(manifest(folder)["identity"]), Reckoning())
    store.close()
    return {"max_requests": paid.requests, "max_tokens": paid.tokens, "max_cost_usd": paid.cost_usd}


@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize(
    ("cap", "value"),
    [("max_requests", 20), ("max_tokens", 20_000), ("max_cost_usd", 0.02), ("sweep_max_cost_usd", 0.02)],
)
def test_a_cap_is_kept_to_within_one_request_and_a_higher_one_goes_on(
    cap: str, value: float, concurrency: int, selfinstruct: Command, tmp_path: Path
) -> None:
    capped = (*RUN, *PRICED, "run_dir=capped", f"limits.max_concurrency={concurrency}")
    stopped = selfinstruct(*capped, f"limits.{cap}={value}")
    assert stopped.code == 4
    said = re.search(rf"limits\.{cap}=\S+ reached: .*the next request may need up to ([\d.e-]+);", stopped.err)
    assert said, stopped.err
    assert manifest(tmp_path / "capped")["status"] == "stopped"
    assert manifest(tmp_path / "capped")["exit_code"] == 4
    paid = spent(tmp_path / "capped")[cap.removeprefix("sweep_")]
    assert value - float(said[1]) * 1.001 < paid <= value
    print(f"limits.{cap}={value:g} at {concurrency} in flight: paid {paid:g}, next request up to {said[1]}")

    assert selfinstruct(*capped, f"limits.{cap}={value * 100}").code == 0
    assert selfinstruct(*RUN, "run_dir=free", "store.url=sqlite:///other.db").code == 0
    assert manifest(tmp_path / "capped")["dataset_sha256"] == manifest(tmp_path / "free")["dataset_sha256"]
