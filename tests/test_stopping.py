"""SIGTERM stops a command as Ctrl+C does, so that what is paid for comes in; its exit code is 143."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from selfinstruct.stopping import exit_code, passed_on, stops_at_sigterm
from tests.commands import stored
from tests.sweeping import ARM, surroundings, wait_until
from tests.test_sweeps import tracked

SLOW = ("report=off", "generation.target=5", "generation.lookahead=2", "model._target_=tests.mortal_model.build")


def test_sigterm_finishes_what_is_in_flight_stores_it_and_the_repeated_command_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "selfinstruct.cli", "run", *SLOW, f"{ARM}=0.5"]
    environment = surroundings(tmp_path / "notes", "")
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: stored(tmp_path / "runs/completions.db") > 0, process)
        process.terminate()
        _, err = process.communicate()
    assert process.returncode == 143
    assert "interrupted; what was paid is kept: repeat the command to go on" in err and "Traceback" not in err
    (folder,) = (tmp_path / "runs").glob("general-*")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["status"], manifest["exit_code"]) == ("stopped", 130)
    assert manifest["sent"] == stored(tmp_path / "runs/completions.db") > 0
    assert [run.info.status for run in tracked(tmp_path)] == ["KILLED"]
    again = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads((folder / "manifest.json").read_text())["from_store"] == manifest["sent"]
    assert [run.info.status for run in tracked(tmp_path)] == ["FINISHED"]


def test_sigterm_is_an_interrupt_and_told_apart_by_the_exit_code() -> None:
    with stops_at_sigterm():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert [exit_code(code) for code in (130, 0, 3)] == [143, 0, 3]
    with stops_at_sigterm():
        assert exit_code(130) == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_background_job_that_is_deaf_to_ctrl_c_hears_sigterm() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stops_at_sigterm(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)


def test_sigterm_is_passed_on_to_those_who_asked_as_long_as_they_ask() -> None:
    heard: list[str] = []

    def gone() -> None:
        heard.append("gone")
        raise ProcessLookupError

    with stops_at_sigterm():
        with passed_on(gone), passed_on(lambda: heard.append("here")), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert heard == ["gone", "here"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert heard == ["gone", "here"]


def test_another_thread_than_the_main_one_leaves_signals_alone() -> None:
    seen: list[object] = []

    def look() -> None:
        with stops_at_sigterm():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]
