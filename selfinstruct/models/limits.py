"""How fast requests may go out: a gate for concurrency, a pace for rates.

Neither changes the data: they decide when a request is sent.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt


@dataclass(frozen=True)
class LimitOptions:
    """Caps (None: no cap) and the bounds on one request. Never part of a run's identity."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_concurrency: Annotated[int, Ge(1)]
    max_requests: Annotated[int, Ge(0)] | None
    max_tokens: Annotated[int, Ge(0)] | None
    max_cost_usd: Annotated[float, Ge(0)] | None
    requests_per_minute: Annotated[float, Gt(0)] | None
    tokens_per_minute: Annotated[float, Gt(0)] | None
    max_attempts: Annotated[int, Ge(1)]
    timeout_s: Annotated[float, Gt(0)]


class Gate:
    """Lets at most `places` through at once; the lowest priority number goes first, then who came first."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    async def enter(self, priority: int) -> None:
        """Wait for a place."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._order), place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        while self._waiting:
            _, _, place = heapq.heappop(self._waiting)
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def shut(self, error: Exception) -> None:
        """Send everybody who waits away with this error."""
        for _, _, place in self._waiting:
            if not place.done():
                place.set_exception(error)
        self._waiting.clear()


class Pace:
    """Spaces requests so that the rates per minute are kept from the first minute on, without bursts."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._seconds_per_request = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._seconds_per_token = 60.0 / tokens_per_minute if tokens_per_minute else 0.0
        self._next_request = 0.0
        self._next_tokens = 0.0

    async def wait(self, tokens: int) -> None:
        """Wait for the turn of a request that may need this many tokens."""
        now = time.monotonic()
        start = max(now, self._next_request, self._next_tokens)
        self._next_request = start + self._seconds_per_request
        self._next_tokens = start + tokens * self._seconds_per_token
        if start > now:
            await asyncio.sleep(start - now)

    def give_back(self, tokens: int) -> None:
        """Return tokens that were reckoned with but not used."""
        self._next_tokens -= tokens * self._seconds_per_token
