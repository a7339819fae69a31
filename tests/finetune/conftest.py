"""A tuning server for each file of tests, the planted key, and short waits between tries."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.finetune import api_job
from selfinstruct.models import gateway
from tests.finetune.tuning_control import TuningServer, finished_run, tuning_server
from tests.servers.fault_control import KEY, KEY_VARIABLE


@pytest.fixture(scope="module")
def server_process() -> Iterator[TuningServer]:
    with tuning_server() as running:
        yield running


@pytest.fixture
def server(server_process: TuningServer) -> Iterator[TuningServer]:
    """A provider's account that is empty."""
    server_process.forget()
    yield server_process
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # LiteLLM leaves its clients for files to the garbage collector


@pytest.fixture(autouse=True)
def key_and_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(gateway, "_LONGEST_WAIT_S", 0.05)
    monkeypatch.setattr(api_job, "LOOK_AGAIN_S", 0.05)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a finished run: 20 instances and two seed tasks."""
    return finished_run(tmp_path / "source")
