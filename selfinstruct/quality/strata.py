"""A seeded sample of instances in which every kind is present, in proportion: classification or not, input or none.

sample_by_stratum(instances, 200, random_seed=42)     # [0, 7, 31, ...]: their numbers, ascending
weighted_share({"other": (3, 4), "classification": (1, 2)}, {"other": 90, "classification": 10})     # 0.725
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from selfinstruct.randomness import generator
from selfinstruct.records import Instance

_KINDS = {True: "classification", False: "other", None: "undecided"}


def stratum(instance: Instance) -> str:
    """Return the kind of an instance: "classification", "other" or "undecided", and whether it has an input."""
    given = "input" if instance.input.strip() else "empty input"
    return f"{_KINDS[instance.is_classification]}, {given}"


def strata(instances: Sequence[Instance]) -> dict[str, list[int]]:
    """Return the numbers of the instances of each stratum, strata by name."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, instance in enumerate(instances):
        members[stratum(instance)].append(number)
    return dict(sorted(members.items()))


def sample_by_stratum(instances: Sequence[Instance], size: int, random_seed: int) -> list[int]:
    """Return the numbers of the sampled instances, ascending; all of them where there are no more than `size`.

    Each stratum is shuffled by a generator of its own and its first ones are taken, so that a larger sample holds a
    smaller one.
    """
    members = strata(instances)
    places = allocate({name: len(numbers) for name, numbers in members.items()}, size)
    chosen: list[int] = []
    for name, numbers in members.items():
        shuffled = list(numbers)
        generator(random_seed, "review", name).shuffle(shuffled)
        chosen += shuffled[: places[name]]
    return sorted(chosen)


def allocate(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Return how many places each stratum gets: one each, largest first, and the others in proportion.

    By the method of Sainte-Laguë, in which one place more never takes a place from a stratum.
    """
    if total >= sum(sizes.values()):
        return dict(sizes)
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    places = {name: int(rank < total) for rank, name in enumerate(ranked)}
    for _ in range(total - sum(places.values())):
        lacking = [name for name in ranked if places[name] < sizes[name]]
        places[max(lacking, key=lambda name: sizes[name] / (2 * places[name] + 1))] += 1
    return places


def weighted_share(yes_of: Mapping[str, tuple[int, int]], sizes: Mapping[str, int]) -> float | None:
    """Return the share of yes over all instances, estimated from the answers of each stratum: (yes, readable answers).

    Each stratum weighs as much as it has instances. None where no stratum has a readable answer; strata without one
    are left out.
    """
    known = {name: (yes, readable) for name, (yes, readable) in yes_of.items() if readable}
    weight = sum(sizes[name] for name in known)
    if not weight:
        return None
    return sum(sizes[name] / weight * yes / readable for name, (yes, readable) in known.items())
