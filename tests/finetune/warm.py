"""Commands in processes of their own that begin at once: forked from one that has imported what a command needs.

    with warm_process() as begin:
        command = begin(["finetune", "run=..."], folder)
        command.send(signal.SIGKILL)
        code, err = command.wait()

Importing LiteLLM takes seconds, and tests that kill commands need many of them. What forks runs nothing itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.commands import ENVIRONMENT


@dataclass(frozen=True)
class Warm:
    """A command that was begun. Its output, errors and exit code are in files beside its folder."""

    pid: int
    place: Path

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = 60) -> tuple[int, str]:
        """Return exit code (below 0: the signal that ended it) and what was written to stderr."""
        until = time.monotonic() + seconds
        while not (code := self.place / "code").is_file():
            if time.monotonic() > until:
                raise TimeoutError(f"process {self.pid}")
            time.sleep(0.02)
        return int(code.read_text()), (self.place / "err").read_text()


Begin = Callable[[Sequence[str], Path], Warm]


@contextlib.contextmanager
def warm_process() -> Iterator[Begin]:
    """Give the function that begins a command in a folder; what still runs at the end is killed."""
    words = [sys.executable, "-m", "tests.finetune.warm"]
    with subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        into, out = process.stdin, process.stdout
        begun: list[Warm] = []

        def begin(arguments: Sequence[str], folder: Path) -> Warm:
            place = folder / f"command{len(begun)}"
            place.mkdir()
            print(json.dumps([list(arguments), str(folder), str(place)]), file=into, flush=True)
            begun.append(Warm(int(out.readline()), place))
            return begun[-1]

        try:
            yield begin
        finally:
            for command in begun:
                if not (command.place / "code").exists():
                    command.send(signal.SIGKILL)
            process.kill()


_places: dict[int, str] = {}


def main() -> None:
    """Fork for each line of stdin, and say the number of the new process."""
    import hydra  # noqa: F401

    from selfinstruct import cli, commands, finetune_job  # noqa: F401
    from selfinstruct.models.library import import_litellm

    import_litellm()
    signal.signal(signal.SIGCHLD, _reap)
    for line in sys.stdin:
        arguments, folder, place = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # until it is noted whose end it would be
        if (pid := os.fork()) == 0:
            _become(arguments, folder, place)
        _places[pid] = place
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        print(pid, flush=True)


def _become(arguments: list[str], folder: str, place: str) -> None:
    """Be the command, to its end."""
    from selfinstruct import cli

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.chdir(folder)
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(f"{place}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = ["selfinstruct", *arguments]
    code = 1
    try:
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _reap(*_: Any) -> None:
    """Write down how processes ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            written = Path(_places[pid]) / "code.part"
            written.write_text(str(os.waitstatus_to_exitcode(status)))
            written.replace(written.with_name("code"))


if __name__ == "__main__":
    main()
