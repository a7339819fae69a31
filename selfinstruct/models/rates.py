"""What a provider's answer says about its rate limits: reading response headers.

    x-ratelimit-limit-requests: 500
    x-ratelimit-remaining-requests: 0
    x-ratelimit-reset-requests: 120ms    ->    Rates(requests=Allowance(per_minute=500, left=0, reset_s=0.12), ...)

Understood are OpenAI's headers, which most providers copied, and Anthropic's; LiteLLM hands them on as they are, and
some a second time with `llm_provider-` in front. What is missing or unreadable is None.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_OURS = "llm_provider-"
_REQUESTS = ("x-ratelimit-{}-requests", "anthropic-ratelimit-requests-{}")
_TOKENS = ("x-ratelimit-{}-tokens", "anthropic-ratelimit-tokens-{}")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Allowance:
    """A limit per minute, what is left of it, and the seconds until it is whole again."""

    per_minute: float | None
    left: float | None
    reset_s: float | None


@dataclass(frozen=True)
class Rates:
    """What the headers of one answer say."""

    requests: Allowance
    tokens: Allowance


def read_rates(headers: Mapping[str, str]) -> Rates | None:
    """Return what the headers say about rate limits, None when they say nothing. Names are in lower case."""
    if not any("ratelimit" in name for name in headers):
        return None
    return Rates(_allowance(headers, _REQUESTS), _allowance(headers, _TOKENS))


def _allowance(headers: Mapping[str, str], names: tuple[str, ...]) -> Allowance:
    def value(kind: str) -> str:
        spelled = [name.format(kind) for name in names]
        return next((headers[name] for each in spelled for name in (each, _OURS + each) if name in headers), "")

    return Allowance(_number(value("limit")), _number(value("remaining")), _seconds(value("reset")))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _seconds(text: str) -> float | None:
    """Seconds of a duration (6m0s, 120ms), a plain number of seconds, or a moment (2026-11-21T10:00:00Z)."""
    if (plain := _number(text)) is not None:
        return plain
    if text and not _PART.sub("", text):
        return sum(float(amount) * _UNIT_S[unit] for amount, unit in _PART.findall(text))
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    now = datetime.datetime.now(moment.tzinfo or datetime.UTC)
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or datetime.UTC) - now).total_seconds())
