"""Rates against numbers printed in the literature, and where there is no number, the reason."""

from __future__ import annotations

import math

import pytest

from selfinstruct.statistics import Count, count, fisher_p, newcombe, odds_ratio, wilson
from selfinstruct.statistics.proportions import LARGE, RARE


def test_a_missing_value_is_counted_and_is_never_a_no() -> None:
    assert count([True, None, False, True, None]) == Count(yes=2, n=3, missing=2)
    found = wilson(count([True, None, None]))
    assert (found.value, found.n, found.missing) == (1.0, 1, 2)


# Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
@pytest.mark.parametrize(
    ("yes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_bounds(yes: int, n: int, low: float, high: float) -> None:
    found = wilson(Count(yes, n))
    assert found.value == pytest.approx(yes / n)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_at_nothing_and_at_everything_ends_exactly_there() -> None:
    assert wilson(Count(0, 7)).low == 0.0
    assert wilson(Count(7, 7)).high == 1.0


def test_wilson_by_hand_at_another_level() -> None:
    # 8 of 10 at 90 %: z 1.644854, z2 2.705543; middle (0.8 + z2/20) / (1 + z2/10) = 0.93528 / 1.27055 = 0.73612
    # half = z * sqrt(0.16/10 + z2/400) / 1.27055 = 1.644854 * sqrt(0.0227639) / 1.27055 = 0.19533
    found = wilson(Count(8, 10), level=0.9)
    assert (found.low, found.high) == (pytest.approx(0.54079, abs=1e-5), pytest.approx(0.93145, abs=1e-5))


# Newcombe 1998, Statistics in Medicine 17:873, table II, method 10
@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        (Count(56, 70), Count(48, 80), 0.0524, 0.3339),
        (Count(9, 10), Count(3, 10), 0.1705, 0.8090),
        (Count(5, 56), Count(0, 29), -0.0381, 0.1926),
        (Count(0, 10), Count(0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe_gives_the_published_bounds(one: Count, other: Count, low: float, high: float) -> None:
    found = newcombe(one, other)
    assert found.value == pytest.approx(one.yes / one.n - other.yes / other.n)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_all_against_none_differ_by_one_at_most_whatever_rounding_does() -> None:
    for n, other_n in ((12, 17), (28, 44), (30, 32), (48, 48), (45, 46)):
        found, turned = newcombe(Count(n, n), Count(0, other_n)), newcombe(Count(0, other_n), Count(n, n))
        assert (found.value, found.high, turned.value, turned.low) == (1.0, 1.0, -1.0, -1.0)


# What `fisher.test` of R prints for Fisher's tea tasting and his convicted twins; R stops its search early
@pytest.mark.parametrize(
    ("one", "other", "ratio", "low", "high", "p"),
    [
        (Count(3, 4), Count(1, 4), 6.408309, 0.2117329, 621.9337505, 0.4857),
        (Count(2, 12), Count(15, 18), 0.04693661, 0.003325764, 0.363182271, 0.0005367),
    ],
)
def test_odds_ratio_and_p_are_those_of_fishers_exact_test(
    one: Count, other: Count, ratio: float, low: float, high: float, p: float
) -> None:
    found = odds_ratio(one, other)
    assert found.value == pytest.approx(ratio, rel=1e-4)
    assert (found.low, found.high) == (pytest.approx(low, rel=1e-2), pytest.approx(high, rel=1e-2))
    assert fisher_p(one, other) == pytest.approx(p, rel=2e-4)


def test_one_empty_cell_gives_an_infinite_ratio_with_one_open_bound() -> None:
    found = odds_ratio(Count(10, 10), Count(5, 10))
    assert (found.value, found.high) == (math.inf, math.inf)
    assert found.low is not None and 1 < found.low < 3
    turned = odds_ratio(Count(0, 10), Count(5, 10))
    assert (turned.value, turned.low) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (Count(0, 0, 4), Count(1, 2), "an arm has no item with a value"),
        (Count(3, 3), Count(5, 5), "every item of both arms is yes"),
        (Count(0, 3), Count(0, 5), "every item of both arms is no"),
    ],
)
def test_an_odds_ratio_that_does_not_exist_says_why(one: Count, other: Count, reason: str) -> None:
    found = odds_ratio(one, other)
    assert (found.value, found.low, found.high, found.undefined) == (None, None, None, reason)
    assert (found.n, found.missing) == (one.n + other.n, one.missing + other.missing)


def test_without_items_there_is_neither_share_nor_difference_nor_p() -> None:
    assert wilson(Count(0, 0, 3)).undefined == "no item has a value"
    assert newcombe(Count(0, 0), Count(1, 2)).undefined == "an arm has no item with a value"
    assert fisher_p(Count(0, 0), Count(1, 2)) is None


def test_swapping_the_arms_inverts_the_ratio_and_keeps_p() -> None:
    one, other = Count(218, 286), Count(163, 286)
    there, back = odds_ratio(one, other), odds_ratio(other, one)
    assert there.value and back.value and there.low and back.high
    assert there.value * back.value == pytest.approx(1)
    assert there.low * back.high == pytest.approx(1, rel=1e-4)
    assert fisher_p(one, other) == pytest.approx(fisher_p(other, one))


def test_very_large_arms_take_the_large_sample_interval_and_say_so() -> None:
    # with as many yes in all as LARGE, an arm of n items can hold 0 to min(n, LARGE) of them: that many tables and one
    half = LARGE // 2
    exact = odds_ratio(Count(half, LARGE - 1), Count(half, 2 * LARGE))
    assert exact.method == "conditional, Fisher's exact interval"
    assert odds_ratio(Count(half, LARGE), Count(half, 2 * LARGE)).method == "sample, logit interval"
    large = odds_ratio(Count(40_000, 50_000), Count(35_000, 50_000))
    assert large.method == "sample, logit interval"
    ratio = 40_000 * 15_000 / (10_000 * 35_000)
    half = 1.959964 * math.sqrt(1 / 40_000 + 1 / 10_000 + 1 / 35_000 + 1 / 15_000)
    assert large.value == pytest.approx(ratio)
    assert (large.low, large.high) == (pytest.approx(ratio * math.exp(-half)), pytest.approx(ratio * math.exp(half)))


def test_a_rare_cell_keeps_the_exact_interval_in_large_arms() -> None:
    found = odds_ratio(Count(RARE - 1, 50_000), Count(400, 50_000))
    assert found.method == "conditional, Fisher's exact interval"
