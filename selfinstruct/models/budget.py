"""What may still be spent: every request's worst case is reserved before it is sent, its real cost settled after.

budget = Budget(limits, store.spent(run))
await budget.reserve(worst_case)        # raises LimitReached when it cannot fit
budget.settle(worst_case, real)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selfinstruct.errors import LimitReached
from selfinstruct.models.limits import LimitOptions

if TYPE_CHECKING:
    from selfinstruct.models.purse import SweepPurse


@dataclass(frozen=True)
class Spent:
    """What was paid: requests, tokens (prompt and completion together) and US dollars."""

    requests: int = 0
    tokens: int = 0
    cost_usd: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Return the sum."""
        return Spent(
            self.requests + other.requests, self.tokens + other.tokens, max(0.0, self.cost_usd + other.cost_usd)
        )

    def minus(self, other: Spent) -> Spent:
        """Return the difference."""
        return self.plus(Spent(-other.requests, -other.tokens, -other.cost_usd))


class Budget:
    """Reserves the worst case of a request before it is sent, and settles what it really cost afterwards.

    `spent` starts at what earlier executions of the same run paid, so that a cap holds for the run as a whole;
    `purse` is what the runs of a sweep share.
    """

    def __init__(self, limits: LimitOptions, spent: Spent = Spent(), purse: SweepPurse | None = None) -> None:
        self._limits = limits
        self._purse = purse
        self.spent = spent
        self._reserved = Spent()
        self._settled = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """How many requests are being sent and not yet settled."""
        return self._reserved.requests

    async def reserve(self, worst_case: Spent) -> None:
        """Set the worst case aside; wait while requests in flight may still give some of theirs back.

        Raises:
            LimitReached: it does not fit what is left of the run's or its sweep's caps, also with nothing in flight.
        """
        while (cap := self._cap_in_the_way(worst_case)) is not None:
            if self._reserved.requests == 0:
                raise LimitReached(cap)
            self._settled.clear()
            await self._settled.wait()
        self._reserved = self._reserved.plus(worst_case)
        if self._purse is not None:
            try:
                await self._purse.take(worst_case.cost_usd)
            except BaseException:
                self._release(worst_case)
                raise

    def settle(self, worst_case: Spent, real: Spent) -> None:
        """Put the real cost in the place of the worst case that was set aside for it."""
        self.spent = self.spent.plus(real)
        self._release(worst_case)
        if self._purse is not None:
            self._purse.settle(worst_case.cost_usd, real.cost_usd)

    def _release(self, worst_case: Spent) -> None:
        self._reserved = self._reserved.minus(worst_case)
        self._settled.set()

    def _cap_in_the_way(self, worst_case: Spent) -> str | None:
        total = self.spent.plus(self._reserved).plus(worst_case)
        caps = {
            "max_requests": (total.requests, self._limits.max_requests, self.spent.requests),
            "max_tokens": (total.tokens, self._limits.max_tokens, self.spent.tokens),
            "max_cost_usd": (total.cost_usd, self._limits.max_cost_usd, self.spent.cost_usd),
        }
        for key, (wanted, cap, spent) in caps.items():
            if cap is not None and wanted > cap:
                return (
                    f"limits.{key}={cap:g} reached: {spent:g} spent, and the next request may need up to "
                    f"{wanted - spent:g}; raise limits.{key} and repeat the command to go on"
                )
        return None
