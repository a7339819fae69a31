"""Two arms on the same items: pairs of values go in, differences with their intervals and exact tests come out.

    count_pairs([(True, False), (True, True), (False, None), ...])   -> 31 only the one, 12 only the other, ...
    paired_odds_ratio(that)                                          -> 2.58 (1.29-5.51)     mcnemar_p(that) -> 0.005
    mean_of_differences([("task1", 0.8, 0.5), ...], seed=7)          -> +0.12 (+0.04 to +0.20)

A pair in which a value is missing is counted, and in no number. Compared pair by pair, what makes items easy or hard
for both arms falls out, which is why these intervals are shorter than those of separate samples.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from selfinstruct.statistics.estimates import Estimate, undefined
from selfinstruct.statistics.means import RESAMPLES, clustered, mean

PERMUTATIONS = 9_999
FEWEST_DIFFERENCES = 6  # below it no two-sided p of a signed-rank test comes under 0.05


@dataclass(frozen=True)
class PairedCount:
    """Yes/no pairs: how many are yes in both, only in the one, only in the other, in neither; missing: incomplete."""

    both: int
    only_one: int
    only_other: int
    neither: int
    missing: int = 0

    @property
    def n(self) -> int:
        """How many pairs are complete."""
        return self.both + self.only_one + self.only_other + self.neither


def count_pairs(pairs: Iterable[tuple[bool | None, bool | None]]) -> PairedCount:
    """Return the four counts of yes/no pairs; None is a missing value."""
    counted = Counter(pairs)
    both, neither = counted[True, True], counted[False, False]
    only_one, only_other = counted[True, False], counted[False, True]
    missing = counted.total() - both - only_one - only_other - neither
    return PairedCount(both, only_one, only_other, neither, missing)


def mcnemar_p(count: PairedCount) -> float | None:
    """Return the two-sided p of McNemar's exact test; None where no pair differs.

    It supposes that pairs are independent. Source: McNemar 1947, Psychometrika 12:153, with the binomial distribution.
    """
    return sign_p(count.only_one, count.only_other)


def paired_odds_ratio(count: PairedCount, level: float = 0.95) -> Estimate:
    """Return the odds of yes in the one arm over those in the other, within items, with its exact interval.

    That is only_one / only_other; the bounds are Clopper and Pearson's for only_one among the pairs that differ. It is
    0 or infinite where one of the two is 0. Undefined where no pair differs.
    Source: Agresti 2002, Categorical Data Analysis, 10.2; Clopper and Pearson 1934, Biometrika 26:404.
    """
    from scipy.stats import binomtest

    differ = count.only_one + count.only_other
    if differ == 0:
        reason = "no item has both values" if count.n == 0 else "the arms agree on every item"
        return undefined(reason, count.n, count.missing)
    found = binomtest(count.only_one, differ).proportion_ci(level, method="exact")
    value, low, high = (_odds(share) for share in (count.only_one / differ, found.low, found.high))
    return Estimate(value, low, high, count.n, count.missing, "conditional, Clopper-Pearson")


def sign_p(wins: int, losses: int) -> float | None:
    """Return the two-sided p of the exact sign test; ties are left out. None where there is neither win nor loss."""
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else None


def wilcoxon_p(differences: Sequence[float]) -> float | None:
    """Return the two-sided p of Wilcoxon's signed-rank test, zeros left out; None for fewer than six others.

    Exact up to 50 differences without ties, else by the normal distribution with its correction for ties.
    Source: Wilcoxon 1945, Biometrics Bulletin 1:80.
    """
    from scipy.stats import wilcoxon

    given = [round(difference, 12) for difference in differences if abs(difference) > 1e-12]
    if len(given) < FEWEST_DIFFERENCES:
        return None
    has_ties = len({abs(difference) for difference in given}) < len(given)
    method = "approx" if has_ties or len(given) > 50 else "exact"
    return min(1.0, float(wilcoxon(given, method=method, correction=False).pvalue))


def permutation_p(items: Iterable[tuple[Hashable, float | None, float | None]], seed: int) -> float | None:
    """Return the two-sided p of the paired permutation test of the mean difference, whole clusters changing sides.

    If the arms were alike, a cluster's difference could as well have had the other sign. All sign patterns are tried
    where there are at most 9,999, else as many are drawn. None where no cluster differs.
    Source: Fisher 1935, The Design of Experiments, 21; Yeh 2000, arXiv cs/0008005 (for such scores).
    """
    import numpy as np
    from scipy.stats import permutation_test

    sums = np.asarray(clustered(differences_of(items)).sums, dtype=float)
    if not np.any(np.abs(sums) > 1e-12):
        return None
    found = permutation_test(
        (sums, np.zeros_like(sums)),
        lambda one, other, axis: np.sum(one - other, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        batch=1_000,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(found.pvalue))


def mean_of_differences(
    items: Iterable[tuple[Hashable, float | None, float | None]],
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Return mean(one - other) over items of (cluster, one, other), with the bootstrap-t interval over clusters.

    Undefined without a complete pair; no interval for fewer than ten clusters, as `means.mean`.
    """
    return mean(clustered(differences_of(items)), seed, level, resamples)


def cluster_differences(items: Iterable[tuple[Hashable, float | None, float | None]]) -> list[float]:
    """Return the mean difference of each cluster, which are independent of each other where its items are not."""
    found = clustered(differences_of(items))
    return [total / n for total, n in zip(found.sums, found.counts, strict=True)]


def differences_of(
    items: Iterable[tuple[Hashable, float | None, float | None]],
) -> list[tuple[Hashable, float | None]]:
    """Return (cluster, one - other) of each item; None where a value is missing."""
    return [(cluster, None if one is None or other is None else one - other) for cluster, one, other in items]


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)
