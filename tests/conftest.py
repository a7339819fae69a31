"""What all tests share: the published data beside the checkout, and no way out to the network."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background; children would ignore it, too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of published data; where it is not beside the checkout, the test is skipped (in CI it fails)."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} is missing; tests on published data must run here")
        pytest.skip("the published data is not beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if str(host) not in {"127.0.0.1", "::1", "localhost"}:
            raise OSError(f"a test tried to reach {host}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@dataclass(frozen=True)
class Ended:
    """What a command of the command line printed, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture(scope="session")
def copy_of_an_empty_tracker(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Stands for the creation of a SQLite tracker, of which each takes a second; tests/tracking creates real ones."""
    from selfinstruct.tracking import store

    create, template = store._create, tmp_path_factory.mktemp("tracker") / "mlflow.db"

    def copy(path: Path) -> None:
        if not template.exists():
            create(template)
        shutil.copyfile(template, path)

    return copy


@pytest.fixture
def selfinstruct(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    copy_of_an_empty_tracker: Callable[[Path], None],
) -> Command:
    """Run the command line in this process, in a folder of its own: `selfinstruct("run", "generation.target=5")`.

    Runs have no report unless they ask for one (`report=default`): its pictures take longer than a small run.
    """
    from hydra._internal.hydra import Hydra

    from selfinstruct import cli
    from selfinstruct.tracking import store

    monkeypatch.setattr(store, "_create", copy_of_an_empty_tracker)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Hydra, "get_mode", lambda *_, **__: None)  # it composes everything once more, to find no mode

    def run(*arguments: str) -> Ended:
        has_report = any(argument.startswith(("report=", "--")) for argument in arguments)
        plain = ("report=off",) if arguments[:1] in {("run",), ("refilter",)} and not has_report else ()
        monkeypatch.setattr(sys, "argv", ["selfinstruct", *arguments, *plain])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1 if end.code else 0
        printed = capfd.readouterr()
        return Ended(code, printed.out, printed.err)

    return run
