"""Run folders as a comparison sees them: what was declared, what came out, which are one arm.

read_runs([Path("runs/a"), Path("runs/sweeps/s")]) -> the runs, those of a sweep's folder one by one
Run(folder=..., settings={"filters.instruction.max_rouge_l": 0.5, "seeds": "general", ...}, metrics={...}, ...)
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.errors import InputError

METRICS = "report/metrics.json"
SWEEP = "sweep.json"
_DECLARED = ("model", "prompts", "filters", "generation", "target")  # what a run is told that changes its data
_REPLICATES = ("random_seed", "store.sample")  # what only draws the same arm again


@dataclass(frozen=True)
class Run:
    """One finished run. `settings`: what was declared, by dotted key; `replicate`: what only draws it again."""

    folder: Path
    manifest: Mapping[str, Any]
    settings: Mapping[str, Any]
    replicate: Mapping[str, Any]
    metrics: Mapping[str, float]


def expand(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the run folders, those of a sweep's folder in its place, and a line for each run that is left out.

    A run of a sweep that ended with an error is left out, and one that two of its arms share (they differ in a limit)
    is taken once.
    """
    folders: list[Path] = []
    left_out: list[str] = []
    for path in (path.expanduser() for path in paths):
        if not (path / SWEEP).is_file():
            folders.append(path)
            continue
        ended_well: dict[Path, None] = {}
        for outcome in _read_json(path / SWEEP):
            if outcome["exit_code"] == 0:
                ended_well[Path(outcome["run_dir"])] = None
            else:
                arm = " ".join(outcome["overrides"]) or outcome["run_dir"]
                left_out.append(f"{arm} is left out: it ended with exit code {outcome['exit_code']}.")
        folders += ended_well
    return folders, left_out


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Return the runs, in the same order.

    Raises:
        InputError: fewer than two runs, one given twice, or a folder that holds no finished run with its metrics.
    """
    if len(folders) < 2:
        given = f"one run ({folders[0]})" if folders else "no run"
        raise InputError(f"runs: {given} is nothing to compare; give at least two run folders")
    places = [folder.expanduser().absolute() for folder in folders]
    for number, place in enumerate(places):
        if place.resolve() in [other.resolve() for other in places[:number]]:
            raise InputError(f"runs: {place} is given twice; name each run once")
    return [_read_run(place) for place in places]


def _read_run(folder: Path) -> Run:
    if not folder.is_dir():
        raise InputError(f"runs: {folder}: no such folder; check the path")
    manifest = runs.read_manifest(folder)
    if manifest.get("status") == runs.RUNNING:
        raise InputError(f"runs: {folder}: this run has not ended; repeat its command first")
    if not (folder / METRICS).is_file():
        raise InputError(f"runs: {folder}: no {METRICS}, so it was not measured; repeat its command")
    metrics = _metrics(folder / METRICS)
    declared = _declared(folder / runs.CONFIG)
    settings = {key: value for key, value in declared.items() if key.partition(".")[0] in _DECLARED}
    settings |= {"verb": manifest.get("verb", "run"), "seeds": _seeds(folder, manifest)}
    if "source" in manifest:
        settings["source"] = manifest["source"].get("identity")
    replicate = {key: declared.get(key, manifest.get(key)) for key in _REPLICATES}
    return Run(folder, manifest, settings, replicate, metrics)


def _metrics(path: Path) -> dict[str, float]:
    metrics = _read_json(path)
    if not isinstance(metrics, dict):
        raise InputError(f"{path}: not a table of metrics; repeat the command of this run")
    for name, value in metrics.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{path}: {name} is {value!r}, and no finite number; repeat the command of this run")
    return metrics


def _declared(path: Path) -> dict[str, Any]:
    """Return the composed config by dotted key; references stay as they are written."""
    import yaml

    try:
        return flat(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read ({error}); repeat the command of this run") from error


def flat(plain: Any, key: str = "") -> dict[str, Any]:
    """Return nested values of a config by dotted key."""
    if not isinstance(plain, dict):
        return {key: plain}
    return {
        name: value
        for part, inner in plain.items()
        for name, value in flat(inner, f"{key}.{part}" if key else str(part)).items()
    }


def _seeds(folder: Path, manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Return the seed set's name and a digest of its tasks: the same name may stand for other tasks."""
    path = folder / runs.SEEDS
    content = path.read_bytes() if path.is_file() else b""
    return manifest.get("seeds", {}).get("name", ""), hashlib.sha256(content).hexdigest()[:6]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); repeat the command that wrote it") from error
