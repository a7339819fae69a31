"""One store for all tests of the tracker (its schema takes seconds), and a small run folder to mirror."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.tracking import prepare, resolve_uri

ENDED = "2099-01-02T03:04:05+00:00"  # after any tracking run of the tests began


@pytest.fixture(scope="session")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty store below a folder with a space in its name."""
    uri = resolve_uri(f"sqlite:///{tmp_path_factory.mktemp('a store')}/mlflow.db")
    prepare(uri)
    return uri


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    """An experiment of the test's own."""
    return str(request.node.nodeid)


@pytest.fixture
def run_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write a run folder; keyword arguments replace keys of its manifest."""

    def write(**changes: Any) -> Path:
        folder = tmp_path / "run"
        manifest = {
            "name": "demo",
            "identity": "0f3c5a7b9d1e",
            "status": "done",
            "exit_code": 0,
            "dataset_sha256": "0123456789ab" + "0" * 52,
            "counts": {"accepted": 2, "instances": 3},
            "ended": ENDED,
        } | changes
        files = {
            "manifest.json": json.dumps(manifest),
            "config.yaml": "random_seed: 42\n",
            "instances.jsonl": "{}\n",
            "candidates.jsonl.part": "",
            ".lock": "",
            ".env": "SECRET=1\n",
            "notes.txt": "not of the run\n",
            "export/alpaca.json": "[]",
            "export/half.json.part": "",
            "report/metrics.json": "{}",
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return write
