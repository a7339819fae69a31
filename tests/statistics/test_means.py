"""Means of clustered items: what the interval must not be fooled by, and where there is none."""

from __future__ import annotations

import random

import pytest

from selfinstruct.errors import InputError
from selfinstruct.statistics import Clustered, clipped, clustered, mean, mean_difference


def requests(number: int, seed: int = 1) -> list[tuple[int, float]]:
    """Items of (request, words): one to six a request, which resemble each other."""
    draw = random.Random(seed)
    items = []
    for request in range(number):
        centre = draw.gauss(15, 4)
        items += [(request, draw.gauss(centre, 2)) for _ in range(draw.randint(1, 6))]
    return items


def test_the_mean_is_over_items_not_over_clusters() -> None:
    found = mean(clustered([("a", 1.0), ("a", 1.0), ("a", 1.0), ("b", 5.0), ("b", None)]), seed=1)
    assert (found.value, found.n, found.missing) == (2.0, 4, 1)  # (1 + 1 + 1 + 5) / 4


def test_saying_everything_twice_within_a_request_makes_nothing_surer() -> None:
    items = requests(40)
    once, twice = mean(clustered(items), seed=1), mean(clustered(items * 2), seed=1)
    assert twice.n == 2 * once.n
    assert (twice.low, twice.high) == (pytest.approx(once.low), pytest.approx(once.high))


def test_items_that_resemble_each_other_within_a_request_give_a_longer_interval() -> None:
    items = requests(60)
    by_request = mean(clustered(items), seed=1)
    as_if_independent = mean(clustered((index, value) for index, (_, value) in enumerate(items)), seed=1)
    assert by_request.low and by_request.high and as_if_independent.low and as_if_independent.high
    assert by_request.high - by_request.low > 1.3 * (as_if_independent.high - as_if_independent.low)


def test_the_interval_moves_and_stretches_with_the_values() -> None:
    items = requests(30)
    plain, moved = mean(clustered(items), seed=1), mean(clustered((r, 3 * v + 100) for r, v in items), seed=1)
    assert plain.low is not None and plain.high is not None
    assert (moved.low, moved.high) == (pytest.approx(3 * plain.low + 100), pytest.approx(3 * plain.high + 100))


def test_the_same_seed_gives_the_same_interval_and_another_one_nearly() -> None:
    one, same, other = (mean(clustered(requests(50)), seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    assert one.low == pytest.approx(other.low, rel=0.02)


def test_the_interval_of_many_alike_clusters_of_one_is_the_usual_one() -> None:
    # 2,000 independent items: mean +- 1.96 s / sqrt(n)
    draw = random.Random(2)
    values = [draw.gauss(0, 1) for _ in range(2_000)]
    found = mean(clustered(enumerate(values)), seed=1)
    centre = sum(values) / 2_000
    half = 1.96 * (sum((value - centre) ** 2 for value in values) / 1_999) ** 0.5 / 2_000**0.5
    assert (found.low, found.high) == (pytest.approx(centre - half, abs=0.004), pytest.approx(centre + half, abs=0.004))


def test_a_difference_is_the_one_mean_less_the_other_and_turns_its_sign_with_them() -> None:
    one, other = clustered(requests(40, seed=1)), clustered((r, v + 5) for r, v in requests(60, seed=2))
    there, back = mean_difference(one, other, seed=1), mean_difference(other, one, seed=1)
    assert there.value == pytest.approx(sum(one.sums) / one.n - sum(other.sums) / other.n)
    assert there.low is not None and there.high is not None and back.high is not None
    assert there.low < there.value < there.high < 0
    assert there.low == pytest.approx(-back.high, rel=0.1)
    assert there.n == one.n + other.n


def test_few_requests_give_a_mean_without_an_interval() -> None:
    found = mean(clustered(requests(9)), seed=1)
    assert found.value is not None and found.low is None
    assert found.undefined == "9 clusters are too few; 10 are needed"
    assert mean(clustered(requests(10)), seed=1).low is not None
    assert mean_difference(clustered(requests(40)), clustered(requests(9)), seed=1).undefined == found.undefined


def test_equal_values_give_a_mean_without_an_interval() -> None:
    found = mean(clustered((request, 1.0) for request in range(40)), seed=1)
    assert (found.value, found.low) == (1.0, None)
    assert found.undefined == "the clusters hardly differ, so nothing can be resampled"


def test_one_request_that_differs_among_many_is_too_little_to_resample() -> None:
    # a resample misses the one request with (1 - 1/20)^20 = 36 %, and is then without any spread
    found = mean(clustered((request, float(request == 0)) for request in range(20)), seed=1)
    assert found.undefined == "the clusters hardly differ, so nothing can be resampled"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused_and_not_averaged(value: float) -> None:
    with pytest.raises(InputError, match=r"in cluster 3: give finite numbers, and None where there is none"):
        clustered([(1, 1.0), (3, value)])


def test_without_items_there_is_no_mean() -> None:
    assert mean(clustered([(1, None)]), seed=1).undefined == "no item has a value"
    empty = mean_difference(Clustered((), (), 2), clustered(requests(20)), seed=1)
    assert (empty.value, empty.missing, empty.undefined) == (None, 2, "an arm has no item with a value")


def test_a_share_keeps_its_bounds_within_0_and_1() -> None:
    items = [(request, float(request > 3 or item > 0)) for request in range(12) for item in range(2)]
    found = mean(clustered(items), seed=1)
    assert found.high is not None and found.high > 0.9
    assert clipped(found, 0.0, 0.9).high == 0.9
    assert clipped(found, 0.0, 1.0).low == found.low
