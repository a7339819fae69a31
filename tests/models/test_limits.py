"""Budget, gate and pace: caps hold, places go by priority, rates are kept."""

from __future__ import annotations

import asyncio

import pytest

from selfinstruct.errors import LimitReached
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.limits import Gate, LimitOptions, Pace


def limits(**changes: float) -> LimitOptions:
    values = {
        "max_concurrency": 4,
        "max_requests": None,
        "max_tokens": None,
        "max_cost_usd": None,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "max_attempts": 3,
        "timeout_s": 5.0,
    }
    return LimitOptions(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cap", "fits", "too_much"),
    [
        ({"max_requests": 3}, Spent(requests=3), Spent(requests=4)),
        ({"max_tokens": 100}, Spent(1, 100), Spent(1, 101)),
        ({"max_cost_usd": 0.5}, Spent(1, 0, 0.5), Spent(1, 0, 0.51)),
    ],
)
def test_a_request_is_sent_only_when_its_worst_case_fits(cap: dict[str, float], fits: Spent, too_much: Spent) -> None:
    async def work() -> None:
        await Budget(limits(**cap)).reserve(fits)
        with pytest.raises(LimitReached, match=next(iter(cap))):
            await Budget(limits(**cap)).reserve(too_much)

    asyncio.run(work())


def test_what_a_run_paid_before_counts_against_its_cap() -> None:
    async def work() -> None:
        budget = Budget(limits(max_requests=5), spent=Spent(requests=5))
        with pytest.raises(LimitReached, match=r"limits\.max_requests=5 reached: 5 spent"):
            await budget.reserve(Spent(requests=1))

    asyncio.run(work())


def test_a_request_waits_for_the_worst_cases_in_flight_to_settle() -> None:
    async def work() -> None:
        budget = Budget(limits(max_tokens=100))
        await budget.reserve(Spent(1, 90))
        second = asyncio.create_task(budget.reserve(Spent(1, 50)))
        await asyncio.sleep(0)
        assert not second.done()
        budget.settle(Spent(1, 90), Spent(1, 20))
        await second
        assert budget.spent == Spent(1, 20)

    asyncio.run(work())


def test_bootstrap_requests_pass_the_gate_first() -> None:
    async def work() -> list[str]:
        gate, order = Gate(1), []
        await gate.enter(0)

        async def through(name: str, priority: int) -> None:
            await gate.enter(priority)
            order.append(name)
            gate.leave()

        waiting = [asyncio.create_task(through(name, priority)) for name, priority in (("c", 1), ("d", 1), ("i", 0))]
        await asyncio.sleep(0)
        gate.leave()
        await asyncio.gather(*waiting)
        return order

    assert asyncio.run(work()) == ["i", "c", "d"]


def test_a_waiter_that_is_cancelled_leaves_its_place_to_others() -> None:
    async def work() -> None:
        gate = Gate(1)
        await gate.enter(0)
        gone, stays = asyncio.create_task(gate.enter(0)), asyncio.create_task(gate.enter(0))
        await asyncio.sleep(0)
        gone.cancel()
        gate.leave()
        await stays

    asyncio.run(work())


def test_requests_per_minute_are_spaced_from_the_first_one_on() -> None:
    async def work() -> float:
        pace = Pace(requests_per_minute=60 * 100, tokens_per_minute=None)
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(pace.wait(10) for _ in range(11)))
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(work()) >= 0.1  # ten gaps of 10 ms


def test_tokens_that_were_not_used_are_given_back() -> None:
    async def work() -> float:
        pace = Pace(requests_per_minute=None, tokens_per_minute=60 * 1000)
        started = asyncio.get_running_loop().time()
        await pace.wait(100_000)  # would block the next one for 100 s
        pace.give_back(99_990)
        await pace.wait(10)
        return asyncio.get_running_loop().time() - started

    assert 0.01 <= asyncio.run(work()) < 10
