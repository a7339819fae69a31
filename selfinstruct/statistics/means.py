"""Means of items that came in clusters, with bootstrap intervals that resample the clusters.

The items of one completion share a prompt and are not independent, so an interval that treats them as if they were is
too short. Items with their cluster go in; a mean, or the difference of two, comes out:

    lengths = clustered([(0, 12.0), (0, 15.0), (1, 9.0), (2, None), ...])    # (request, words)
    mean(lengths, seed=7) -> Estimate(value=11.4, low=10.2, high=12.9, n=120, missing=1, ...)

The interval is the studentized one (bootstrap-t): each resample is measured in its own standard error. On neither side
is it shorter than Student's: a few clusters that happen to look alike on one side would promise too much there. With
few clusters percentiles are far too short an interval (experiments/results/interval_coverage has the table of all
three). A share is the mean of 0 and 1, so a rate gets an interval that knows the clusters here too.

Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, 12.5; Davison and Hinkley 1997, 3.8 (clusters);
Welch 1947, Biometrika 34:28 (degrees of freedom of a difference).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError
from selfinstruct.statistics.estimates import Estimate, undefined, without_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FEWEST_CLUSTERS = 10
RESAMPLES = 2_000
_BLOCK = 2_000_000  # draws at a time, so that memory does not grow with the resamples


@dataclass(frozen=True)
class Clustered:
    """Items by cluster: the sum of their values and how many had one, in the order the clusters were met."""

    sums: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int = 0

    @property
    def n(self) -> int:
        """How many items have a value."""
        return sum(self.counts)


def clustered(items: Iterable[tuple[Hashable, float | None]]) -> Clustered:
    """Return items of (cluster, value) by cluster; None is a missing value, and is counted.

    Raises:
        InputError: a value that is no finite number; one of them would make every mean so.
    """
    sums: dict[Hashable, float] = {}
    counts: dict[Hashable, int] = {}
    missing = 0
    for cluster, value in items:
        if value is None:
            missing += 1
            continue
        if not math.isfinite(value):
            raise InputError(f"{value} in cluster {cluster!r}: give finite numbers, and None where there is none")
        sums[cluster] = sums.get(cluster, 0.0) + value
        counts[cluster] = counts.get(cluster, 0) + 1
    return Clustered(tuple(sums.values()), tuple(counts.values()), missing)


def mean(one: Clustered, seed: int, level: float = 0.95, resamples: int = RESAMPLES) -> Estimate:
    """Return the mean over all items with the bootstrap-t interval over clusters, or Student's where that goes further.

    Undefined without items. There is a mean but no interval for fewer than ten clusters, and where the clusters hardly
    differ, so that resamples without any spread are common.
    """
    if one.n == 0:
        return undefined("no item has a value", 0, one.missing)
    value = sum(one.sums) / one.n
    return _with_interval(value, (one,), seed, level, resamples)


def mean_difference(
    one: Clustered, other: Clustered, seed: int, level: float = 0.95, resamples: int = RESAMPLES
) -> Estimate:
    """Return mean(one) - mean(other) with the interval of `mean`, the clusters of each resampled on their own.

    Undefined where an arm has no items; no interval where `mean` has none. Arms that asked the same requests are
    positively dependent, and then the interval is wider than it would have to be.
    """
    if one.n == 0 or other.n == 0:
        return undefined("an arm has no item with a value", one.n + other.n, one.missing + other.missing)
    value = sum(one.sums) / one.n - sum(other.sums) / other.n
    return _with_interval(value, (one, other), seed, level, resamples)


def clipped(estimate: Estimate, low: float, high: float) -> Estimate:
    """Return the estimate with its bounds kept within low..high, for a mean that cannot leave them (a share)."""
    if estimate.low is None or estimate.high is None:
        return estimate
    return replace(estimate, low=max(low, estimate.low), high=min(high, estimate.high))


def _with_interval(value: float, arms: tuple[Clustered, ...], seed: int, level: float, resamples: int) -> Estimate:
    import numpy as np

    n, missing = sum(arm.n for arm in arms), sum(arm.missing for arm in arms)
    fewest = min(len(arm.counts) for arm in arms)
    if fewest < FEWEST_CLUSTERS:
        are = "cluster is" if fewest == 1 else "clusters are"
        reason = f"{fewest} {are} too few; {FEWEST_CLUSTERS} are needed"
        return without_interval(value, reason, n, missing)
    rng = np.random.default_rng(seed)
    own_errors = [float(_moments(*_arrays(arm))[1]) for arm in arms]
    drawn = [_resampled(arm, rng, resamples) for arm in arms]
    error = math.hypot(*own_errors)
    errors = np.sqrt(sum(errors**2 for _, errors in drawn))
    centres = drawn[0][0] - (drawn[1][0] if len(arms) == 2 else 0.0)
    spread = errors > 1e-9 * max(error, 1e-300)
    if error == 0 or np.mean(~spread) > (1 - level) / 2:
        return without_interval(value, "the clusters hardly differ, so nothing can be resampled", n, missing)
    pivots = (centres[spread] - value) / errors[spread]
    upper, lower = np.quantile(pivots, [0.5 + level / 2, 0.5 - level / 2])
    students = _students(own_errors, [len(arm.counts) for arm in arms], level)
    down, up = max(float(upper), students) * error, max(-float(lower), students) * error
    method = f"bootstrap-t, at least Student's, over {sum(len(arm.counts) for arm in arms)} clusters"
    return Estimate(value, value - down, value + up, n, missing, method)


def _students(errors: Sequence[float], clusters: Sequence[int], level: float) -> float:
    """Return how many standard errors Student's interval goes to each side; Welch's degrees of freedom for two arms."""
    from scipy.stats import t

    squares = [error**2 for error in errors]
    each = sum(square**2 / (number - 1) for square, number in zip(squares, clusters, strict=True))
    return float(t.ppf(0.5 + level / 2, sum(squares) ** 2 / each))


def _arrays(arm: Clustered) -> tuple[Numbers, Numbers]:
    import numpy as np

    return np.asarray(arm.sums, dtype=float), np.asarray(arm.counts, dtype=float)


def _resampled(arm: Clustered, rng: np.random.Generator, resamples: int) -> tuple[Numbers, Numbers]:
    """Return mean and standard error of every resample, as arrays of that length."""
    import numpy as np

    sums, counts = _arrays(arm)
    size = max(1, _BLOCK // len(sums))
    blocks = []
    for start in range(0, resamples, size):
        chosen = rng.integers(0, len(sums), (min(size, resamples - start), len(sums)))
        blocks.append(_moments(sums[chosen], counts[chosen]))
    return np.concatenate([block[0] for block in blocks]), np.concatenate([block[1] for block in blocks])


def _moments(sums: Any, counts: Any) -> tuple[Any, Any]:
    """Return the mean over items and its standard error over clusters (last axis), as of a ratio of two sums."""
    import numpy as np

    clusters = sums.shape[-1]
    total = counts.sum(-1)
    means = sums.sum(-1) / total
    residuals = sums - means[..., None] * counts
    return means, np.sqrt(clusters / (clusters - 1) * (residuals**2).sum(-1)) / total
