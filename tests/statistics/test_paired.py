"""Pairs of values on the same items: exact tests, odds ratios within items, and means whose clusters stay together."""

from __future__ import annotations

import math
import random

import pytest
from scipy.stats import binom, wilcoxon
from statsmodels.stats.contingency_tables import mcnemar

from selfinstruct.statistics.paired import (
    PairedCount,
    cluster_differences,
    count_pairs,
    mcnemar_p,
    mean_of_differences,
    paired_odds_ratio,
    permutation_p,
    sign_p,
    wilcoxon_p,
)


def test_pairs_fall_into_four_counts_and_the_missing() -> None:
    pairs = [(True, True), (True, False), (True, False), (False, True), (False, False), (None, True), (None, None)]
    assert count_pairs(pairs) == PairedCount(both=1, only_one=2, only_other=1, neither=1, missing=2)


def test_mcnemars_p_is_the_binomial_tail_twice() -> None:
    # 5 against 1: 2 * P(X <= 1), X ~ B(6, 1/2): 2 * (1 + 6) / 64 = 0.21875
    assert mcnemar_p(PairedCount(10, 5, 1, 4)) == pytest.approx(2 * 7 / 64)


@pytest.mark.parametrize(("one", "other"), [(31, 12), (0, 9), (7, 7), (200, 150)])
def test_mcnemars_p_is_that_of_statsmodels(one: int, other: int) -> None:
    expected = mcnemar([[50, one], [other, 20]], exact=True).pvalue
    assert mcnemar_p(PairedCount(50, one, other, 20)) == pytest.approx(min(1.0, expected))


def test_where_no_pair_differs_there_is_no_test_and_no_odds_ratio() -> None:
    assert mcnemar_p(PairedCount(5, 0, 0, 5)) is None
    assert paired_odds_ratio(PairedCount(5, 0, 0, 5)).undefined == "the arms agree on every item"
    assert paired_odds_ratio(PairedCount(0, 0, 0, 0, missing=3)).undefined == "no item has both values"


def test_the_odds_ratio_is_that_of_the_pairs_that_differ() -> None:
    found = paired_odds_ratio(PairedCount(40, 30, 10, 20))
    assert found.value == pytest.approx(3.0)  # 30 / 10
    assert found.low is not None and found.high is not None
    low, high = (bound / (1 + bound) for bound in (found.low, found.high))
    assert 1 - binom.cdf(29, 40, low) == pytest.approx(0.025)  # at the lower bound 30 or more are that rare
    assert binom.cdf(30, 40, high) == pytest.approx(0.025)


def test_an_odds_ratio_with_nothing_on_the_other_side_is_infinite_and_has_a_lower_bound() -> None:
    found = paired_odds_ratio(PairedCount(0, 8, 0, 0))
    assert found.value == math.inf and found.high == math.inf
    assert found.low is not None and 1 < found.low < 10


def test_the_sign_test_leaves_ties_out() -> None:
    assert sign_p(8, 2) == pytest.approx(2 * (1 + 10 + 45) / 1024)  # 2 * P(X <= 2), X ~ B(10, 1/2)
    assert sign_p(0, 0) is None


def test_the_signed_rank_test_is_scipys_and_ignores_zeros() -> None:
    differences = [0.3, -0.1, 0.5, 0.2, 0.7, -0.4, 0.6, 0.9]
    expected = float(wilcoxon(differences, method="exact").pvalue)
    assert wilcoxon_p(differences) == pytest.approx(expected)
    assert wilcoxon_p([*differences, 0.0, 0.0]) == pytest.approx(expected)


def test_six_differences_are_needed_and_six_alike_are_the_smallest_p_they_allow() -> None:
    assert wilcoxon_p([0.1, 0.2, 0.3, 0.4, 0.5]) is None
    assert wilcoxon_p([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]) == pytest.approx(2 / 64)  # all of 2^6 signs, two ends


def test_grades_have_ties_and_still_a_p() -> None:
    found = wilcoxon_p([1.0, 1.0, -1.0, 2.0, 1.0, 1.0, 3.0, -1.0, 1.0, 1.0])
    assert found is not None and 0.01 < found < 0.2


def test_the_mean_of_differences_is_over_items_and_counts_incomplete_pairs() -> None:
    items = [("a", 1.0, 0.0), ("a", 1.0, 1.0), ("b", 0.0, 1.0), ("b", None, 1.0), ("c", 1.0, 0.0)]
    found = mean_of_differences(items, seed=1)
    assert (found.value, found.n, found.missing) == (0.25, 4, 1)  # (1 + 0 - 1 + 1) / 4
    assert found.undefined == "3 clusters are too few; 10 are needed"
    assert cluster_differences(items) == [0.5, -1.0, 1.0]


def test_pairing_makes_the_interval_shorter_where_items_are_hard_for_both() -> None:
    from selfinstruct.statistics import clustered, mean_difference

    draw = random.Random(3)
    hardness = [draw.random() for _ in range(400)]
    items = [(place % 40, hard + draw.gauss(0.05, 0.05), hard) for place, hard in enumerate(hardness)]
    paired = mean_of_differences(items, seed=1)
    one, other = (clustered((item[0], item[side]) for item in items) for side in (1, 2))
    apart = mean_difference(one, other, seed=1)
    assert paired.value == pytest.approx(apart.value)
    assert None not in (paired.low, paired.high, apart.low, apart.high)
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)  # type: ignore[operator]


def test_three_clusters_that_all_favour_one_arm_have_a_p_of_two_in_eight() -> None:
    items = [("a", 1.0, 0.0), ("a", 1.0, 0.5), ("b", 0.7, 0.2), ("c", 0.4, 0.1)]
    assert permutation_p(items, seed=1) == pytest.approx(2 / 8)  # of 2^3 sign patterns only +++ and --- are as extreme
    assert permutation_p([("a", 0.5, 0.5), ("b", None, 1.0)], seed=1) is None


def test_items_of_one_cluster_change_sides_together() -> None:
    twenty_of_two_clusters = [("ab"[place % 2], 1.0, 0.0) for place in range(20)]
    assert permutation_p(twenty_of_two_clusters, seed=1) == pytest.approx(2 / 4)


def test_the_permutation_test_agrees_with_its_own_interval() -> None:
    draw = random.Random(11)
    clear = [(place, draw.gauss(0.10, 0.2), 0.0) for place in range(80)]
    none = [(place, draw.gauss(0.0, 0.2), 0.0) for place in range(80)]
    for items in (clear, none):
        estimate, p = mean_of_differences(items, seed=1), permutation_p(items, seed=1)
        assert estimate.low is not None and estimate.high is not None and p is not None
        assert (p < 0.05) == (estimate.low > 0 or estimate.high < 0)
