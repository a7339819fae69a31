"""The run folder: the truth about a run, written once and read by everything that comes after.

    manifest.json      identity, dataset_sha256, status, counts (the funnel), usage, cost, versions, times
    config.yaml        the composed config, environment references unresolved
    seeds.jsonl        the seed tasks that were used, so that the folder explains itself
    candidates.jsonl   every candidate with its verdict          requests.jsonl   one line per bootstrap request
    instructions.jsonl accepted instructions                     instances.jsonl  their kept instances
    dropped.jsonl      every instance that was dropped

While a run works, its files carry the ending `.part`; they get their names when it ends, so that a file under its final
name is always whole and agrees with the manifest. A run resumes from the completion store, not from the folder.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from selfinstruct.errors import InputError, SelfInstructError
from selfinstruct.jsonl import dumps, read, write_text
from selfinstruct.records import Candidate, Dropped, Instance, Instruction, Pair, Verdict

MANIFEST = "manifest.json"
CONFIG = "config.yaml"
SEEDS = "seeds.jsonl"
CANDIDATES = "candidates.jsonl"
REQUESTS = "requests.jsonl"
INSTRUCTIONS = "instructions.jsonl"
INSTANCES = "instances.jsonl"
DROPPED = "dropped.jsonl"
RECORD_FILES = (CANDIDATES, REQUESTS, INSTRUCTIONS, INSTANCES, DROPPED)

DONE = "done"
DRIED_UP = "dried_up"
STOPPED = "stopped"
RUNNING = "running"
FINISHED = (DONE, DRIED_UP)

_KEPT = "Every completion that was paid for is in the completion store"
_REMEDIES = {
    errno.ENOSPC: "free some space, then repeat the command",
    errno.EDQUOT: "free some space, then repeat the command",
    errno.EFBIG: "raise the limit on file sizes, then repeat the command",
    errno.EIO: "see to the disk, then repeat the command",
    errno.EROFS: "choose a run_dir that can be written",
    errno.EACCES: "make it writable, or choose another run_dir",
    errno.EPERM: "make it writable, or choose another run_dir",
    errno.ENOENT: "choose a run_dir whose folders can be made",
    errno.EEXIST: "a file stands where the folder should be: move it away, or choose another run_dir",
    errno.ENOTDIR: "a file stands where the folder should be: move it away, or choose another run_dir",
    errno.EISDIR: "a folder stands where a file should be: move it away, or choose another run_dir",
    errno.ENAMETOOLONG: "choose a shorter run_dir",
}
_WRONG_PLACE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EEXIST),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
}


class RunFolderError(SelfInstructError):
    """The run folder cannot be written (read-only, full disk)."""

    exit_code = 3


class RunWriter:
    """Appends records while a run works; `finish` gives the files their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[str]] = {}

    def __enter__(self) -> RunWriter:
        for name in RECORD_FILES:
            self._files[name] = (self._folder / f"{name}.part").open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()

    def candidate(self, candidate: Candidate) -> None:
        """Append a candidate; its pairs are written only where it brought some."""
        record = asdict(candidate)
        if not candidate.pairs:
            del record["pairs"]
        self._append(CANDIDATES, record)

    def instruction(self, instruction: Instruction) -> None:
        """Append an accepted instruction."""
        self._append(INSTRUCTIONS, asdict(instruction))

    def instance(self, instance: Instance) -> None:
        """Append a kept instance."""
        self._append(INSTANCES, asdict(instance))

    def dropped(self, dropped: Dropped) -> None:
        """Append an instance that was not kept."""
        self._append(DROPPED, asdict(dropped))

    def request(self, record: Mapping[str, Any]) -> None:
        """Append what one bootstrap request brought."""
        self._append(REQUESTS, record)
        self._files[REQUESTS].flush()

    def finish(self) -> None:
        """Give every file its final name; what was there before is replaced."""
        for name, file in self._files.items():
            file.close()
            (self._folder / f"{name}.part").replace(self._folder / name)

    def _append(self, name: str, record: Mapping[str, Any]) -> None:
        self._files[name].write(dumps(record) + "\n")


@contextlib.contextmanager
def claimed(folder: Path, is_patient: bool = False) -> Iterator[bool]:
    """Hold the folder against other processes that would write the same run; give whether another one held it first.

    Args:
        is_patient: wait for another process that holds it.

    Raises:
        InputError: another process is writing this run, or the folder cannot be made or written there.
        RunFolderError: the disk is full or fails, or the folder cannot be written any more while it is held.
    """
    from filelock import FileLock, Timeout

    lock, was_taken = FileLock(folder / ".lock"), False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if not is_patient:
                raise
            was_taken = True
            lock.acquire()
    except Timeout as error:
        raise InputError(
            f"{folder}: another process is writing this run; wait for it, or choose another run_dir"
        ) from error
    except OSError as error:
        if error.errno in _WRONG_PLACE:
            raise InputError(_place_fault(folder, error)) from error
        raise unwritable(folder, error) from error
    try:
        yield was_taken
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        raise unwritable(folder, error) from error
    finally:
        lock.release()


def unwritable(folder: Path, error: OSError) -> RunFolderError:
    """Return the error for a folder that cannot be written, with what to do."""
    return RunFolderError(f"{_place_fault(folder, error)}. {_KEPT}")


def _place_fault(folder: Path, error: OSError) -> str:
    remedy = _REMEDIES.get(error.errno or 0, "make it writable, then repeat the command")
    cause = error.strerror or " ".join(str(error).split())
    return f"run folder {folder}: {cause}; {remedy}"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder.

    Raises:
        InputError: the folder has no readable manifest.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no {MANIFEST} there; give a run folder, for example run=runs/<name>") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give another run folder, or repeat the run") from error
    if not isinstance(manifest, dict) or "identity" not in manifest:
        raise InputError(f"{path}: not a manifest of a run; give a run folder, for example run=runs/<name>")
    return manifest


def earlier_manifest(folder: Path, identity: str) -> dict[str, Any]:
    """Return the manifest that an earlier command left in a folder; empty where there is none.

    Raises:
        InputError: it belongs to something else, or cannot be read.
    """
    try:
        if not (folder / MANIFEST).exists():
            return {}
    except OSError as error:  # no right to look into it, or a name that is too long
        raise InputError(_place_fault(folder, error)) from error
    manifest = read_manifest(folder)
    if manifest.get("identity") != identity:
        raise InputError(
            f"run_dir={folder}: holds something else (identity {manifest.get('identity')}, this one is {identity}); "
            "choose another run_dir, or repeat the command that made it"
        )
    return manifest


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest in one step."""
    write_text(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def dataset_sha256(folder: Path) -> str:
    """Return the SHA-256 of instructions.jsonl followed by instances.jsonl, in hexadecimal."""
    digest = hashlib.sha256()
    for name in (INSTRUCTIONS, INSTANCES):
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def read_instances(folder: Path) -> list[Instance]:
    """Return the kept instances of a run, in order."""
    return [Instance(**record) for _, record in read(folder / INSTANCES)]


def read_instructions(folder: Path) -> Iterator[Instruction]:
    """Yield the accepted instructions of a run, in order."""
    for _, record in read(folder / INSTRUCTIONS):
        yield Instruction(**record)


def read_candidates(folder: Path) -> Iterator[Candidate]:
    """Yield the candidates of a run as they were proposed, in order."""
    for _, record in read(folder / CANDIDATES):
        pairs = tuple(Pair(**pair) for pair in record.pop("pairs", ()))
        yield Candidate(**{**record, "verdict": Verdict(**record["verdict"])}, pairs=pairs)


def now() -> str:
    """Return the time in UTC, to the second, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
