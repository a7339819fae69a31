"""Agreement against published examples and other implementations; each undefined case with its reason."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from sklearn.metrics import cohen_kappa_score

from selfinstruct.errors import InputError
from selfinstruct.statistics import cohen_kappa, krippendorff_alpha, percent_agreement, spearman


def ratings(text: str) -> list[int | None]:
    return [None if value == "." else int(value) for value in text.split()]


# Krippendorff 2011, section D: four observers, twelve units, some values missing
OBSERVERS = [
    ratings("1 2 3 3 2 1 4 1 2 . . ."),
    ratings("1 2 3 3 2 2 4 1 2 5 . 3"),
    ratings(". 3 3 3 2 3 4 2 2 5 1 ."),
    ratings("1 2 3 3 2 4 4 1 2 5 1 ."),
]


def spread(table: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Turn a table (rows: first rater) into two lists of ratings."""
    pairs = [(a, b) for a, row in enumerate(table) for b, times in enumerate(row) for _ in range(times)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def test_kappa_by_hand() -> None:
    # agree 35 of 50 = 0.7; by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5; (0.7 - 0.5) / (1 - 0.5) = 0.4
    first, second = spread([[20, 5], [10, 15]])
    assert cohen_kappa(first, second).value == pytest.approx(0.4)
    assert percent_agreement(first, second).value == pytest.approx(0.7)


def test_the_interval_of_kappa_by_hand() -> None:
    # Fleiss, Cohen and Everitt: var = (A + B - C) / (n (1 - pe)^2) with k .4, pe .5, rows .5 .5, columns .6 .4
    # A = .4 (1 - (.5+.6).6)^2 + .3 (1 - (.5+.4).6)^2 = .04624 + .06348 = .10972
    # B = .36 (.1 (.6+.5)^2 + .2 (.4+.5)^2) = .36 * .283 = .10188;  C = (.4 - .5 * .6)^2 = .01
    half = 1.959964 * math.sqrt((0.10972 + 0.10188 - 0.01) / (50 * 0.25))
    found = cohen_kappa(*spread([[20, 5], [10, 15]]))
    assert (found.low, found.high) == (pytest.approx(0.4 - half, abs=1e-5), pytest.approx(0.4 + half, abs=1e-5))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_kappa_on_grades_equals_scikit_learn(weights: str | None) -> None:
    draw = random.Random(5)
    first = [draw.randrange(4) for _ in range(200)]
    second = [min(3, max(0, grade + draw.choice([-1, 0, 0, 1]))) for grade in first]
    found = cohen_kappa(first, second, order=range(4), weights=weights)
    assert found.value == pytest.approx(cohen_kappa_score(first, second, weights=weights))
    assert found.low is not None and found.high is not None and found.low < found.value < found.high


def test_linear_weights_by_hand() -> None:
    # three grades, ten items, distances in steps of two: observed 2*1 + 1*2 = 4 steps of 20, by chance
    # (rows 4 3 3, columns 5 2 3): sum |i-j| r c / 10 = (4*2 + 4*3*2 + 3*5 + 3*3 + 3*5*2 + 3*2) / 10 = 9.2 of 20
    first, second = spread([[3, 1, 0], [1, 1, 1], [1, 0, 2]])
    observed, chance = (1 + 1 + 1 + 2) / 10, (4 * 2 + 4 * 3 * 2 + 3 * 5 + 3 * 3 + 3 * 5 * 2 + 3 * 2) / 100
    assert cohen_kappa(first, second, order=range(3), weights="linear").value == pytest.approx(1 - observed / chance)


def test_items_that_one_rater_left_out_are_missing_and_do_not_change_kappa() -> None:
    first, second = spread([[20, 5], [10, 15]])
    found = cohen_kappa([*first, None, 1], [*second, 0, None])
    assert (found.value, found.n, found.missing) == (pytest.approx(0.4), 50, 2)


def test_kappa_is_undefined_where_chance_alone_agrees() -> None:
    found = cohen_kappa([True, True, True], [True, True, None])
    assert (found.value, found.n, found.missing) == (None, 2, 1)
    assert found.undefined == "both raters gave the same single value to every item"


def test_kappa_is_undefined_where_nobody_rated_the_same_item() -> None:
    assert cohen_kappa([True, None], [None, False]).undefined == "no item was rated by both"


def test_perfect_agreement_is_one_without_an_interval() -> None:
    found = cohen_kappa([True, False], [True, False])
    assert (found.value, found.low, found.undefined) == (1.0, None, "perfect agreement has no large-sample interval")


def test_perfect_alpha_is_one_without_an_interval() -> None:
    found = krippendorff_alpha([[1, 2, None], [1, 2, 3]], seed=1)
    assert (found.value, found.low, found.undefined) == (1.0, None, "perfect agreement leaves nothing to resample")


def test_raters_of_whom_one_says_always_yes_agree_as_by_chance() -> None:
    found = cohen_kappa([True, True, True, True], [True, False, True, True])
    assert found.value == pytest.approx(0)
    assert (found.low, found.undefined) == (None, "one rater gave every item the same value")


@pytest.mark.parametrize(
    ("first", "second", "weights"),
    [
        ([True, False], [False, True], None),  # each says the contrary: -1, and the formula gives an error of 0
        ([0, 1], [2, 1], "linear"),  # agreement as by chance, with an error of 0 as well
        ([1, 1, 1, 2, 1], [1, 1, 1, 1, 0], "linear"),  # rounding makes the squared error negative
    ],
)
def test_an_error_of_0_is_no_certainty_but_no_interval(
    first: list[int], second: list[int], weights: str | None
) -> None:
    found = cohen_kappa(first, second, order=range(3), weights=weights)
    assert found.value is not None and (found.low, found.high) == (None, None)
    assert found.undefined == "its large-sample error is 0 in these ratings"


def test_the_interval_of_kappa_ends_at_minus_one() -> None:
    found = cohen_kappa([3, 1, 1], [0, 1, 2], order=range(4), weights="quadratic")
    assert found.value == pytest.approx(-2 / 3)  # scikit-learn's, too
    assert found.low == -1.0


def test_a_grade_that_is_not_in_the_order_is_refused_and_not_left_out_silently() -> None:
    with pytest.raises(InputError, match=r"rating 9 is not in the order \[1, 2, 3\]"):
        cohen_kappa([1, 2, 9], [1, 3, 9], order=(1, 2, 3))
    with pytest.raises(InputError, match="rating 9 is not in the order"):
        krippendorff_alpha([[1, 2, 9], [1, 3, 9]], seed=1, order=(1, 2, 3))


def test_weights_need_to_know_which_grades_are_near() -> None:
    with pytest.raises(InputError, match="kappa with linear weights: give the order"):
        cohen_kappa([1, 2, 10], [1, 10, 2], weights="linear")


def test_alpha_gives_the_published_values() -> None:
    assert krippendorff_alpha(OBSERVERS, seed=1).value == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(OBSERVERS, seed=1, order=range(1, 6)).value == pytest.approx(0.815, abs=5e-4)


def test_alpha_counts_the_items_that_say_nothing_about_agreement() -> None:
    found = krippendorff_alpha(OBSERVERS, seed=1)
    assert (found.n, found.missing) == (11, 1)  # unit 12 was seen by one observer only


def test_alpha_of_two_raters_by_hand() -> None:
    # Krippendorff 2011, section A: ten units, two observers, values 0 and 1: alpha 0.095
    first, second = ratings("0 1 0 0 0 0 0 0 1 0"), ratings("1 1 1 0 0 1 0 0 0 0")
    assert krippendorff_alpha([first, second], seed=1).value == pytest.approx(0.095, abs=5e-4)


def test_the_interval_of_alpha_holds_it_and_is_the_same_for_the_same_seed() -> None:
    draw = random.Random(3)
    first = [draw.random() < 0.5 for _ in range(150)]
    second = [value if draw.random() < 0.85 else not value for value in first]
    found = krippendorff_alpha([first, second], seed=4)
    assert found == krippendorff_alpha([first, second], seed=4)
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.low < found.value < found.high
    assert 0.1 < found.high - found.low < 0.4


@pytest.mark.parametrize(
    ("raters", "reason"),
    [
        ([[True, None], [None, True]], "no item was rated by two raters"),
        ([[True, True], [True, True]], "only one value was ever given"),
    ],
)
def test_alpha_that_does_not_exist_says_why(raters: list[list[bool | None]], reason: str) -> None:
    found = krippendorff_alpha(raters, seed=1)
    assert (found.value, found.undefined) == (None, reason)


def test_spearman_by_hand() -> None:
    # squared rank differences 1 1 1 1 0: 1 - 6 * 4 / (5 * 24) = 0.8; half = 1.959964 sqrt((1 + 0.32) / (5 - 3))
    found = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    half = 1.959964 * math.sqrt(1.32 / 2)
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == (
        pytest.approx(math.tanh(math.atanh(0.8) - half)),
        pytest.approx(math.tanh(math.atanh(0.8) + half)),
    )


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([1, 2, 3, None], [1, 2, 3, 4], "3 items rated by both are too few; four are needed"),
        ([1, 1, 1, 1], [1, 2, 3, 4], "a rater gave every item the same grade"),
    ],
)
def test_spearman_that_does_not_exist_says_why(
    first: list[float | None], second: list[float | None], reason: str
) -> None:
    assert spearman(first, second).undefined == reason


def test_the_same_ranks_are_one_without_an_interval() -> None:
    found = spearman([1, 2, 3, 4], [1, 2, 3, 5])
    assert (found.value, found.low, found.undefined) == (1.0, None, "a perfect correlation has no interval")
