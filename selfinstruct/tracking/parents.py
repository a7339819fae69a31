"""The parent of a sweep in the tracker: opened before the first job, closed after the last one.

parent_id = start_parent(uri, "selfinstruct", "threshold_sweep-4f0a", "threshold_sweep-4f0a", {})
finish_parent(uri, parent_id, [0, 0, 3], {"sweep.runs": 3.0}, [folder / "sweep.json"])      closes it as FAILED
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.tracking.children import close_lost_children
from selfinstruct.tracking.entries import log_files, log_metrics, log_tags
from selfinstruct.tracking.experiments import experiment_id
from selfinstruct.tracking.options import TrackingError
from selfinstruct.tracking.runs import STATUS, close
from selfinstruct.tracking.search import find_or_create
from selfinstruct.tracking.store import open_client, translated

SWEEP = "selfinstruct.sweep"


def start_parent(
    uri: str,
    experiment: str | None,
    name: str,
    sweep_id: str,
    tags: Mapping[str, str],
    artifacts: str | None = None,
) -> str:
    """Return the id of the tracking run that stands for this sweep; a repeated sweep goes on with its own.

    The store's schema is complete when this returns, so that jobs may start in parallel.

    Raises:
        InputError: the store cannot be used.
    """
    with translated(uri, InputError):
        client = open_client(uri)
        place = experiment_id(client, uri, experiment, artifacts, is_loud=True)
        return find_or_create(client, place, name, (SWEEP, sweep_id), tags)


def finish_parent(
    uri: str,
    run_id: str,
    statuses: Sequence[int],
    summary: Mapping[str, float],
    artifacts: Sequence[Path],
) -> None:
    """Close a sweep: FINISHED if every job ended with exit code 0, FAILED otherwise and where no job ran at all.

    Children that are still open are FAILED: their processes were lost, or they would have closed them.

    Args:
        statuses: the exit codes of the jobs.
        summary: metrics of the sweep as a whole.
        artifacts: files, stored under their names.

    Raises:
        TrackingError: the tracker failed.
    """
    is_done = bool(statuses) and not any(statuses)
    close_lost_children(uri, run_id)
    with translated(uri, TrackingError):
        client = open_client(uri)
        log_metrics(client, run_id, summary)
        log_files(client, run_id, {path.name: path for path in artifacts})
        log_tags(client, run_id, {STATUS: "done" if is_done else "stopped"})
        close(client, run_id, "FINISHED" if is_done else "FAILED")
