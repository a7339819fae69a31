"""Starting a local server in a process of its own and waiting until it answers."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Give the address of a server module of this folder; it ends with the block."""
    command = [sys.executable, "-W", "ignore", "-m", f"tests.servers.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
