"""Which runs are one arm, and what it is called: runs go in, arms named after what was varied come out.

    runs with max_rouge_l 0.5 (seeds 1, 2) and 0.7 (seeds 1, 2)
    -> Arm("max_rouge_l=0.5", runs=(..., ...), swept=0.5), Arm("max_rouge_l=0.7", runs=(..., ...), swept=0.7)

Runs that differ in their random seed only are draws of the same arm. Where all runs do, each is an arm of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.compare.run_folders import Run
from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical

_LONGEST_VALUE = 24
_LONGEST_NAME = 48


@dataclass(frozen=True)
class Arm:
    """Runs that were declared alike. `swept`: the one number that tells the arms apart, where there is one."""

    name: str
    runs: tuple[Run, ...]
    swept: float | None = None


@dataclass(frozen=True)
class Arms:
    """The arms in the order they were given, and the key that is swept, where arms differ in one number only."""

    arms: tuple[Arm, ...]
    swept: str | None = None


def arms_of(runs: Sequence[Run], names: Sequence[str] = ()) -> Arms:
    """Return the runs by arm.

    Args:
        names: a name for each run, in the same order; runs of the same name are one arm. Empty: found and named by
            what differs.

    Raises:
        InputError: another number of names than of runs, only one arm, or copies of one run in an arm.
    """
    if names and len(names) != len(runs):
        raise InputError(f"arms: {len(names)} names for {len(runs)} runs; give one for each run, in the same order")
    settings = [_named_seeds(run.settings, runs) for run in runs]
    varied = _varied(settings)
    called = list(names) or _names(runs, settings, varied)
    if len(set(called)) < 2:
        raise InputError(f"arms: all runs are {called[0]}; give runs of at least two arms")
    swept = varied[0] if len(varied) == 1 and all(_is_number(one[varied[0]]) for one in settings) else None
    members: dict[str, list[Run]] = {}
    for name, run in zip(called, runs, strict=True):
        members.setdefault(name, []).append(run)
    for name, group in members.items():
        _refuse_copies(name, group)
    if swept and any(len({run.settings[swept] for run in group}) > 1 for group in members.values()):
        swept = None  # the names given put several values into one arm
    return Arms(
        tuple(
            Arm(name, tuple(group), float(group[0].settings[swept]) if swept else None)
            for name, group in members.items()
        ),
        swept,
    )


def _refuse_copies(name: str, group: Sequence[Run]) -> None:
    """Two copies of one run would count its items twice, and every interval would be too short."""
    first: dict[Any, Run] = {}
    for run in group:
        same = first.setdefault((run.manifest["identity"], run.manifest.get("dataset_sha256")), run)
        if same is not run:
            raise InputError(
                f"runs: {run.folder} is a copy of {same.folder} (identity {run.manifest['identity']}), and both are in "
                f"the arm {name}; name it once"
            )


def _named_seeds(settings: Mapping[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """Return the settings with the seeds as their name, and a digest behind it where one name stands for two sets."""
    name, digest = settings["seeds"]
    is_ambiguous = len({run.settings["seeds"][1] for run in runs if run.settings["seeds"][0] == name}) > 1
    return {**settings, "seeds": f"{name}-{digest}" if is_ambiguous else name}


def _varied(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys that all runs have and that differ; of a preset that has a name, the name says it all."""
    common = [key for key in settings[0] if all(key in other for other in settings)]
    varied = [key for key in common if len({canonical(one[key]) for one in settings}) > 1]
    presets = {key.removesuffix(".name") for key in varied if key.count(".") == 1 and key.endswith(".name")}
    return [key for key in varied if key.partition(".")[0] not in presets or key.partition(".")[2] == "name"]


def _names(runs: Sequence[Run], settings: Sequence[Mapping[str, Any]], varied: Sequence[str]) -> list[str]:
    if not varied:
        varied_draws = _varied([run.replicate for run in runs])
        called = [_name(run.replicate, varied_draws) for run in runs]
        return called if len(set(called)) == len(runs) else _folder_names(runs)
    called = [_name(one, varied) for one in settings]
    if max(map(len, called)) <= _LONGEST_NAME:
        return called
    first: dict[str, str] = {}  # too much differs to say it: an arm is called like the folder of its first run
    for name, folder in zip(called, _folder_names(runs), strict=True):
        first.setdefault(name, folder)
    return [first[name] for name in called]


def _folder_names(runs: Sequence[Run]) -> list[str]:
    names = [run.folder.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.folder) for run in runs]


def _name(settings: Mapping[str, Any], varied: Sequence[str]) -> str:
    """Return key=value for each varied key, with the last part of the key where that is enough to tell it."""
    lasts = [_last(key) for key in varied]
    return " ".join(
        f"{last if lasts.count(last) == 1 else key}={_value(settings[key])}"
        for key, last in zip(varied, lasts, strict=True)
    )


def _last(key: str) -> str:
    return key.partition(".")[0] if key.endswith(".name") else key.rpartition(".")[2]


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _LONGEST_VALUE else hashlib.sha256(text.encode()).hexdigest()[:6]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
