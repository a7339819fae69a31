"""The gate: who may send next, and when. Every request passes it, and passes it again for every further try.

    turn = gate.turn(priority=0, tokens=1_500)
    sending = await gate.enter(turn)           waits for a place, for the pace, and while the provider is busy
    gate.answered(sending)                     or gate.rejected(sending, retry_after_s), or neither
    gate.leave(sending, used_tokens=300)

The lowest priority number goes first, then who came first; a request that tries again keeps its turn. A rejection (HTTP
429) shuts the gate for everybody until the provider's Retry-After is over, or for a growing wait where it names none.
None of this changes the data: it decides when a request is sent, never what.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from selfinstruct.models.concurrency import Concurrency
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.pace import Pace
from selfinstruct.models.rates import read_rates

log = logging.getLogger(__name__)

_NOTABLE_S = 10.0  # people want to know about a wait that is longer
_NOTABLE_SHARE, _ENOUGH = 0.05, 200  # and about so many rejections, once so many requests were sent


@dataclass(frozen=True, order=True)
class Turn:
    """A request's place in the queue, kept over all its tries; `tokens` is the most that it may need."""

    priority: int
    order: int
    tokens: int = field(compare=False)


@dataclass(frozen=True)
class Sending:
    """One try that was let through: its number among the tries of all requests, the tokens that pacing reckons with."""

    number: int
    turn: Turn
    expected_tokens: float


class Gate:
    """Lets requests through as fast as places, pace and provider allow."""

    def __init__(self, limits: LimitOptions, growing_wait_s: Callable[[int], float]) -> None:
        self._concurrency = Concurrency(limits.max_concurrency)
        self._pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        self._patience_s = limits.patience_s
        self._growing_wait_s = growing_wait_s
        self._order = itertools.count()
        self._sent = 0
        self._in_flight = 0
        self._waiting: list[tuple[Turn, asyncio.Future[Sending]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._error: Exception | None = None
        self._opens_s = 0.0
        self._bursts = 0
        self._busy_since_s: float | None = None
        self._rejected = 0
        self._has_warned = False
        self._told_by = -1
        self._requests_left = self._tokens_left = (float("inf"), 0.0)  # how many, and until when that holds

    def turn(self, priority: int, tokens: int) -> Turn:
        """Return the next turn of this priority."""
        return Turn(priority, next(self._order), tokens)

    async def enter(self, turn: Turn) -> Sending:
        """Wait until it is this request's turn and it may be sent. Raises the error that the gate was shut with."""
        if self._error:
            raise self._error
        let_through: asyncio.Future[Sending] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (turn, let_through))
        self._admit()
        try:
            return await let_through
        except asyncio.CancelledError:
            if let_through.done() and not let_through.cancelled() and let_through.exception() is None:
                self.leave(let_through.result(), used_tokens=None)
            raise

    def leave(self, sending: Sending, used_tokens: int | None) -> None:
        """Give the place back; tell how many tokens were used, or None where there was no answer."""
        self._in_flight -= 1
        self._pace.settle(sending.turn.tokens, sending.expected_tokens, used_tokens)
        self._admit()

    def shut(self, error: Exception) -> None:
        """Let nobody through from now on; everybody who waits gets this error."""
        self._error = error
        for _, let_through in self._waiting:
            if not let_through.done():
                let_through.set_exception(error)
        self._waiting.clear()

    def answered(self, sending: Sending) -> None:
        """Note that the provider answered: it takes what we send."""
        self._concurrency.answered(sending.number, self._in_flight >= self._concurrency.places)
        self._busy_since_s = None
        if self._concurrency.is_fresh(sending.number):
            self._bursts = 0

    def rejected(self, sending: Sending, retry_after_s: float | None) -> float:
        """Note that the provider rejected a request for coming too fast, and send nothing before it wants us to.

        Returns:
            For how many seconds, when this wait is over, it will have done nothing but reject.
        """
        now_s = _now_s()
        self._count_rejection()
        begins = self._concurrency.rejected(sending.number, self._sent, self._in_flight)
        self._bursts += begins
        if self._busy_since_s is None:
            self._busy_since_s = now_s
        wait_s = self._wait_s(retry_after_s)
        if begins or retry_after_s:
            self._opens_s = max(self._opens_s, now_s + wait_s)
        if begins:
            level = logging.WARNING if wait_s > _NOTABLE_S else logging.INFO
            log.log(level, "rejected (HTTP 429); next in %.1f s, %d in flight", wait_s, self._concurrency.places)
        return self._opens_s - self._busy_since_s

    def _count_rejection(self) -> None:
        self._rejected += 1
        if not self._has_warned and self._sent >= _ENOUGH and self._rejected > _NOTABLE_SHARE * self._sent:
            self._has_warned = True
            log.warning(
                "%.0f %% of the requests were rejected (HTTP 429): set limits.requests_per_minute or "
                "limits.tokens_per_minute, or lower limits.max_concurrency",
                100 * self._rejected / self._sent,
            )

    def close_for(self, seconds: float) -> None:
        """Send nothing for this long, since the provider asked for it."""
        self._opens_s = max(self._opens_s, _now_s() + seconds)

    def heard_of_latest(self, headers: Mapping[str, str]) -> None:
        """As `heard`, where nobody knows which request the headers belong to."""
        self.heard(self._sent, headers)

    def heard(self, number: int, headers: Mapping[str, str]) -> None:
        """Keep to what the headers say about the provider's limits; wait for the reset where nothing is left."""
        rates = read_rates(headers)
        if rates is None or number < self._told_by:
            return
        self._told_by, now_s = number, _now_s()
        if self._pace.follow(rates.requests.per_minute, rates.tokens.per_minute):
            log.info("the provider's limits are kept to: %s", self._pace)
        self._requests_left = self._left(rates.requests.left, rates.requests.reset_s, now_s)
        self._tokens_left = self._left(rates.tokens.left, rates.tokens.reset_s, now_s)

    def _left(self, left: float | None, reset_s: float | None, now_s: float) -> tuple[float, float]:
        """A reset that is further away than anybody's patience is left to the provider to insist on."""
        if left is None or reset_s is None or reset_s > self._patience_s:
            return float("inf"), now_s
        return left, now_s + reset_s

    def _admit(self) -> None:
        now_s = _now_s()
        while self._waiting and self._in_flight < self._concurrency.places:
            turn, let_through = self._waiting[0]
            if not let_through.done():
                wait_s = self._closed_s(turn, now_s)
                if wait_s > 0:
                    self._wake_in(wait_s)
                    return
                self._in_flight += 1
                let_through.set_result(Sending(self._sent, turn, self._pace.take(turn.tokens, now_s)))
                self._sent += 1
            heapq.heappop(self._waiting)

    def _closed_s(self, turn: Turn, now_s: float) -> float:
        """How many seconds this turn has to wait, apart from waiting for a place."""
        used_up = [
            until_s - now_s
            for (left, until_s), needed in ((self._requests_left, 1), (self._tokens_left, turn.tokens))
            if left < needed
        ]
        return max(self._opens_s - now_s, self._pace.ready_in_s(now_s), *used_up, 0.0)

    def _wait_s(self, retry_after_s: float | None) -> float:
        """What the provider asks for; a growing wait where it does not say, or goes on rejecting after that."""
        in_vain = self._bursts if retry_after_s is None else self._bursts - 1
        return max(retry_after_s or 0.0, self._growing_wait_s(in_vain) if in_vain > 0 else 0.0)

    def _wake_in(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._admit)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
