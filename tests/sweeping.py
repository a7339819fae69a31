"""A small sweep in processes of its own, as a user would run it, with the arms of tests/mortal_model.py.

sweep(folder, "joblib", "0.001,0.002", fates="fail 0.002").code  ->  3
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

ARM = "model.options.latency_s"
SMALL = (f"{sys.executable} -m selfinstruct.cli run -m report=off generation.target=5 generation.lookahead=2").split()


@dataclass(frozen=True)
class Swept:
    """What a sweep printed, its exit code, and on which nodes its runs were: one for each process."""

    code: int
    out: str
    err: str
    nodes: list[str]

    @property
    def said(self) -> list[str]:
        """The lines of `err` that are not about progress."""
        return without_progress(self.err)


def sweep(folder: Path, launcher: str, arms: str, *arguments: str, fates: str = "", **environment: str) -> Swept:
    """Run a sweep to its end."""
    notes = folder / "notes"
    shutil.rmtree(notes, ignore_errors=True)
    ended = subprocess.run(
        [*SMALL, f"hydra/launcher={launcher}", f"{ARM}={arms}", "model._target_=tests.mortal_model.build", *arguments],
        cwd=folder,
        env=surroundings(notes, fates) | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Swept(ended.returncode, ended.stdout, ended.stderr, [n.read_text() for n in notes.glob("*.process")])


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Wait for something that a process does, as long as the process lives."""
    while not happened():
        assert process.poll() is None, f"it ended with {process.returncode} before that"
        time.sleep(0.05)


def without_progress(err: str) -> list[str]:
    """Leave out the lines that a run prints every few seconds, of which a slow machine sees some."""
    return [line for line in err.splitlines() if not re.match(r"[\w-]+: [\d,]+ of [\d,]+ instructions", line)]


def surroundings(notes: Path, fates: str) -> dict[str, str]:
    """Write down what becomes of the arms, and return the environment in which their model finds it."""
    notes.mkdir()
    (notes / "fates").write_text(fates)
    return {**os.environ, "PYTHONPATH": str(ROOT), "MORTAL_NOTES": str(notes)}
