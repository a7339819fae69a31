"""Items from run folders: a seeded sample of each run's instances or instructions, every kind in proportion.

    from_runs([Path("runs/high"), Path("runs/mixed")], ("high", "mixed"), 200, 42)   -> 400 items of one answer each

Instances of several runs are mixed and shuffled, so that raters cannot tell which run one came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from selfinstruct import runs
from selfinstruct.errors import InputError
from selfinstruct.quality.strata import sample_by_stratum
from selfinstruct.randomness import generator
from selfinstruct.rating.items import Answer, Item, clean
from selfinstruct.records import Instance


@dataclass(frozen=True)
class Material:
    """The items of a study, the SHA-256 of each source, and in words what was left out."""

    items: tuple[Item, ...]
    arms: tuple[str, ...]
    digests: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def from_runs(
    folders: Sequence[Path],
    names: Sequence[str],
    sample_size: int | None,
    random_seed: int,
    unit: Literal["instance", "instruction"] = "instance",
) -> Material:
    """Return the sampled instances of the runs as items, numbered in a seeded random order.

    Args:
        names: a name for each run; empty: the folders' names.
        sample_size: items from each run; None: all.
        unit: whether an item is an instance, or an accepted instruction, which then is itself what is judged.

    Raises:
        InputError: a folder is no finished run, holds no instance, or two runs have one name.
    """
    arms = arm_names("run", names, [folder.absolute().name for folder in folders])
    found: list[tuple[str, int, Instance]] = []
    digests = []
    for folder, arm in zip(folders, arms, strict=True):
        instances = _instances(folder) if unit == "instance" else _instructions(folder)
        digests.append(runs.dataset_sha256(folder))
        size = len(instances) if sample_size is None else sample_size
        found += [(arm, number, instances[number]) for number in sample_by_stratum(instances, size, random_seed)]
    generator(random_seed, "rate", "items").shuffle(found)
    items = (_item(str(place), *one, unit) for place, one in enumerate(found, start=1))
    return Material(tuple(items), arms, tuple(digests))


def _instances(folder: Path) -> list[Instance]:
    _check_run(folder)
    instances = runs.read_instances(folder)
    if not instances:
        raise InputError(f"run={folder}: holds no instance, so there is nothing to rate; choose another run")
    return instances


def _instructions(folder: Path) -> list[Instance]:
    _check_run(folder)
    found = [Instance(one.instruction, "", "", one.is_classification) for one in runs.read_instructions(folder)]
    if not found:
        raise InputError(f"run={folder}: holds no instruction, so there is nothing to rate; choose another run")
    return found


def _check_run(folder: Path) -> None:
    manifest = runs.read_manifest(folder)
    if (verb := manifest.get("verb", "run")) not in {"run", "refilter"}:
        hint = "; give it as predictions=" if verb == "evaluate" else "; give a folder of `selfinstruct run`"
        raise InputError(f"run={folder}: a folder of `selfinstruct {verb}`, which has no instances{hint}")
    if manifest["status"] == runs.RUNNING:
        raise InputError(f"run={folder}: this run has not ended; repeat its command first")


def _item(place: str, arm: str, number: int, instance: Instance, unit: str) -> Item:
    if unit == "instruction":
        return Item(place, "", "", "", (Answer(arm, str(number), clean(instance.instruction)),))
    answer = Answer(arm, str(number), clean(instance.output))
    return Item(place, clean(instance.instruction), clean(instance.input), "", (answer,))


def arm_names(key: str, names: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each source, the given ones or its own. Raises InputError unless they all differ."""
    if names and len(names) != len(own):
        raise InputError(f"arms: {len(names)} names for {len(own)} of {key}=; give one for each, in the same order")
    arms = tuple(names or own)
    doubled = sorted({arm for arm in arms if arms.count(arm) > 1})
    if doubled:
        raise InputError(f'{key}: two are called "{doubled[0]}"; give each a name of its own, for example arms=[a,b]')
    return arms
