"""Limits on what is spent: caps hold, also over several executions of a run."""

from __future__ import annotations

import asyncio

import pytest

from selfinstruct.errors import LimitReached
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.limits import LimitOptions


def limits(**changes: float) -> LimitOptions:
    values = {
        "max_concurrency": 4,
        "max_requests": None,
        "max_tokens": None,
        "max_cost_usd": None,
        "sweep_max_cost_usd": None,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "max_attempts": 3,
        "timeout_s": 5.0,
        "patience_s": 60.0,
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
