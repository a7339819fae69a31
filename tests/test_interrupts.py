"""Ctrl+C: once finishes what is in flight and stops, twice stops now; both resume to the data of an undisturbed run."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import ENVIRONMENT, command, manifest, stored
from tests.conftest import Command
from tests.servers.fault_control import KEY, KEY_VARIABLE, FaultServer, fault_server

# LiteLLM leaves its text-completion clients to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


STORE = "runs/completions.db"


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)


def begin(server: FaultServer, folder: Path) -> subprocess.Popen[str]:
    slow = command(*server.arguments("limits.max_concurrency=4"))
    return subprocess.Popen(slow, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=-1, text=True)


def wait_for_requests(server: FaultServer, number: int) -> None:
    while len(server.asked()) < number:
        time.sleep(0.02)


def assert_the_command_goes_on(selfinstruct: Command, server: FaultServer, folder: Path) -> None:
    """The same command ends well, asks nothing again that is stored, and gives the data of an undisturbed run."""
    kept = stored(folder / STORE)
    server.plan()
    ended = selfinstruct(*server.arguments("limits.max_concurrency=4"))
    assert ended.code == 0, ended.err
    assert manifest(folder / "run")["from_store"] == kept
    assert len(server.asked()) == manifest(folder / "run")["sent"] == stored(folder / STORE) - kept
    assert selfinstruct(*server.arguments("run_dir=whole", "store.url=sqlite:///whole.db")).code == 0
    assert manifest(folder / "run")["dataset_sha256"] == manifest(folder / "whole")["dataset_sha256"]


def test_one_interrupt_finishes_what_is_in_flight_stores_it_and_stops(
    selfinstruct: Command, server: FaultServer, tmp_path: Path
) -> None:
    server.plan("trickle", seconds=1.5)
    with begin(server, tmp_path) as process:
        wait_for_requests(server, 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; what was paid is kept: repeat the command to go on" in err and "Traceback" not in err
    assert "answers in flight, which are paid for; Ctrl+C gives them up" in err
    stopped = manifest(tmp_path / "run")
    assert (stopped["status"], stopped["exit_code"]) == ("stopped", 130)
    assert stopped["sent"] == stored(tmp_path / STORE) == server.answered().total() == len(server.asked()) >= 3
    assert_the_command_goes_on(selfinstruct, server, tmp_path)


def test_two_interrupts_stop_now_and_keep_what_is_stored(
    selfinstruct: Command, server: FaultServer, tmp_path: Path
) -> None:
    server.plan("time-out", skip=6, seconds=600)  # the rest would be waited for until limits.timeout_s
    with begin(server, tmp_path) as process:
        wait_for_requests(server, 8)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = ""
        while "Ctrl+C gives them up" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)  # limits.timeout_s is 20
    assert process.returncode == 130
    assert "interrupted; repeat the command to go on" in err and "Traceback" not in said + err
    assert manifest(tmp_path / "run")["status"] == "running"  # nobody had the time to close the folder
    assert stored(tmp_path / STORE) >= 5
    assert_the_command_goes_on(selfinstruct, server, tmp_path)
