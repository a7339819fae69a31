"""Checkpoints of a training: which one is whole, so that a killed training goes on from it.

    <folder>/checkpoints/checkpoint-300/               weights, optimizer, schedule, random generators
    <folder>/checkpoints/checkpoint-300/whole.json     {"model.safetensors": 523112, ...}, written last

A checkpoint counts only if `whole.json` is there and every file has the size that it says: one that a kill tore in two
is recognised and removed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from selfinstruct.jsonl import write_text
from selfinstruct.runs import RunFolderError

WHOLE = "whole.json"
KEPT = 2  # the newest may be torn while it is written, so there is always one before it


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SIGNS_OF_NO_ROOM = ("inline_container", "iostream error", "No space left", "File too large", "quota exceeded")
"""What the writers of PyTorch and safetensors say in errors that carry no number."""


@contextlib.contextmanager
def writing_checkpoints(folder: Path) -> Iterator[None]:
    """Make one error of whatever the libraries raise when a file cannot be written.

    Raises:
        RunFolderError: the disk is full.
    """
    try:
        yield
    except Exception as error:
        if not _has_no_room(error):
            raise
        raise RunFolderError(
            f"{folder}: no room for a checkpoint or the model ({' '.join(str(error).split())[:120]}); free some space, "
            "then repeat the command: it goes on from the last whole checkpoint"
        ) from None


def _has_no_room(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _NO_ROOM
    is_writers = isinstance(error, RuntimeError) or type(error).__name__ == "SafetensorError"
    return is_writers and any(sign in str(error) for sign in _SIGNS_OF_NO_ROOM)


def mark_whole(checkpoint: Path) -> None:
    """Note that a checkpoint is complete."""
    write_text(checkpoint / WHOLE, json.dumps(_sizes(checkpoint), sort_keys=True) + "\n")


def last_whole(folder: Path) -> Path | None:
    """Return the newest whole checkpoint, or None, and remove those that are torn."""
    found = sorted(folder.glob("checkpoint-*"), key=_step, reverse=True) if folder.is_dir() else []
    whole = [checkpoint for checkpoint in found if is_whole(checkpoint)]
    for checkpoint in found:
        if checkpoint not in whole:
            shutil.rmtree(checkpoint, ignore_errors=True)
    return whole[0] if whole else None


def is_whole(checkpoint: Path) -> bool:
    """Return whether everything that was saved is there in its full length."""
    try:
        noted = json.loads((checkpoint / WHOLE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    sizes = _sizes(checkpoint)
    return bool(noted) and all(sizes.get(name) == size for name, size in noted.items())


def _sizes(checkpoint: Path) -> dict[str, int]:
    files = (path for path in checkpoint.rglob("*") if path.is_file() and path.name != WHOLE)
    return {path.relative_to(checkpoint).as_posix(): path.stat().st_size for path in files}


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
