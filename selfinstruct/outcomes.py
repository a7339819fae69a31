"""How a job of a sweep and the sweep that waits for it talk to each other.

The sweep tells the job its parent in the tracker; the job reports by an `outcome.json` in its job folder, since a job
that failed must not stop the others. The sweep's exit code is the highest of its jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct.jsonl import dumps, write_text

OUTCOME = "outcome.json"
_current: dict[str, Any] = {"parent_id": None, "job_folder": None, "overrides": [], "thresholds": []}
_exit_codes: list[int] = []


def begin_job(
    parent_id: str | None, job_folder: str | None, overrides: Sequence[str], thresholds: Sequence[float] = ()
) -> None:
    """Remember whose child the next task of this process is; all empty outside a sweep."""
    _current.update(parent_id=parent_id, job_folder=job_folder, overrides=list(overrides), thresholds=list(thresholds))


def current_thresholds() -> list[float]:
    """Return the values of max_rouge_l that this sweep goes through; empty where it does not sweep them."""
    return list(_current["thresholds"])


def current_parent() -> str | None:
    """Return the tracking id of the sweep that this job belongs to, or None outside a sweep."""
    parent: str | None = _current["parent_id"]
    return parent


def current_sweep() -> str | None:
    """Return the name of the sweep that this job belongs to, or None outside a sweep."""
    return Path(_current["job_folder"]).parent.name if _current["job_folder"] else None


def current_overrides() -> list[str]:
    """Return the overrides that tell this job from its siblings; empty outside a sweep."""
    return list(_current["overrides"])


def take_exit_codes() -> list[int]:
    """Return the exit codes of the last sweep of this process, and forget them."""
    codes, _exit_codes[:] = list(_exit_codes), []
    return codes


def end_sweep(exit_codes: Sequence[int]) -> None:
    """Remember the exit codes of the sweep that has just ended."""
    _exit_codes[:] = exit_codes


def report_outcome(run_dir: str, exit_code: int, message: str) -> None:
    """Write down what became of this job, for the sweep that waits for it; nothing outside a sweep."""
    if _current["job_folder"]:
        write_outcome(Path(_current["job_folder"]), _current["overrides"], run_dir, exit_code, message)


def write_outcome(job_folder: Path, overrides: Sequence[str], run_dir: str, exit_code: int, message: str) -> None:
    """Write down what became of a job; a launcher does so for a job whose process was lost."""
    outcome = {"overrides": list(overrides), "run_dir": run_dir, "exit_code": exit_code, "message": message}
    write_text(job_folder / OUTCOME, dumps(outcome) + "\n")
