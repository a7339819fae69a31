"""A tuning server for each file of tests, the planted key, short waits between tries, and a tiny model to tune."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct import finetune_job
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


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model of 0.1 million random weights, for everything that is tuned on this machine."""
    from tests.tiny_model import make_tiny_model

    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def in_one_thread() -> Iterator[None]:
    """PyTorch computes in one thread."""
    from tests.tiny_model import one_thread

    with one_thread():
        yield


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no losses: it takes longer than everything else that a command does here."""
    monkeypatch.setattr(finetune_job, "write_losses", lambda *_: None)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a finished run: 20 instances and two seed tasks."""
    return finished_run(tmp_path / "source")
