"""What arms of evaluations are called: the model's name, and where several share it what else was declared otherwise.

two evaluations of gpt-4.1-mini, with benchmark.shots 0 and 2   ->   "gpt-4.1-mini, shots=0", "gpt-4.1-mini, shots=2"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.compare.evaluated_folders import EvaluatedArm
from selfinstruct.compare.run_folders import flat
from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical

_TELLING = ("model", "benchmark", "judge", "grading", "store.sample", "random_seed")
_LONGEST = 48


def named(arms: Sequence[EvaluatedArm], names: Sequence[str]) -> list[EvaluatedArm]:
    """Return the arms under names of their own; `names`: those that were given, in the arms' order, or none.

    Raises:
        InputError: fewer than two arms, another number of names than of arms, or two of one name.
    """
    if len(arms) < 2:
        raise InputError(f"runs: {len(arms)} set of answers is nothing to compare; give at least two evaluations")
    if names and len(names) != len(arms):
        raise InputError(f"arms: {len(names)} names for {len(arms)} sets of answers; give one for each, in their order")
    chosen = list(names) or [_name(arm, [other for other in arms if other.name == arm.name]) for arm in arms]
    for name in chosen:
        if chosen.count(name) > 1:
            raise InputError(f'runs: two sets of answers are called "{name}"; name each once, for example with arms=')
    return [replace(arm, name=name) for arm, name in zip(arms, chosen, strict=True)]


def _name(arm: EvaluatedArm, alike: Sequence[EvaluatedArm]) -> str:
    if len(alike) == 1:
        return arm.name
    settings = {other.folder: _settings(other.folder) for other in alike}
    own = settings[arm.folder]
    varied = [key for key in own if len({canonical(one.get(key)) for one in settings.values()}) > 1]
    said = {folder: _said(one, varied) for folder, one in settings.items()}
    tells = len(set(said.values())) == len(alike) and 0 < len(said[arm.folder]) <= _LONGEST
    return f"{arm.name}, {said[arm.folder] if tells else arm.folder.name}"


def _said(settings: dict[str, Any], keys: Sequence[str]) -> str:
    return " ".join(f"{key.rpartition('.')[2]}={settings.get(key)}" for key in keys)


def _settings(folder: Path) -> dict[str, Any]:
    """Return what was declared, by dotted key; nothing where the folder does not say."""
    import yaml

    try:
        plain = yaml.safe_load((folder / runs.CONFIG).read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return {key: value for key, value in flat(plain).items() if key.startswith(_TELLING)}
