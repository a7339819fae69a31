"""Pacing: two schedules, requests and tokens, that keep a rate per minute from the first request on, without bursts.

    pace = Pace(requests_per_minute=600, tokens_per_minute=None)
    pace.ready_in_s(now)                0.0: a request may go now
    expected = pace.take(1_500, now)    it may need 1,500 tokens; reckoned with is the share that others used of theirs
    pace.settle(1_500, expected, used=300)

Times are seconds of any clock that only goes forward; the caller passes them in.
"""

from __future__ import annotations

_CATCH_UP_S = 0.25  # how much lost time a late timer may make up for; longer, and it would be a burst
_MEMORY = 50  # requests; how many of the last ones say what the next one will use of its most
_SHARE = 0.99  # of a stated limit: clocks differ, and a limit is counted where requests arrive, not where they leave


class _Schedule:
    """When the next unit may go. A unit that costs more than its time puts the schedule into debt."""

    def __init__(self, per_minute: float | None) -> None:
        self._own = self.per_minute = per_minute
        self._due_s: float | None = None

    @property
    def _seconds_per_unit(self) -> float:
        return 60.0 / (self.per_minute * _SHARE) if self.per_minute else 0.0

    def ready_in_s(self, now_s: float) -> float:
        return max(0.0, self._due_s - now_s) if self.per_minute and self._due_s is not None else 0.0

    def take(self, units: float, now_s: float) -> None:
        start = now_s if self._due_s is None else max(self._due_s, now_s - _CATCH_UP_S)
        self._due_s = start + units * self._seconds_per_unit

    def correct(self, units: float) -> None:
        if self._due_s is not None:
            self._due_s += units * self._seconds_per_unit

    def follow(self, told: float | None) -> bool:
        before = self.per_minute
        if told:
            self.per_minute = min(told, self._own or told)
        return self.per_minute != before


class Pace:
    """The pace of requests and of tokens; whichever is slower counts."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._requests = _Schedule(requests_per_minute)
        self._tokens = _Schedule(tokens_per_minute)
        self._used_share = 1.0
        self._settled = 0

    def ready_in_s(self, now_s: float) -> float:
        """Return how many seconds the next request has to wait; 0 when it may go."""
        return max(self._requests.ready_in_s(now_s), self._tokens.ready_in_s(now_s))

    def take(self, most_tokens: int, now_s: float) -> float:
        """Let a request go that may need this many tokens; return how many are reckoned with."""
        expected = most_tokens * self._used_share
        self._requests.take(1, now_s)
        self._tokens.take(expected, now_s)
        return expected

    def settle(self, most_tokens: int, expected: float, used: int | None) -> None:
        """Put the tokens that were really used in the place of those reckoned with; None: it got no answer."""
        self._tokens.correct((used or 0) - expected)
        if used is not None and most_tokens:
            self._settled = min(self._settled + 1, _MEMORY)
            self._used_share += (used / most_tokens - self._used_share) / self._settled

    def follow(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> bool:
        """Keep to what a provider states where it is less than our own limits; return whether the pace changed."""
        has_changed = self._requests.follow(requests_per_minute)
        return self._tokens.follow(tokens_per_minute) or has_changed

    def __str__(self) -> str:
        kept = [(self._requests.per_minute, "requests"), (self._tokens.per_minute, "tokens")]
        return ", ".join(f"{rate:,.0f} {kind} per minute" for rate, kind in kept if rate) or "no limit"
