"""Stores and run folders that fail: one clear error, and nothing lost that was paid for."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import ENVIRONMENT, SMALL, command, manifest, stored, the_one_message
from tests.conftest import Command
from tests.servers.fault_control import KEY, KEY_VARIABLE, FaultServer, fault_server

# LiteLLM leaves its text-completion clients to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SLOW = ("generation.target=24", "model.options.latency_s=0.05", "limits.max_concurrency=4")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with fault_server() as running:
        yield running


def whole(selfinstruct: Command, *arguments: str) -> str:
    """The dataset_sha256 of an undisturbed run of the same command."""
    ended = selfinstruct("run", *SMALL, *arguments, "run_dir=whole", "store.url=sqlite:///whole.db")
    assert ended.code == 0, ended.err
    sha256: str = manifest(Path("whole"))["dataset_sha256"]
    return sha256


@contextlib.contextmanager
def locked(store: Path) -> Iterator[None]:
    """Hold the store as a process does that never lets go."""
    holder = sqlite3.connect(store, isolation_level=None, timeout=30)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_a_locked_store_ends_the_run_before_anything_is_sent(
    selfinstruct: Command, tmp_path: Path, server: FaultServer
) -> None:
    waits = server.arguments('store.url="sqlite:///s.db?timeout=0.3"')
    assert selfinstruct(*waits, "limits.max_requests=5").code == 4
    server.plan()
    with locked(tmp_path / "s.db"):
        ended = selfinstruct(*waits)
    assert ended.code == 3
    says = the_one_message(ended.err)
    assert "completion store s.db: database is locked; another process holds it; wait for it or stop it" in says
    assert server.asked() == []
    ended = selfinstruct(*waits)
    assert ended.code == 0, ended.err
    assert manifest(tmp_path / "run")["from_store"] == 5


def test_a_store_that_is_locked_in_the_middle_of_a_run_stops_the_sending_and_loses_what_is_in_flight_only(
    selfinstruct: Command, tmp_path: Path, server: FaultServer
) -> None:
    waits = server.arguments('store.url="sqlite:///s.db?timeout=0.3"', "limits.max_concurrency=4")
    server.plan("trickle", seconds=0.3)
    ended_run = threading.Event()

    def lock_in_the_middle() -> None:
        while stored(tmp_path / "s.db") < 4 and not ended_run.is_set():
            time.sleep(0.01)
        with locked(tmp_path / "s.db"):
            ended_run.wait(60)

    locker = threading.Thread(target=lock_in_the_middle)
    locker.start()
    ended = selfinstruct(*waits)
    ended_run.set()
    locker.join()
    assert ended.code == 3
    says = the_one_message(ended.err)
    lost = re.search(r"database is locked; .* Sending was stopped; (\d+) answers? in flight could not be stored", says)
    assert lost, says
    kept = stored(tmp_path / "s.db")
    assert manifest(tmp_path / "run")["sent"] == kept + int(lost[1])
    paid = server.answered()
    assert paid.total() == kept + int(lost[1])

    server.plan()
    ended = selfinstruct(*waits)
    assert ended.code == 0, ended.err
    assert manifest(tmp_path / "run")["from_store"] >= kept
    assert (paid & server.answered()).total() <= int(lost[1])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda file: b"garbage!" * 2 + file[16:], "file is not a database; the file is damaged"),
        (lambda file: file[: len(file) // 2], "malformed; the file is damaged; save what can be read"),
        (lambda file: file[:8192] + b"\xff" * (len(file) - 12288) + file[-4096:], "malformed; the file is damaged"),
    ],
    ids=["garbage header", "truncated file", "malformed pages"],
)
def test_a_damaged_store_is_named_sends_nothing_and_stays_as_it_is(
    selfinstruct: Command, tmp_path: Path, server: FaultServer, damage: Any, says: str
) -> None:
    store = tmp_path / "runs/completions.db"
    assert selfinstruct(*server.arguments("limits.max_requests=12", "limits.max_concurrency=4")).code == 4
    sound = store.read_bytes()
    store.write_bytes(damage(sound))
    server.plan()
    ended = selfinstruct(*server.arguments())
    assert ended.code == 3
    message = the_one_message(ended.err)
    assert says in message and "completion store runs/completions.db" in message
    assert server.asked() == []

    store.write_bytes(sound)
    ended = selfinstruct(*server.arguments())
    assert ended.code == 0, ended.err
    assert manifest(tmp_path / "run")["from_store"] == 12


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 program")
def test_the_advice_for_a_damaged_store_saves_what_can_be_read(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct("run", *SMALL, "run_dir=run").code == 0
    store = tmp_path / "runs/completions.db"
    before = stored(store)
    file = store.read_bytes()
    store.write_bytes(file[:-8192] + b"\xff" * 4096 + file[-4096:])
    ended = selfinstruct("run", *SMALL, "run_dir=again")
    advice = re.search(r"save what can be read \(`(.*)`\) and name the new file in store\.url", ended.err)
    assert advice, ended.err
    subprocess.run(advice[1].replace("damaged.db", str(store)), shell=True, cwd=tmp_path, check=True)
    ended = selfinstruct("run", *SMALL, "run_dir=again", "store.url=sqlite:///new.db")
    assert ended.code == 0, ended.err
    assert 0 < before - manifest(tmp_path / "again")["from_store"] <= 3
    assert manifest(tmp_path / "again")["dataset_sha256"] == manifest(tmp_path / "run")["dataset_sha256"]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("store.url=sqlite:///file/s.db", "completion store file/s.db"),
        ("store.url=sqlite:///file/below/s.db", "completion store file/below/s.db"),
        ("run_dir=file", "run folder"),
        ("run_dir=file/below", "run folder"),
    ],
)
def test_a_file_in_the_place_of_a_folder_is_named(selfinstruct: Command, tmp_path: Path, place: str, says: str) -> None:
    (tmp_path / "file").write_text("a diary\n")
    ended = selfinstruct("run", *SMALL, place)
    assert ended.code == 2
    message = the_one_message(ended.err)
    assert says in message and "a file stands where" in message and "move it away, or choose another" in message
    assert (tmp_path / "file").read_text() == "a diary\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the read-only file system below shows it")
@pytest.mark.parametrize(("folder", "code", "says"), [("runs", 3, "completion store"), ("mine", 2, "run folder")])
def test_a_folder_without_write_permission_is_named(
    selfinstruct: Command, tmp_path: Path, folder: str, code: int, says: str
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder).chmod(0o555)
    ended = selfinstruct("run", *SMALL, "run_dir=mine")
    (tmp_path / folder).chmod(0o755)
    assert ended.code == code
    assert says in the_one_message(ended.err)
    assert selfinstruct("run", *SMALL, "run_dir=mine").code == 0


@pytest.mark.parametrize(
    "file", ["manifest.json", "requests.jsonl", "instances.jsonl", "export/alpaca.json", "report/metrics.json"]
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the device that is always full")
def test_a_disk_that_is_full_for_any_file_of_the_run_folder_loses_nothing(
    selfinstruct: Command, tmp_path: Path, file: str
) -> None:
    full = tmp_path / "mine" / f"{file}.part"
    full.parent.mkdir(parents=True)
    full.symlink_to("/dev/full")
    ended = selfinstruct("run", *SMALL, "run_dir=mine")
    assert ended.code == 3, ended.err
    message = the_one_message(ended.err)
    assert f"run folder {tmp_path}/mine: No space left on device; free some space, then repeat the command" in message
    paid = stored(tmp_path / "runs/completions.db")
    full.unlink()
    ended = selfinstruct("run", *SMALL, "run_dir=mine")
    assert ended.code == 0, ended.err
    assert stored(tmp_path / "runs/completions.db") == paid + manifest(tmp_path / "mine")["sent"]
    assert manifest(tmp_path / "mine")["dataset_sha256"] == whole(selfinstruct)


def test_a_store_that_may_not_grow_stops_the_sending_and_says_how_many_answers_are_lost(
    selfinstruct: Command, tmp_path: Path
) -> None:
    def limit_file_sizes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    arguments = ("run", *SMALL, *SLOW, "run_dir=run")
    ended = subprocess.run(
        command(*arguments), cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, preexec_fn=limit_file_sizes
    )
    assert ended.returncode == 3, ended.stderr
    message = the_one_message(ended.stderr)
    lost = re.search(r"disk I/O error; .* Sending was stopped; (\d+) answers? in flight could not be stored", message)
    assert lost, message
    kept = stored(tmp_path / "runs/completions.db")
    assert manifest(tmp_path / "run")["sent"] == kept + int(lost[1]) and kept > 0
    ended_again = selfinstruct(*arguments)
    assert ended_again.code == 0, ended_again.err
    assert manifest(tmp_path / "run")["from_store"] == kept
    assert manifest(tmp_path / "run")["dataset_sha256"] == whole(selfinstruct, *SLOW)


def on_small_disk(folder: Path, mount: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`, with a file system of 200 KiB mounted there, and copy what is on it to kept/."""
    script = (
        f"mkdir -p {mount} && mount -t tmpfs -o size=200k tmpfs {mount} || exit 99\n"
        f'"$@"; code=$?\ncp -r {mount} kept; exit $code'
    )
    wrapped = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", *command(*arguments)]
    return subprocess.run(wrapped, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def can_mount() -> bool:
    try:
        probe = ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


needs_mounts = pytest.mark.skipif(not can_mount(), reason="this system lets nobody mount a file system of their own")


@needs_mounts
def test_a_store_on_a_full_disk_keeps_what_it_has_and_the_repeated_command_goes_on(
    selfinstruct: Command, tmp_path: Path
) -> None:
    arguments = ("run", *SMALL, *SLOW, "run_dir=run")
    ended = on_small_disk(tmp_path, "runs", *arguments)
    assert ended.returncode == 3, ended.stderr
    message = the_one_message(ended.stderr)
    lost = re.search(
        r"completion store runs/completions\.db: database or disk is full; free some space, then repeat the command; "
        r"what was stored is kept\. Sending was stopped; (\d+) answers? in flight could not be stored",
        message,
    )
    assert lost, message
    kept = stored(tmp_path / "kept/completions.db")
    assert manifest(tmp_path / "run")["sent"] == kept + int(lost[1]) and kept > 0
    ended_again = selfinstruct(*arguments, "store.url=sqlite:///kept/completions.db")  # the same store on a larger disk
    assert ended_again.code == 0, ended_again.err
    assert manifest(tmp_path / "run")["from_store"] == kept
    assert manifest(tmp_path / "run")["dataset_sha256"] == whole(selfinstruct, *SLOW)


@needs_mounts
def test_store_and_run_folder_on_one_full_disk_end_with_one_message_and_keep_what_was_stored(tmp_path: Path) -> None:
    ended = on_small_disk(tmp_path, "runs", "run", *SMALL, *SLOW, "run_dir=runs/mine")
    assert ended.returncode == 3, ended.stderr
    message = the_one_message(ended.stderr)
    assert "disk is full" in message or "No space left on device" in message
    assert stored(tmp_path / "kept/completions.db") > 0


@needs_mounts
@pytest.mark.parametrize(
    ("mount", "code", "says"), [("runs", 3, "completion store runs/completions.db"), ("mine", 2, "run folder")]
)
def test_a_read_only_file_system_is_named_before_anything_is_sent(
    tmp_path: Path, mount: str, code: int, says: str
) -> None:
    script = f'mkdir {mount} && mount -t tmpfs -o ro tmpfs {mount} || exit 99; exec "$@"'
    arguments = command("run", *SMALL, "run_dir=mine")
    ended = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", *arguments],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    message = the_one_message(ended.stderr)
    assert says in message and ("can be written" in message or "writable" in message), message
