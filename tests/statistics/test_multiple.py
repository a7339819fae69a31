"""Holm's correction and sample sizes, against hand calculations and published tables."""

from __future__ import annotations

import pytest

from selfinstruct.errors import InputError
from selfinstruct.statistics import holm, items_for_half_width, wilson_half_width, yamane


def test_holm_by_hand_in_the_order_given() -> None:
    # sorted 0.01 0.03 0.04: 3 * 0.01, then 2 * 0.03, then max(0.06, 1 * 0.04)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))


def test_holm_never_goes_above_one() -> None:
    assert holm([0.7, 0.8]) == (1.0, 1.0)


def test_a_test_that_does_not_exist_stays_so_and_is_not_counted() -> None:
    assert holm([0.01, None, 0.04]) == (pytest.approx(0.02), None, pytest.approx(0.04))
    assert holm([None, None]) == (None, None)
    assert holm([]) == ()


# Israel 1992, Determining Sample Size, table 1 (Yamane's formula), and the domain study's 286
@pytest.mark.parametrize(
    ("population", "margin", "items"),
    [(500, 0.05, 223), (1_000, 0.05, 286), (2_000, 0.05, 334), (100_000, 0.05, 399), (1_000, 0.1, 91), (1, 0.05, 1)],
)
def test_yamane_rounds_its_formula_up(population: int, margin: float, items: int) -> None:
    exact = population / (1 + population * margin**2)
    assert yamane(population, margin) == items
    assert items - 1 < exact <= items


def test_yamane_needs_a_population_and_a_margin() -> None:
    with pytest.raises(InputError, match="population=0"):
        yamane(0, 0.05)
    with pytest.raises(InputError, match="margin=1"):
        yamane(100, 1.0)


def test_the_half_width_by_hand() -> None:
    # n 286, share 0.5: z 1.959964: z sqrt(0.25/286 + z2/(4 286^2)) / (1 + z2/286) = 0.058334 / 1.013432
    assert wilson_half_width(286) == pytest.approx(0.05756, abs=1e-5)


def test_the_half_width_is_that_of_the_interval() -> None:
    from selfinstruct.statistics import Count, wilson

    found = wilson(Count(184, 286))
    assert found.low is not None and found.high is not None
    assert wilson_half_width(286, 184 / 286) == pytest.approx((found.high - found.low) / 2)


@pytest.mark.parametrize("margin", [0.2, 0.05, 0.01, 0.001])
def test_the_items_for_a_half_width_are_the_fewest(margin: float) -> None:
    items = items_for_half_width(margin)
    assert wilson_half_width(items) <= margin < wilson_half_width(items - 1)


def test_sample_sizes_need_items_and_a_possible_margin() -> None:
    with pytest.raises(InputError, match="at least one item"):
        wilson_half_width(0)
    with pytest.raises(InputError, match=r"margin=0\.5"):
        items_for_half_width(0.5)
