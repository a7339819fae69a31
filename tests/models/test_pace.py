"""Pacing in given seconds, no clock is read. Times are those of the rate over 0.99: no limit is used to its last."""

from __future__ import annotations

import pytest

from selfinstruct.models.pace import Pace

RATE = 0.99


def test_requests_are_spaced_from_the_first_one_on() -> None:
    pace = Pace(requests_per_minute=600, tokens_per_minute=None)
    assert pace.ready_in_s(100.0) == 0.0
    pace.take(10, 100.0)
    assert pace.ready_in_s(100.0) == pytest.approx(0.1 / RATE)
    assert pace.ready_in_s(100.2) == 0.0


def test_a_long_silence_saves_up_no_burst() -> None:
    pace = Pace(requests_per_minute=600, tokens_per_minute=None)
    pace.take(10, 0.0)
    sent = 0
    while pace.ready_in_s(1_000.0) == 0.0:
        pace.take(10, 1_000.0)
        sent += 1
    assert sent == 3  # a quarter of a second is made up for: 0.25 / 0.101 = 2.5, and one that is due


def test_a_late_timer_is_made_up_for() -> None:
    pace = Pace(requests_per_minute=6_000, tokens_per_minute=None)
    now_s, sent = 0.0, 0
    while now_s < 10.0:
        while pace.ready_in_s(now_s) == 0.0:
            pace.take(10, now_s)
            sent += 1
        now_s += 0.015  # too coarse for one request every 0.01 s
    assert sent == pytest.approx(10 * 100 * RATE, abs=2)


def test_tokens_are_paced_by_what_requests_really_use() -> None:
    pace = Pace(requests_per_minute=None, tokens_per_minute=60_000)
    now_s, sent = 0.0, 0
    while now_s < 100.0:
        now_s += pace.ready_in_s(now_s) + 1e-9
        expected = pace.take(2_000, now_s)
        pace.settle(2_000, expected, used=250)
        sent += 1
    assert sent == pytest.approx(100 * 1_000 * RATE / 250, rel=0.01)


def test_requests_in_flight_are_reckoned_with_as_others_turned_out() -> None:
    pace = Pace(requests_per_minute=None, tokens_per_minute=60_000)
    assert pace.take(1_000, 0.0) == 1_000  # nothing is known yet: the most that it may need
    pace.settle(1_000, 1_000, used=100)
    assert pace.take(500, 10.0) == pytest.approx(50)
    assert pace.ready_in_s(10.0) == 0.0  # 0.05 s of debt, out of 0.25 s to make up for


def test_what_was_used_beyond_expectation_is_waited_for() -> None:
    pace = Pace(requests_per_minute=None, tokens_per_minute=60_000)
    pace.settle(1_000, pace.take(1_000, 0.0), used=10)
    expected = pace.take(1_000, 1.0)
    pace.settle(1_000, expected, used=1_000)
    assert pace.ready_in_s(1.0) == pytest.approx(1.0 / RATE - 0.25)


def test_a_request_without_an_answer_costs_no_tokens_and_teaches_nothing() -> None:
    pace = Pace(requests_per_minute=None, tokens_per_minute=60_000)
    pace.settle(1_000, pace.take(1_000, 0.0), used=None)
    assert pace.ready_in_s(0.0) == 0.0
    assert pace.take(1_000, 0.0) == 1_000


def test_a_stated_limit_counts_where_it_is_lower_and_as_long_as_it_is_stated() -> None:
    pace = Pace(requests_per_minute=600, tokens_per_minute=None)
    assert not pace.follow(6_000, None)
    assert pace.follow(60, 90_000)
    assert str(pace) == "60 requests per minute, 90,000 tokens per minute"
    assert pace.follow(300, None)
    assert str(pace) == "300 requests per minute, 90,000 tokens per minute"
    assert pace.follow(6_000, None)
    assert str(pace) == "600 requests per minute, 90,000 tokens per minute"


def test_without_limits_nothing_waits() -> None:
    pace = Pace(None, None)
    for _ in range(1_000):
        assert pace.ready_in_s(0.0) == 0.0
        pace.settle(5_000, pace.take(5_000, 0.0), used=5_000)
