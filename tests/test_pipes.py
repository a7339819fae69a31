"""A reader that goes away, as `head -1` does, ends nothing: no traceback, and the work is done to its end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import ENVIRONMENT, SMALL, command, manifest


def unread(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose stdout nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            command(*arguments),
            cwd=folder,
            env=ENVIRONMENT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["run", "--cfg", "job"]])
def test_words_that_nobody_reads_are_no_fault(tmp_path: Path, arguments: list[str]) -> None:
    ended = unread(tmp_path, *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_sweep_that_nobody_listens_to_is_done_to_its_end(tmp_path: Path, launcher: str) -> None:
    ended = unread(tmp_path, "run", "-m", *SMALL, f"hydra/launcher={launcher}", "random_seed=1,2")
    assert ended.returncode == 0, ended.stderr
    assert "Broken" not in ended.stderr
    folders = list((tmp_path / "runs").glob("general-*"))
    assert [manifest(folder)["status"] for folder in folders] == ["done", "done"]


def test_the_code_of_a_command_that_failed_stays_its_own(tmp_path: Path) -> None:
    ended = unread(tmp_path, "compare", "runs=[nowhere,here]")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
