"""The run that a model is trained on, as its folder tells it.

read_source(Path("runs/general-gpt-4.1-mini-0f3c5a7b9d1e"))    Source("general-gpt-4.1-mini", ..., instances=(...), ...)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from selfinstruct import runs
from selfinstruct.errors import InputError
from selfinstruct.records import Instance, SeedSet
from selfinstruct.seeds import load_seeds


@dataclass(frozen=True)
class Source:
    """A finished run: who it is, the digest of its dataset, and the records that a model learns from."""

    folder: Path
    name: str
    identity: str
    dataset_sha256: str
    seeds: SeedSet
    instances: tuple[Instance, ...]


def read_source(folder: Path) -> Source:
    """Return a finished run (`run` or `refilter`) from its folder.

    Raises:
        InputError: no run folder, a run that has not ended, or a dataset that is not the one its manifest names.
    """
    manifest = runs.read_manifest(folder)
    if manifest.get("verb") not in ("run", "refilter"):
        raise InputError(
            f"run={folder}: holds no dataset (verb {manifest.get('verb')}); give a folder of run or refilter"
        )
    if manifest["status"] not in runs.FINISHED:
        raise InputError(f"run={folder}: this run has not ended ({manifest['status']}); repeat its command first")
    if runs.dataset_sha256(folder) != manifest["dataset_sha256"]:
        raise InputError(f"run={folder}: the dataset is not the one that its manifest names; repeat the run's command")
    seeds = load_seeds(folder / runs.SEEDS, manifest["seeds"]["name"], manifest["seeds"]["quality"])
    return Source(
        folder=folder,
        name=manifest["name"],
        identity=manifest["identity"],
        dataset_sha256=manifest["dataset_sha256"],
        seeds=seeds,
        instances=tuple(runs.read_instances(folder)),
    )
