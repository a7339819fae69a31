"""One pipeline run in the tracker: opened before anything is sent, closed from its run folder.

run_id = start_run(uri, "selfinstruct", "demo", "0f3c5a7b9d1e", {"random_seed": 42}, {"selfinstruct.study": "demo"})
finish_run(uri, run_id, folder, {"yield.acceptance_rate": 0.5}, {"series.accepted_total": [(0, 4.0)]})
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct import runs
from selfinstruct.errors import InputError
from selfinstruct.tracking.dataset import log_dataset
from selfinstruct.tracking.entries import log_files, log_metrics, log_params, log_series, log_tags
from selfinstruct.tracking.experiments import experiment_id
from selfinstruct.tracking.options import TrackingError
from selfinstruct.tracking.search import find_or_create
from selfinstruct.tracking.store import open_client, translated

if TYPE_CHECKING:
    from mlflow import MlflowClient

IDENTITY = "selfinstruct.identity"
STATUS = "selfinstruct.status"
DATASET = "selfinstruct.dataset_sha256"

_OF_TUNING = ("training.jsonl", "validation.jsonl", "metrics.jsonl", "events.jsonl", "job.json", "results.csv")
_OF_EVALUATION = ("predictions.jsonl", "scores.jsonl", "grades.jsonl", "pairs.jsonl")
_FILES = (runs.MANIFEST, runs.CONFIG, runs.SEEDS, *runs.RECORD_FILES, *_OF_TUNING, *_OF_EVALUATION)
_FOLDERS = ("export", "report")
_STOPPED_BY_CHOICE = {4, 130}  # a cap, an interruption


def start_run(
    uri: str,
    experiment: str | None,
    name: str,
    identity: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    parent_id: str | None = None,
    artifacts: str | None = None,
) -> str:
    """Return the id of the tracking run of this identity below this parent; a repeated command goes on with its own.

    Args:
        uri: an absolute URI (`resolve_uri`).
        experiment: the experiment's name.
        params: scalars by dotted key; long values are cut with a mark, and those that the run has stay as they are.
        tags: such as selfinstruct.study, .arm, .seeds, .model, .prompts, .version.
        artifacts: where the files of a new experiment lie (`artifact_place`).

    Raises:
        InputError: the store cannot be used.
    """
    with translated(uri, InputError):
        client = open_client(uri)
        place = experiment_id(client, uri, experiment, artifacts, is_loud=parent_id is None)
        run_id = find_or_create(client, place, name, (IDENTITY, identity), tags, parent_id)
        log_params(client, run_id, params)
    return run_id


def finish_run(
    uri: str,
    run_id: str,
    folder: Path,
    metrics: Mapping[str, float],
    series: Mapping[str, Sequence[tuple[int, float]]],
) -> None:
    """Mirror a run folder into its tracking run and close it as its manifest says; twice is the same as once.

    Artifacts are the files of the run folder that design.md names, and everything in export/ and report/. The dataset
    becomes an input of the run once it is complete.

    Raises:
        InputError: the run folder has no readable manifest.
        TrackingError: the tracker failed; the run folder is complete all the same.
    """
    manifest = runs.read_manifest(folder)
    with translated(uri, TrackingError):
        client = open_client(uri)
        log_metrics(client, run_id, metrics)
        log_series(client, run_id, series)
        if manifest["status"] in runs.FINISHED and "instances" in manifest.get("counts", {}):
            log_dataset(client, run_id, manifest)
        log_files(client, run_id, _mirrored(folder))
        log_tags(client, run_id, _closing_tags(manifest))
        close(client, run_id, _status(manifest), manifest.get("ended"))


def close_lost_run(uri: str, run_id: str, exit_code: int | None) -> None:
    """Close a tracking run whose folder nobody could close; one that was closed stays as it is.

    Args:
        exit_code: with which the command ends; None where that is a fault of the program.

    Raises:
        TrackingError: the tracker failed.
    """
    with translated(uri, TrackingError):
        client = open_client(uri)
        if client.get_run(run_id).info.status == "RUNNING":
            log_tags(client, run_id, {STATUS: runs.STOPPED})
            close(client, run_id, _status({"status": runs.STOPPED, "exit_code": exit_code}))


def _mirrored(folder: Path) -> dict[str, Path]:
    """A list of names instead of everything there is: a run_dir may hold the tracker's own artifacts, or a `.env`."""
    files = [folder / name for name in _FILES]
    for name in _FOLDERS:
        files += sorted((folder / name).rglob("*"))
    wanted = [path for path in files if path.is_file() and path.suffix != ".part" and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path for path in wanted}


def _closing_tags(manifest: Mapping[str, Any]) -> dict[str, str]:
    tags = {STATUS: str(manifest["status"])}
    if manifest.get("dataset_sha256"):
        tags[DATASET] = str(manifest["dataset_sha256"])
    return tags


def _status(manifest: Mapping[str, Any]) -> str:
    if manifest["status"] in runs.FINISHED:
        return "FINISHED"
    return "KILLED" if manifest.get("exit_code") in _STOPPED_BY_CHOICE else "FAILED"


def close(client: MlflowClient, run_id: str, status: str, ended: str | None = None) -> None:
    """Close a tracking run. `ended`: ISO 8601, or None for now; never before the tracking run began."""
    started_ms = client.get_run(run_id).info.start_time or 0
    ended_ms = max(started_ms, _milliseconds(ended)) if ended else None
    client.set_terminated(run_id, status, ended_ms)


def _milliseconds(moment: str) -> int:
    return int(datetime.datetime.fromisoformat(moment).timestamp() * 1000)
