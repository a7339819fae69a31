"""Asking many at once: the order of answers is that of requests, and a stop keeps what has come in."""

from __future__ import annotations

import asyncio

import pytest

from selfinstruct.errors import Interrupted, LimitReached
from selfinstruct.evaluation.asking import ask_all, teller
from selfinstruct.records import Completion, Request

REQUESTS = [Request("s", (), str(n), 1, 0.0, 1.0, 0.0, 0.0, ()) for n in range(6)]


class Countdown:
    """Answers the later requests first, and raises at one of them."""

    def __init__(self, fails_at: str | None = None) -> None:
        self.fails_at = fails_at

    async def complete(self, request: Request) -> Completion:
        await asyncio.sleep(0.01 * (6 - int(request.text)))
        if request.text == self.fails_at:
            raise LimitReached("limits.max_requests=4 reached; raise it")
        return Completion(f"answer {request.text}", "stop")


def test_answers_stand_in_the_order_of_the_requests_and_are_told_one_by_one() -> None:
    told: list[int] = []
    asked = asyncio.run(ask_all(Countdown(), REQUESTS, told.append))
    assert [one.text for one in asked.completions if one] == [f"answer {n}" for n in range(6)]
    assert (told, asked.error, asked.answered) == ([1, 2, 3, 4, 5, 6], None, 6)


def test_the_first_failure_ends_the_rest_and_keeps_what_came_before_it() -> None:
    asked = asyncio.run(ask_all(Countdown(fails_at="2"), REQUESTS, lambda _: None))
    assert [one is not None for one in asked.completions] == [False, False, False, True, True, True]
    assert isinstance(asked.error, LimitReached)


def test_an_interruption_is_told_as_such() -> None:
    async def interrupted() -> tuple[int, BaseException | None]:
        task = asyncio.create_task(ask_all(Countdown(), REQUESTS, lambda _: None))
        await asyncio.sleep(0.025)
        task.cancel()
        asked = await task
        return asked.answered, asked.error

    answered, error = asyncio.run(interrupted())
    assert answered == 2
    assert isinstance(error, Interrupted)


def test_progress_is_silent_for_the_first_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr("selfinstruct.evaluation.asking.time.monotonic", lambda: now[0])
    told = teller("demo", "answers", 1200)
    for passed_s, count in ((0, 1), (4.9, 10), (0.2, 1000), (1, 1001)):
        now[0] += passed_s
        told(count)
    assert capsys.readouterr().err == "demo: 1,000 of 1,200 answers\n"
