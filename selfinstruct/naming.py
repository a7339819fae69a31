"""What a run is called: its identity, its name for people, its folder, and the params that a tracker shows.

run_identity(config, seeds)      "9ad01c33be71": everything that decides the dataset, besides the completions
run_folder(config, identity)     runs/general-grammar-9ad01c33be71
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct.config import RunConfig
from selfinstruct.config_texts import leaves, without_passwords
from selfinstruct.jsonl import canonical
from selfinstruct.models.gateway import identity, short_name
from selfinstruct.models.structured import prompts_identity
from selfinstruct.records import SeedSet
from selfinstruct.seeds import content_sha256

_LONGEST_NAME = 100  # file systems allow 255 bytes, and the identity and temporary names are added to it


def run_identity(config: RunConfig, seeds: SeedSet) -> str:
    """Return the 12 hexadecimal digits that name everything that determines the dataset, besides the completions."""
    determining = {
        "model": identity(config.model),
        "seeds": content_sha256(seeds),
        "prompts": prompts_identity(config.prompts),
        "filters": asdict(config.filters),
        "generation": asdict(config.generation),
        "random_seed": config.random_seed,
        "sample": config.store.sample,
    }
    return hashlib.sha256(canonical(determining).encode()).hexdigest()[:12]


def run_name(config: RunConfig) -> str:
    """Return the run's name for people: the declared one, or <seeds>-<model>."""
    name = config.name or f"{config.seeds.name}-{short_name(config.model)}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:_LONGEST_NAME].strip("-.") or "run"


def run_folder(config: RunConfig, identity: str) -> Path:
    """Return the absolute run folder: run_dir, or runs/<name>-<identity> below the working directory."""
    folder = Path(config.run_dir).expanduser() if config.run_dir else Path("runs") / f"{run_name(config)}-{identity}"
    return folder.absolute()


def flat_params(config: RunConfig) -> dict[str, Any]:
    """Return the declared values as scalars by dotted key, for a tracker.

    Long texts (templates, examples) stand as their hash, lists as JSON; passwords of URLs are left out.
    """
    plain: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    told = _without(plain, {"tracking", "store", "shots", "schemas", "dry_run", "report", "judge", "review"})
    params = {key: _param(key, value) for key, value in leaves(told, lists=True)}
    params["prompts.shots"] = _text_hash(canonical(plain["prompts"]["shots"]))
    params["store.sample"] = config.store.sample
    params["judge.name"] = config.judge.name if config.judge else None
    return params


def _param(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    is_template = key.startswith("prompts.") and key.rpartition(".")[2] in {"template", "system"}
    return _text_hash(value) if is_template and value else without_passwords(value)


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _without(plain: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {
        name: _without(value, names) if isinstance(value, dict) else value
        for name, value in plain.items()
        if name not in names
    }
