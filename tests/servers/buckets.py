"""Token buckets, as providers enforce rate limits with: filled at a steady rate, emptied by requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Bucket:
    """So many units per minute; at most what comes in `window_s` seconds is kept."""

    per_minute: float
    window_s: float
    level: float = -1.0
    filled_s: float = 0.0

    @property
    def capacity(self) -> float:
        return self.per_minute / 60 * self.window_s

    def fill(self, now_s: float) -> None:
        if self.level < 0:
            self.level = self.capacity
        else:
            self.level = min(self.capacity, self.level + (now_s - self.filled_s) * self.per_minute / 60)
        self.filled_s = now_s

    def missing_s(self, units: float) -> float:
        """Seconds until so many units will be there."""
        return max(0.0, (units - self.level) * 60 / self.per_minute)


@dataclass
class Limiter:
    """Requests and tokens per minute; a request is let through when both buckets hold enough for it."""

    requests: Bucket
    tokens: Bucket
    asked: int = 0
    rejected: int = 0
    let_through: int = 0
    tokens_used: int = 0

    def ask(self, tokens: int, now_s: float) -> float:
        """Return 0.0 for a request that is let through, else the seconds after which it would have been."""
        self.asked += 1
        for bucket in (self.requests, self.tokens):
            bucket.fill(now_s)
        wait_s = max(self.requests.missing_s(1), self.tokens.missing_s(tokens))
        if wait_s > 0:
            self.rejected += 1
            return wait_s
        self.requests.level -= 1
        self.tokens.level -= tokens
        self.let_through += 1
        self.tokens_used += tokens
        return 0.0

    def headers(self) -> dict[str, str]:
        """What OpenAI's servers say about it."""
        said = {}
        for kind, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            said[f"x-ratelimit-limit-{kind}"] = f"{bucket.per_minute:.0f}"
            said[f"x-ratelimit-remaining-{kind}"] = f"{max(0, int(bucket.level))}"
            said[f"x-ratelimit-reset-{kind}"] = f"{bucket.missing_s(bucket.capacity) * 1000:.0f}ms"
        return said
