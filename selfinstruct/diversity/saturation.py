"""Is it still worth asking? Yield, new words and price of an accepted instruction, as the requests go on.

The lines of requests.jsonl and the accepted instructions go in, at most 25 points come out, each over as many
neighbouring requests as the others:

    SaturationPoint(first=0, last=3, requests=4, accepted=12, words=190, new_words=101, cost_usd=0.004)

A pool that dries up shows as a falling yield, a model that repeats itself as a falling rate of new words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.findings import Finding, undefined
from selfinstruct.records import Instruction
from selfinstruct.text import unicode_tokens

MOST_POINTS = 25
_FEWEST_REQUESTS = 8


@dataclass(frozen=True)
class SaturationPoint:
    """What the requests first..last brought (by ordinal, from 0).

    words: of what was accepted; new_words: those that neither seeds nor earlier instructions had. cost_usd is None
    where a price is not known.
    """

    first: int
    last: int
    requests: int
    accepted: int
    words: int
    new_words: int
    cost_usd: float | None

    @property
    def yield_per_request(self) -> float:
        """Accepted instructions a request."""
        return self.accepted / self.requests

    @property
    def new_word_share(self) -> float | None:
        """New words by all words accepted (0..1); None where nothing was accepted."""
        return self.new_words / self.words if self.words else None

    @property
    def cost_per_accepted_usd(self) -> float | None:
        """Dollars an accepted instruction; None where nothing was accepted or a price is not known."""
        return self.cost_usd / self.accepted if self.accepted and self.cost_usd is not None else None


def saturation(
    requests: Sequence[Mapping[str, Any]],
    instructions: Sequence[Instruction],
    seeds: Sequence[str],
    target: int | None,
    most_points: int = MOST_POINTS,
) -> tuple[SaturationPoint, ...]:
    """Return how the pool grew, over equal numbers of requests; the last point may have fewer.

    Requests that were under way when the target was met are left out: they could not bring anything.

    Args:
        requests: lines of requests.jsonl, in order. instructions: accepted ones. target: None or 0 where none was set.
    """
    useful = list(requests)
    while target and len(useful) > 1 and useful[-2]["accepted_total"] >= target:
        useful.pop()
    width = max(1, -(-len(useful) // most_points))
    new_words = count_new_words(instructions, seeds)
    return tuple(_point(useful[start : start + width], new_words) for start in range(0, len(useful), width))


def _point(requests: Sequence[Mapping[str, Any]], new_words: Mapping[int, tuple[int, int]]) -> SaturationPoint:
    counts = [new_words.get(request["request"], (0, 0)) for request in requests]
    prices = [request["cost_usd"] for request in requests]
    return SaturationPoint(
        first=requests[0]["request"],
        last=requests[-1]["request"],
        requests=len(requests),
        accepted=sum(request["accepted"] for request in requests),
        words=sum(words for words, _ in counts),
        new_words=sum(new for _, new in counts),
        cost_usd=None if any(price is None for price in prices) else sum(prices),
    )


def count_new_words(instructions: Iterable[Instruction], seeds: Iterable[str]) -> dict[int, tuple[int, int]]:
    """Return by request how many words it brought that were accepted, and how many of them were new; new is once."""
    known = {word for seed in seeds for word in unicode_tokens(seed)}
    counts: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for instruction in instructions:
        words = unicode_tokens(instruction.instruction)
        new = set(words) - known
        known |= new
        before = counts[instruction.request_idx]
        counts[instruction.request_idx] = (before[0] + len(words), before[1] + len(new))
    return counts


def findings(points: Sequence[SaturationPoint]) -> dict[str, Finding]:
    """Return the yield, the new words and the price of the first and of the last quarter of the requests."""
    requests = sum(point.requests for point in points)
    found: dict[str, Finding] = {}
    quarter = max(1, len(points) // 4)
    for part, chosen in (("first_quarter", points[:quarter]), ("last_quarter", points[-quarter:])):
        if requests < _FEWEST_REQUESTS:
            few = undefined(
                f"{requests} bootstrap requests are too few to be divided; {_FEWEST_REQUESTS} are needed", requests
            )
            found |= {f"saturation.{name}_{part}": few for name in ("yield", "new_words", "cost_per_accepted_usd")}
            continue
        found[f"saturation.yield_{part}"] = _yield(chosen)
        found[f"saturation.new_words_{part}"] = _new_word_share(chosen)
        found[f"saturation.cost_per_accepted_usd_{part}"] = _price(chosen)
    return found


def _yield(points: Sequence[SaturationPoint]) -> Finding:
    requests = sum(point.requests for point in points)
    return Finding(sum(point.accepted for point in points) / requests, requests)


def _new_word_share(points: Sequence[SaturationPoint]) -> Finding:
    words = sum(point.words for point in points)
    if not words:
        return undefined("nothing was accepted in these requests")
    return Finding(sum(point.new_words for point in points) / words, words)


def _price(points: Sequence[SaturationPoint]) -> Finding:
    accepted = sum(point.accepted for point in points)
    if not accepted:
        return undefined("nothing was accepted in these requests")
    prices = [point.cost_usd for point in points if point.cost_usd is not None]
    if len(prices) < len(points):
        return undefined("the price of a request is not known", accepted)
    return Finding(sum(prices) / accepted, accepted)
