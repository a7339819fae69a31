"""What end-to-end tests share: the command line in a process of its own, and what a run left behind."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.servers.fault_control import KEY, KEY_VARIABLE

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", KEY_VARIABLE: KEY}
SMALL = ("tracking=off", "report=off", "generation.target=8", "generation.lookahead=4", "export.formats=[alpaca]")


def command(*arguments: str) -> list[str]:
    """Return the command line for a process of its own; to be run with ENVIRONMENT."""
    return [sys.executable, "-m", "selfinstruct.cli", *arguments]


def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return read


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def stored(store: Path) -> int:
    """Return how many completions a store holds, also while a run writes to it; 0 where there is none yet."""
    if not store.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as opened:
        try:
            return int(opened.execute("select count(*) from completions").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def the_one_message(err: str) -> str:
    """Return the one message that a command ended with."""
    messages = [line for line in err.splitlines() if line.startswith("selfinstruct: ")]
    assert len(messages) == 1 and "Traceback" not in err, err
    return messages[0]
