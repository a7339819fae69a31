"""The manifest of a tuned model's folder: where its data came from, what became of it.

{"verb": "finetune", "kind": "api", "source": {"run": ..., "identity": ...}, "tuned_model": "ft:...", "job_id": ...}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.errors import SelfInstructError
from selfinstruct.finetune.data import TrainingData, Tuned
from selfinstruct.finetune.source import Source
from selfinstruct.versions import versions


def first_manifest(source: Source, data: TrainingData, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a fine-tuning that begins; `facts` are name, kind, identity, model, random_seed, study."""
    return {
        "verb": "finetune",
        **facts,
        "status": runs.RUNNING,
        "reason": "",
        "exit_code": None,
        "source": {"run": str(source.folder), "identity": source.identity},
        "dataset_sha256": source.dataset_sha256,
        "seeds": {"name": source.seeds.name, "quality": source.seeds.quality},
        "data": {
            "form": data.form,
            "examples": len(data.train),
            "held_out": len(data.validation),
            "sha256": data.sha256,
        },
        "tuned_model": None,
        "job_id": None,
        "versions": versions(),
        "ended": None,
    }


def closing(error: SelfInstructError | None, tuned: Tuned | None, metrics: Mapping[str, float]) -> dict[str, Any]:
    """Return what is known at the end. `metrics`: the last values of the curve; those of the tuned model win."""
    return {
        "status": runs.STOPPED if error else runs.DONE,
        "reason": str(error) if error else "",
        "exit_code": error.exit_code if error else 0,
        "tuned_model": tuned.model_name if tuned else None,
        "usable_as": tuned.usable_as if tuned else None,
        "trained_tokens": tuned.tokens if tuned else None,
        "metrics": {**metrics, **(tuned.metrics if tuned else {})},
        "ended": runs.now(),
    }


def tags(manifest: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return the tags of a tuned model's run in the tracker."""
    return {
        "selfinstruct.study": manifest["study"] or "",
        "selfinstruct.verb": "finetune",
        "selfinstruct.source": manifest["source"]["identity"],
        "selfinstruct.source_run": manifest["source"]["run"],
        "selfinstruct.seeds": manifest["seeds"]["name"],
        "selfinstruct.seed_quality": manifest["seeds"]["quality"],
        "selfinstruct.model": manifest["model"],
        "selfinstruct.version": manifest["versions"]["selfinstruct"],
        "selfinstruct.run_dir": str(folder),
    }


def tracked(manifest: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of a tuned model for the tracker: finetune.loss, finetune.trained_tokens, ..."""
    numbers = {**manifest["metrics"], **{name: manifest.get(name) for name in ("trained_tokens", "cost_usd")}}
    return {f"finetune.{name}": float(value) for name, value in numbers.items() if value is not None}
