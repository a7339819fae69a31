"""What answers used: completions go in, requests, tokens and dollars come out, as a manifest holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from selfinstruct.records import Completion


def usage_of(completions: Iterable[Completion | None]) -> dict[str, Any]:
    """Return requests, tokens and cost of what was answered; None is a request without an answer.

    `unpriced` answers have a price that nobody knows, `uncounted` tokens that the provider did not count.
    """
    given = [completion for completion in completions if completion is not None]
    return {
        "requests": len(given),
        "prompt_tokens": sum(completion.prompt_tokens or 0 for completion in given),
        "completion_tokens": sum(completion.completion_tokens or 0 for completion in given),
        "cost_usd": round(sum(completion.cost_usd or 0.0 for completion in given), 8),
        "unpriced": sum(completion.cost_usd is None for completion in given),
        "uncounted": sum(one.prompt_tokens is None or one.completion_tokens is None for one in given),
    }


def cost_of(usage: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Return the cost of all stages; None when some price is not known."""
    if any(stage["unpriced"] for stage in usage.values()):
        return None
    return round(sum(float(stage["cost_usd"]) for stage in usage.values()), 8)
