"""Additive increase, multiplicative decrease: expected numbers are worked out by hand."""

from __future__ import annotations

import pytest

from selfinstruct.models.concurrency import Concurrency


def test_it_starts_at_the_users_number_and_never_goes_above_it() -> None:
    many = Concurrency(most=8)
    for number in range(100):
        many.answered(number, is_full=True)
    assert many.places == 8


def test_a_burst_of_rejections_takes_places_away_once() -> None:
    many = Concurrency(most=64)
    # 64 are in flight, numbers 0 to 63; ten of them are rejected
    begins = [many.rejected(number, sent=64, in_flight=64 - number) for number in range(10)]
    assert begins == [True] + [False] * 9
    assert many.places == 44  # 64 x 0.7 = 44.8


def test_a_rejection_of_what_was_sent_after_the_last_one_takes_places_away_again() -> None:
    many = Concurrency(most=64)
    many.rejected(0, sent=64, in_flight=64)
    assert not many.rejected(63, sent=70, in_flight=40)
    assert many.rejected(64, sent=71, in_flight=44)
    assert many.places == 30  # 44 x 0.7 = 30.8


def test_what_was_in_flight_counts_and_not_what_was_allowed() -> None:
    many = Concurrency(most=64)
    many.rejected(0, sent=10, in_flight=10)
    assert many.places == 7


def test_one_place_is_always_left() -> None:
    many = Concurrency(most=2)
    for number in range(20):
        many.rejected(number, sent=number + 1, in_flight=1)
    assert many.places == 1


def test_a_round_of_answers_adds_a_sixteenth_of_the_users_number() -> None:
    many = Concurrency(most=64)
    for number in range(3):  # 64 -> 44.8 -> 31.36 -> 21.95
        many.rejected(number, sent=number + 1, in_flight=64)
    assert many.places == 21
    for number in range(3, 3 + 22):
        many.answered(number, is_full=True)
    assert many.places == 25  # 21.95 + 4, the quotient of each answer being a little smaller than the one before


def test_it_grows_carefully_near_the_number_that_was_too_many() -> None:
    many = Concurrency(most=64)
    many.rejected(0, sent=1, in_flight=40)
    places = []
    for number in range(1, 1_200):
        many.answered(number, is_full=True)
        places.append(many.places)
    near = next(index for index, value in enumerate(places) if value == 36)
    beyond = next(index for index, value in enumerate(places) if value == 44)
    end = next(index for index, value in enumerate(places) if value == 64)
    # 28 to 36 by 4 / places an answer: (36^2 - 28^2) / 8 = 64; to 44 by 0.0003 of them: ln(44 / 36) / 0.0003 = 669;
    # what was too many is well behind then, so to 64 as fast as before: (64^2 - 44^2) / 8 = 270
    assert (near, beyond - near, end - beyond) == pytest.approx((64, 669, 270), rel=0.05)


@pytest.mark.parametrize(("number", "is_full"), [(5, True), (20, False)])
def test_only_answers_that_prove_something_add_places(number: int, is_full: bool) -> None:
    """Not those to requests that were sent before the burst, and not those that came while places were free."""
    many = Concurrency(most=64)
    many.rejected(0, sent=10, in_flight=10)
    for _ in range(100):
        many.answered(number, is_full)
    assert many.places == 7
