"""The training files of a run folder, with the facts that its data card states."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.records import SeedSet
from selfinstruct.stages.export import ExportOptions, write_exports

_FACTS = (
    "name",
    "identity",
    "status",
    "model",
    "prompts",
    "thresholds",
    "counts",
    "cost_usd",
    "dataset_sha256",
    "random_seed",
    "study",
    "versions",
)


def write_run_exports(
    folder: Path, manifest: Mapping[str, Any], seeds: SeedSet, options: ExportOptions
) -> tuple[Path, ...]:
    """Write the export/ folder of a run from its records; returns the files written."""
    facts = {key: manifest[key] for key in _FACTS if manifest.get(key) is not None}
    facts["seeds"] = f"{seeds.name} ({seeds.quality}, {len(seeds.tasks)} tasks)"
    return write_exports(
        folder,
        runs.read_instances(folder),
        seeds,
        options,
        manifest["random_seed"],
        facts,
        tuple(runs.read_instructions(folder)),
    )
