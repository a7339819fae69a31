"""Starting a local server in a process of its own and waiting until it answers."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
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
            _wait_until_open(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_until_open(port: int) -> None:
    """A server names its port before it listens."""
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"no server at port {port}")
