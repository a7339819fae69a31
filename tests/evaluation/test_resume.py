"""An evaluation that is killed goes on where it was: no answer and no grade is paid for twice."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands import ENVIRONMENT, command, manifest, stored, the_one_message
from tests.conftest import Command
from tests.evaluation.folders import ECHO, JUDGE, write_superni

_TASKS, _INSTANCES = 4, 6
ARGUMENTS = (
    *("evaluate", "benchmark=superni", "benchmark.path=ni", "tracking=off", "run_dir=mine", "resamples=200"),
    *(*ECHO, *JUDGE, "+model.options.pause_s=0.1", "+judge.options.pause_s=0.1"),
)


def started(folder: Path, asked: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*ARGUMENTS),
        cwd=folder,
        env=ENVIRONMENT | {"EVALUATION_ASKED": str(folder / asked)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], store: Path, number: int) -> None:
    deadline_s = time.monotonic() + 60
    while stored(store) < number:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline_s, f"{stored(store)} answers are stored"
        time.sleep(0.02)


def asked(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_a_killed_and_an_interrupted_evaluation_pay_for_nothing_twice(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_superni(tmp_path / "ni", tasks=_TASKS, instances=_INSTANCES)
    store = tmp_path / "runs" / "completions.db"
    with started(tmp_path, "asked1") as first:
        wait_for(first, store, 6)
        first.kill()
    assert manifest(tmp_path / "mine")["status"] == "running"
    kept = stored(store)
    assert 6 <= kept < _TASKS * _INSTANCES
    with started(tmp_path, "asked2") as second:
        wait_for(second, store, _TASKS * _INSTANCES + 4)  # the judge is at work
        os.kill(second.pid, signal.SIGINT)
        _, err = second.communicate(timeout=60)
    assert second.returncode == 130, err
    assert "repeat the command to go on" in the_one_message(err)
    assert manifest(tmp_path / "mine")["status"] == "stopped"
    monkeypatch.setenv("EVALUATION_ASKED", str(tmp_path / "asked3"))
    ended = selfinstruct(*ARGUMENTS)  # its libraries are loaded here already
    assert ended.code == 0, ended.err
    assert manifest(tmp_path / "mine")["status"] == "done"
    everything = stored(store)
    sent = [asked(tmp_path / name) for name in ("asked1", "asked2", "asked3")]
    # Two at a time are in flight; what the killed process had sent and not yet stored is asked again, and no more
    assert everything <= sum(sent) <= everything + 2
    assert sum(sent[1:]) == everything - kept
