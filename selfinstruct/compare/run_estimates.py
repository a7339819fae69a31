"""What is estimated about arms: their items go in, rates, means and differences with their intervals come out.

Every bootstrap has a generator of its own, derived from the random seed, the name of the number and the arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.contrasts import Contrast, contrasts
from selfinstruct.compare.run_items import ArmItems, Rate
from selfinstruct.randomness import generator
from selfinstruct.statistics import Clustered, Count, Estimate, clipped, mean, mean_difference

ByArm = Mapping[str, ArmItems]


@dataclass(frozen=True)
class RateOfArm:
    """A rate of one arm: its count, and its share with an interval that knows the requests, where there is one."""

    rate: str
    arm: str
    count: Count
    clustered: Estimate | None


@dataclass(frozen=True)
class MeanOfArm:
    """A mean of one arm, and its difference to that of the arm it is compared with (None for that arm itself)."""

    mean: str
    arm: str
    estimate: Estimate
    difference: Estimate | None


def rates_of(items: ByArm, options: Options) -> list[RateOfArm]:
    """Return every rate of every arm, in the order of the method."""
    names = dict.fromkeys(rate for of_arm in items.values() for rate in of_arm.rates)
    return [
        RateOfArm(name, arm, of_arm.rates[name].count, _share(of_arm.rates[name], options, name, arm))
        for name in names
        for arm, of_arm in items.items()
        if name in of_arm.rates
    ]


def _share(rate: Rate, options: Options, name: str, arm: str) -> Estimate | None:
    if rate.by_request is None:
        return None
    return clipped(_mean(rate.by_request, options, name, arm), 0.0, 1.0)


def means_of(items: ByArm, against: str, options: Options) -> list[MeanOfArm]:
    """Return every mean of every arm, and its difference to that of the arm `against`."""
    found = []
    for name, reference in items[against].means.items():
        for arm, of_arm in items.items():
            one = of_arm.means[name]
            difference = None if arm == against else _difference(one, reference, options, name, arm)
            found.append(MeanOfArm(name, arm, _mean(one, options, name, arm), difference))
    return found


def rate_contrasts(items: ByArm, against: str, options: Options) -> list[Contrast]:
    """Return the comparison of every rate that all arms have, with the clustered interval of its difference if any."""
    shared = [name for name in items[against].rates if all(name in of_arm.rates for of_arm in items.values())]
    counts = {name: {arm: of_arm.rates[name].count for arm, of_arm in items.items()} for name in shared}
    found = []
    for contrast in contrasts(counts, against, options.level):
        one = items[contrast.arm].rates[contrast.criterion].by_request
        other = items[against].rates[contrast.criterion].by_request
        if one is not None and other is not None:
            difference = _difference(one, other, options, contrast.criterion, contrast.arm)
            contrast = replace(contrast, clustered=difference)
        found.append(contrast)
    return found


def _mean(values: Clustered, options: Options, name: str, arm: str) -> Estimate:
    seed = generator(options.random_seed, "compare", "mean", name, arm).getrandbits(64)
    return mean(values, seed, options.level, options.resamples)


def _difference(one: Clustered, other: Clustered, options: Options, name: str, arm: str) -> Estimate:
    seed = generator(options.random_seed, "compare", "difference", name, arm).getrandbits(64)
    return mean_difference(one, other, seed, options.level, options.resamples)
