"""Many requests asked at once: a Model and requests go in, what was answered comes out, and what stopped it, if it was.

The model keeps its own limits and, behind the completion store, makes every answer durable before it is seen here. So
what is missing at the end is asked by the next command, and nothing is paid for twice.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfinstruct.errors import Interrupted, SelfInstructError
from selfinstruct.models import Model
from selfinstruct.records import Completion, Request

_TOLD_EVERY_S = 5.0


@dataclass(frozen=True)
class Asked:
    """The completions, one for each request in the same order, None where there is none; `error`: what stopped it."""

    completions: tuple[Completion | None, ...]
    error: SelfInstructError | None

    @property
    def answered(self) -> int:
        """How many requests were answered."""
        return sum(completion is not None for completion in self.completions)


def teller(name: str, what: str, number: int) -> Callable[[int], None]:
    """Return a function that takes how many there are, and says it on stderr every few seconds."""
    last_s: float | None = None

    def told(count: int) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if last_s is None:
            last_s = now_s
        elif now_s - last_s >= _TOLD_EVERY_S:
            last_s = now_s
            print(f"{name}: {count:,} of {number:,} {what}", file=sys.stderr, flush=True)

    return told


async def ask_all(model: Model, requests: Sequence[Request], told: Callable[[int], None]) -> Asked:
    """Ask everything at once; the first failure, or an interruption, ends the rest.

    Args:
        told: called after every answer with how many there are.
    """
    found: list[Completion | None] = [None] * len(requests)
    count = 0

    async def ask(place: int) -> None:
        nonlocal count
        found[place] = await model.complete(requests[place])
        count += 1
        told(count)

    tasks = [asyncio.create_task(ask(place)) for place in range(len(requests))]
    error: SelfInstructError | None = None
    try:
        await asyncio.gather(*tasks)
    except SelfInstructError as stop:
        error = stop
    except asyncio.CancelledError:
        error = Interrupted("interrupted; what was paid is kept: repeat the command to go on")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Asked(tuple(found), error)
