"""How a job of a sweep and the sweep that waits for it talk to each other.

The sweep tells the job its parent in the tracker; the job reports by an `outcome.json` in its job folder, since a job
that failed must not stop the others. The sweep's exit code is the highest of its jobs.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct.jsonl import dumps, write_text
from selfinstruct.secrecy import masked, secret_values

if TYPE_CHECKING:
    from selfinstruct.forecast import Range

OUTCOME = "outcome.json"
PARENT_VARIABLE = "SELFINSTRUCT_PARENT"  # how the steps of a study, processes of their own, learn their parent
TRACEBACK = "traceback.txt"
UNEXPECTED = 1  # the exit code of a job that ended by a fault of the program


@dataclass(frozen=True)
class Rehearsed:
    """What a job of a dry sweep would ask, and its US dollars; None where the price of its model is not known."""

    requests: Range
    cost_usd: Range | None


_current: dict[str, Any] = {"parent_id": None, "job_folder": None, "overrides": [], "thresholds": []}
_exit_codes: list[int] = []
_sweeping: list[bool] = []
_rehearsed: list[Rehearsed] = []


def begin_job(
    parent_id: str | None, job_folder: str | None, overrides: Sequence[str], thresholds: Sequence[float] = ()
) -> None:
    """Remember whose child the next task of this process is; all empty outside a sweep."""
    _current.update(parent_id=parent_id, job_folder=job_folder, overrides=list(overrides), thresholds=list(thresholds))


def current_thresholds() -> list[float]:
    """Return the values of max_rouge_l that this sweep goes through; empty where it does not sweep them."""
    return list(_current["thresholds"])


def current_parent() -> str | None:
    """Return the tracking id of the sweep or study that this job belongs to, or None outside of both."""
    parent: str | None = _current["parent_id"]
    return parent or os.environ.get(PARENT_VARIABLE)


def current_sweep() -> str | None:
    """Return the name of the sweep that this job belongs to, or None outside a sweep."""
    return Path(_current["job_folder"]).parent.name if _current["job_folder"] else None


def current_overrides() -> list[str]:
    """Return the overrides that tell this job from its siblings; empty outside a sweep."""
    return list(_current["overrides"])


def begin_sweep() -> None:
    """Remember that this process is the one that sweeps."""
    _sweeping[:] = [True]


def sweeps_in_this_process() -> bool:
    """Return whether this process is the one that sweeps, so that the next run would begin here when this one ends."""
    return bool(_sweeping) and _current["job_folder"] is not None


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


def keep_traceback(error: BaseException) -> str:
    """Write the traceback of a fault of the program to stderr and into this job's folder; return what to say of it.

    Outside a sweep there is no such folder, and Python says it all.
    """
    text = masked("".join(traceback.format_exception(error)), secret_values().values())
    print(text, end="", file=sys.stderr, flush=True)
    path = Path(_current["job_folder"]) / TRACEBACK
    with contextlib.suppress(OSError):  # it has been said; a full disk must not end the other runs
        write_text(path, text)
    what = masked(traceback.format_exception_only(error)[-1].splitlines()[0], secret_values().values())
    return f"{what} (a fault of the program: {path} says where; the other runs went on)"


def rehearsal_of_job(text: str) -> str:
    """Return what a dry run says, in a sweep below a line that tells whose it is."""
    if not _current["job_folder"]:
        return text
    return f"##### {Path(_current['job_folder']).name}: {' '.join(_current['overrides'])}\n\n{text}\n"


def add_rehearsed(rehearsed: Iterable[Rehearsed]) -> None:
    """Remember what jobs of a dry sweep would ask."""
    _rehearsed.extend(rehearsed)


def add_rehearsed_cost(cost_usd: tuple[float, float] | None) -> None:
    """Remember what a job of a dry sweep would cost that asks no model, from and to; None: its price is not known."""
    from selfinstruct.forecast import Range

    cost = None if cost_usd is None else Range(cost_usd[0], sum(cost_usd) / 2, cost_usd[1])
    add_rehearsed([Rehearsed(Range(0, 0, 0), cost)])


def take_rehearsed() -> list[Rehearsed]:
    """Return what the jobs of a dry sweep would ask, in their order, and forget it."""
    taken, _rehearsed[:] = list(_rehearsed), []
    return taken
