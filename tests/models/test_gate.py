"""The gate in virtual time: who goes first, when it is shut, and what a provider with limits sees of it."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass

import pytest

from selfinstruct.errors import Interrupted
from selfinstruct.models.gate import Gate, Turn
from selfinstruct.models.limits import LimitOptions
from tests.models.virtual_time import run
from tests.servers.buckets import Bucket, Limiter


def limits(places: int = 64, requests: float | None = None, tokens: float | None = None) -> LimitOptions:
    return LimitOptions(places, None, None, None, None, requests, tokens, 8, timeout_s=60, patience_s=900)


def gate(places: int = 64, requests: float | None = None, tokens: float | None = None) -> Gate:
    """A gate that waits 1, 2, 4, ... seconds after bursts for which the provider names no wait."""
    return Gate(limits(places, requests, tokens), lambda tries: 2.0 ** (tries - 1))


def now() -> float:
    return asyncio.get_running_loop().time()


async def one_through(through: Gate, turn: Turn, seconds: float = 0.0) -> float:
    """Pass the gate, stay inside for some seconds; return when it was passed."""
    sending = await through.enter(turn)
    passed_s = now()
    await asyncio.sleep(seconds)
    through.leave(sending, used_tokens=0)
    return passed_s


def test_bootstrap_requests_pass_first_and_then_who_came_first() -> None:
    async def work() -> list[str]:
        through, order = gate(places=1), []
        inside = await through.enter(through.turn(0, 0))

        async def follow(name: str, priority: int) -> None:
            await one_through(through, through.turn(priority, 0), 1.0)
            order.append(name)

        waiting = [asyncio.create_task(follow(name, priority)) for name, priority in (("c", 1), ("d", 1), ("i", 0))]
        await asyncio.sleep(0)
        through.leave(inside, None)
        await asyncio.gather(*waiting)
        return order

    assert run(work()) == ["i", "c", "d"]


def test_a_request_that_tries_again_keeps_its_turn() -> None:
    async def work() -> list[str]:
        through, order = gate(places=1), []
        first, second = through.turn(1, 0), through.turn(1, 0)
        inside = await through.enter(through.turn(0, 0))

        async def follow(name: str, turn: Turn) -> None:
            await one_through(through, turn)
            order.append(name)

        waiting = [asyncio.create_task(follow("second", second)), asyncio.create_task(follow("first", first))]
        await asyncio.sleep(0)
        through.leave(inside, None)
        await asyncio.gather(*waiting)
        return order

    assert run(work()) == ["first", "second"]


def test_no_more_are_inside_than_there_are_places() -> None:
    async def work() -> int:
        through, inside, most = gate(places=3), 0, 0

        async def follow() -> None:
            nonlocal inside, most
            sending = await through.enter(through.turn(0, 0))
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(1)
            inside -= 1
            through.leave(sending, 0)

        await asyncio.gather(*(follow() for _ in range(20)))
        return most

    assert run(work()) == 3


@pytest.mark.parametrize("is_let_through", [False, True])
def test_who_is_cancelled_leaves_the_place_to_others(is_let_through: bool) -> None:
    async def work() -> None:
        through = gate(places=1)
        inside = await through.enter(through.turn(0, 0))
        gone = asyncio.create_task(through.enter(through.turn(0, 0)))
        stays = asyncio.create_task(through.enter(through.turn(0, 0)))
        await asyncio.sleep(0)
        if is_let_through:  # it has the place, but does not know it yet
            through.leave(inside, None)
            gone.cancel()
        else:
            gone.cancel()
            through.leave(inside, None)
        await asyncio.wait_for(stays, 1)

    run(work())


def test_a_shut_gate_sends_everybody_away() -> None:
    async def work() -> None:
        through = gate(places=1)
        await through.enter(through.turn(0, 0))
        waiting = asyncio.create_task(through.enter(through.turn(0, 0)))
        await asyncio.sleep(0)
        through.shut(Interrupted("stopped"))
        for late in (waiting, through.enter(through.turn(0, 0))):
            with pytest.raises(Interrupted):
                await late

    run(work())


def test_retry_after_shuts_the_gate_for_everybody() -> None:
    async def work() -> float:
        through = gate()
        rejected = await through.enter(through.turn(0, 0))
        through.rejected(rejected, retry_after_s=7.0)
        through.leave(rejected, None)
        return await one_through(through, through.turn(0, 0))

    assert run(work()) == pytest.approx(7.0)


def test_the_longest_retry_after_of_a_burst_counts() -> None:
    async def work() -> float:
        through = gate()
        burst = [await through.enter(through.turn(0, 0)) for _ in range(3)]
        for sending, wait_s in zip(burst, (2.0, 5.0, 3.0), strict=True):
            through.rejected(sending, wait_s)
            through.leave(sending, None)
        return await one_through(through, through.turn(0, 0))

    assert run(work()) == pytest.approx(5.0)


def test_rejections_without_a_retry_after_are_waited_for_longer_each_time() -> None:
    async def work() -> list[float]:
        through, passed = gate(), []
        for _ in range(4):
            sending = await through.enter(through.turn(0, 0))
            passed.append(now())
            through.rejected(sending, None)
            through.leave(sending, None)
        return passed

    assert run(work()) == pytest.approx([0, 1, 3, 7])  # waits of 1, 2 and 4 s


def test_a_burst_is_waited_for_once() -> None:
    async def work() -> float:
        through = gate()
        burst = [await through.enter(through.turn(0, 0)) for _ in range(10)]
        for sending in burst:
            through.rejected(sending, None)
            through.leave(sending, None)
        return await one_through(through, through.turn(0, 0))

    assert run(work()) == pytest.approx(1.0)


def test_a_retry_after_of_nothing_does_not_make_a_busy_loop() -> None:
    async def work() -> list[float]:
        through, passed = gate(), []
        for _ in range(4):
            sending = await through.enter(through.turn(0, 0))
            passed.append(now())
            through.rejected(sending, 0.0)
            through.leave(sending, None)
        return passed

    assert run(work()) == pytest.approx([0, 0, 1, 3])  # the first wait is as asked for, then 1 and 2 s


def test_the_time_without_an_answer_is_told_with_the_wait_to_come() -> None:
    async def work() -> list[float]:
        through, told = gate(), []
        for answer_before in (False, False, True):
            if answer_before:
                sending = await through.enter(through.turn(0, 0))
                through.answered(sending)
                through.leave(sending, 0)
            sending = await through.enter(through.turn(0, 0))
            told.append(through.rejected(sending, 10.0))
            through.leave(sending, None)
        return told

    assert run(work()) == pytest.approx([10, 20, 10])


def headers(left: int, reset: str, limit: str = "100000") -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": limit,
        "x-ratelimit-remaining-requests": str(left),
        "x-ratelimit-reset-requests": reset,
    }


@pytest.mark.parametrize(("left", "reset", "passed_s"), [(0, "9s", 9.0), (1, "9s", 0.0), (0, "48h", 0.0)])
def test_where_nothing_is_left_the_reset_is_waited_for(left: int, reset: str, passed_s: float) -> None:
    """A reset further away than patience lasts is left to the provider to insist on."""

    async def work() -> float:
        through = gate()
        sending = await through.enter(through.turn(0, 0))
        through.heard(sending.number, headers(left, reset))
        through.leave(sending, 0)
        return await one_through(through, through.turn(0, 0))

    assert run(work()) == pytest.approx(passed_s, abs=0.01)


def test_tokens_that_are_left_let_small_requests_through() -> None:
    async def work() -> tuple[float, float]:
        through = gate()
        told = {"x-ratelimit-remaining-tokens": "100", "x-ratelimit-reset-tokens": "9s"}
        through.heard(0, told)
        small = await one_through(through, through.turn(0, tokens=100))
        return small, await one_through(through, through.turn(0, tokens=101))

    assert run(work()) == pytest.approx((0.0, 9.0))


def test_what_an_older_request_was_told_is_no_news() -> None:
    async def work() -> float:
        through = gate()
        through.heard(5, headers(50, "1s"))
        through.heard(4, headers(0, "9s"))
        return await one_through(through, through.turn(0, 0))

    assert run(work()) == 0.0


def test_a_stated_limit_is_paced_to() -> None:
    async def work() -> list[float]:
        through = gate()
        through.heard(0, headers(50, "1s", limit="60"))
        return [await one_through(through, through.turn(0, 0)) for _ in range(4)]

    assert run(work()) == pytest.approx([0, 1 / 0.99, 2 / 0.99, 3 / 0.99])


@dataclass(frozen=True)
class Steady:
    """What a provider counted, from the end of the warm-up on."""

    rejected_share: float
    used_share: float


async def work_against(
    limiter: Limiter, through: Gate, latency_s: float, says: str, warm_up_s: float = 200, seconds: float = 400
) -> Steady:
    """Twice as many requests as places want to go all the time, each with 100 to 500 tokens and at most 1,500."""
    draw = random.Random(1)
    per_s = min(limiter.requests.per_minute, limiter.tokens.per_minute / 300) / 60

    async def ask() -> None:
        while now() < warm_up_s + seconds:
            turn, tokens = through.turn(0, 1_500), draw.randint(100, 500)
            while not await attempt(turn, tokens):
                pass

    async def attempt(turn: Turn, tokens: int) -> bool:
        sending = await through.enter(turn)
        await asyncio.sleep(0.002)  # the way there
        wait_s = limiter.ask(tokens, now())
        said = limiter.headers() if says == "headers" else {}
        await asyncio.sleep(0.002 if wait_s else latency_s * draw.uniform(0.5, 1.5))
        through.heard(sending.number, said)
        if wait_s:
            through.rejected(sending, {"headers": wait_s, "retry-after": math.ceil(wait_s)}.get(says))
        else:
            through.answered(sending)
        through.leave(sending, None if wait_s else tokens)
        return not wait_s

    async def count() -> Steady:
        await asyncio.sleep(warm_up_s)
        asked, rejected, through_before = limiter.asked, limiter.rejected, limiter.let_through
        await asyncio.sleep(seconds)
        share = (limiter.rejected - rejected) / (limiter.asked - asked)
        return Steady(share, (limiter.let_through - through_before) / (per_s * seconds))

    found, *_ = await asyncio.gather(count(), *(ask() for _ in range(128)))
    return found


@pytest.mark.parametrize(("requests", "tokens"), [(1_200, 1e9), (1e9, 360_000)])
@pytest.mark.parametrize(
    ("says", "latency_s"),
    [
        ("limits are set", 0.2),
        ("limits are set", 2.0),
        ("headers", 0.2),
        ("headers", 2.0),
        ("retry-after", 2.0),
        ("nothing", 2.0),
    ],
)
def test_at_most_1_percent_is_rejected_and_at_least_90_percent_of_the_limit_used(
    says: str, latency_s: float, requests: float, tokens: float
) -> None:
    """20 requests a second, or as many as their tokens allow; four or forty of them at a time, of 64 places."""
    limiter = Limiter(Bucket(requests, window_s=10), Bucket(tokens, window_s=10))
    through = gate(64, requests, tokens) if says == "limits are set" else gate(64)
    steady = run(work_against(limiter, through, latency_s, says))
    assert steady.rejected_share <= 0.01
    assert steady.used_share >= 0.9
    if says in {"limits are set", "headers"}:
        assert steady.rejected_share == 0


def test_many_rejections_are_told_once_with_what_to_set(caplog: pytest.LogCaptureFixture) -> None:
    limiter = Limiter(Bucket(200, window_s=10), Bucket(1e9, window_s=10))
    run(work_against(limiter, gate(64), 0.2, "nothing"))
    told = [record.message for record in caplog.records if "set limits.requests_per_minute" in record.message]
    assert len(told) == 1


@pytest.mark.parametrize("says", ["retry-after", "nothing"])
def test_where_nobody_tells_and_few_are_in_flight_the_limit_is_used_at_the_price_of_rejections(says: str) -> None:
    limiter = Limiter(Bucket(1_200, window_s=10), Bucket(1e9, window_s=10))
    steady = run(work_against(limiter, gate(64), 0.2, says))
    assert steady.rejected_share <= 0.06
    assert steady.used_share >= 0.9
