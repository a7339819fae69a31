"""Yield, new words and price by request."""

from __future__ import annotations

from typing import Any

import pytest

from selfinstruct.diversity.saturation import SaturationPoint, findings, saturation
from selfinstruct.findings import Finding
from selfinstruct.records import Instruction


def _requests(accepted: list[int], cost_usd: float | None = 0.5) -> list[dict[str, Any]]:
    return [
        {"request": i, "accepted": number, "accepted_total": sum(accepted[: i + 1]), "cost_usd": cost_usd}
        for i, number in enumerate(accepted)
    ]


def test_a_word_is_new_once_and_not_if_a_seed_has_it() -> None:
    instructions = [Instruction("Name a tree.", 0, None), Instruction("Name a tall, TALL tower.", 1, None)]
    points = saturation(_requests([1, 1]), instructions, ["name something"], target=None)
    # request 0: name is known, a and tree are new. request 1: tall (once) and tower are new of five words.
    assert points == (
        SaturationPoint(0, 0, 1, accepted=1, words=3, new_words=2, cost_usd=0.5),
        SaturationPoint(1, 1, 1, accepted=1, words=5, new_words=2, cost_usd=0.5),
    )
    assert (points[1].yield_per_request, points[1].new_word_share, points[1].cost_per_accepted_usd) == (1, 2 / 5, 0.5)


def test_many_requests_become_few_points_of_equal_width() -> None:
    points = saturation(_requests([2] * 52), [], [], target=None, most_points=25)
    assert [point.requests for point in points] == [3] * 17 + [1]
    assert (points[0].first, points[0].last, points[0].accepted, points[0].cost_usd) == (0, 2, 6, 1.5)


def test_requests_that_were_under_way_when_the_target_was_met_are_left_out() -> None:
    assert [point.accepted for point in saturation(_requests([3, 2, 0, 0]), [], [], target=5)] == [3, 2]
    for not_met in (9, None, 0):  # a refilter without a target counts 0
        assert [point.accepted for point in saturation(_requests([3, 2, 0, 0]), [], [], not_met)] == [3, 2, 0, 0]


def test_what_a_point_cannot_say_is_none() -> None:
    (point,) = saturation(_requests([0]), [], [], target=None)
    assert (point.new_word_share, point.cost_per_accepted_usd) == (None, None)
    (unpriced,) = saturation(_requests([2], cost_usd=None), [], [], target=None)
    assert (unpriced.cost_usd, unpriced.cost_per_accepted_usd) == (None, None)


def test_the_first_and_the_last_quarter_are_told_apart() -> None:
    instructions = [Instruction(f"Name thing number {i}.", i, None) for i in range(8)]
    found = findings(saturation(_requests([4, 4, 3, 3, 2, 2, 1, 0]), instructions, [], target=None))
    assert found["saturation.yield_first_quarter"] == Finding(4.0, 2)
    assert found["saturation.yield_last_quarter"] == Finding(0.5, 2)
    assert found["saturation.new_words_first_quarter"] == Finding(5 / 8, 8)  # name thing number 0, then only 1
    assert found["saturation.new_words_last_quarter"] == Finding(2 / 8, 8)
    assert found["saturation.cost_per_accepted_usd_first_quarter"] == Finding(1.0 / 8, 8)
    assert found["saturation.cost_per_accepted_usd_last_quarter"] == Finding(1.0, 1)


def test_few_requests_are_not_divided() -> None:
    text = findings(saturation(_requests([1] * 7), [], [], target=None))["saturation.yield_last_quarter"].text()
    assert text == "undefined, because 7 bootstrap requests are too few to be divided; 8 are needed"
    assert findings(())["saturation.yield_first_quarter"].value is None


@pytest.mark.parametrize(
    ("accepted", "cost_usd", "reason"),
    [(0, 0.5, "nothing was accepted in these requests"), (1, None, "the price of a request is not known")],
)
def test_a_price_that_does_not_exist_says_why(accepted: int, cost_usd: float | None, reason: str) -> None:
    found = findings(saturation(_requests([accepted] * 8, cost_usd), [], [], target=None))
    assert found["saturation.cost_per_accepted_usd_first_quarter"].because == reason
