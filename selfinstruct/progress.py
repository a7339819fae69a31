"""Progress on stderr while a run works: a live display in a terminal, a plain line every few seconds elsewhere.

    async with watch("general-gpt", vitals) as report:      # vitals() is asked anew at every tick
        report(Progress(target=1000, accepted=412, ...))    # after every commit and fold; costs nothing

One plain line:

    general-gpt: 412 of 1,000 instructions (41% kept), 388 with instances; 12.3 requests/s, 16 in flight, 1,204,311
    tokens, $0.84 of about $2.05, 1:32 left
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from selfinstruct.pipeline import Progress
from selfinstruct.records import INSTRUCTIONS

_PLAIN_EVERY_S = 5.0
_LIVE_EVERY_S = 0.25
_WINDOW_S = 30.0

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Vitals:
    """What a run is doing and has paid, over all its executions.

    answered: requests answered in this execution, by the provider or from the store. cost_usd and projected_usd are
    None where they are not known.
    """

    answered: int = 0
    in_flight: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    projected_usd: float | None = None


@dataclass(frozen=True)
class Speed:
    """Requests answered per second over the last half minute, and the seconds left at that pace (None: no telling)."""

    requests_per_s: float
    left_s: float | None


class Speedometer:
    """Reads the speed off samples of the last half minute, so that answers from the store do not count for long."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, float]] = deque()

    def read(self, now_s: float, answered: int, done: float) -> Speed:
        """Take a sample (`done`: the share of the run that is done, 0..1) and return the speed since the oldest one."""
        self._samples.append((now_s, answered, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now_s - _WINDOW_S:
            self._samples.popleft()
        then_s, answered_then, done_then = self._samples[0]
        passed_s = now_s - then_s
        if passed_s <= 0:
            return Speed(0.0, None)
        pace = (done - done_then) / passed_s
        return Speed((answered - answered_then) / passed_s, (1 - done) / pace if pace > 0 else None)


def share_done(progress: Progress) -> float:
    """Return the share of the run that is done: each instruction counts half when accepted, half with its instances."""
    return (progress.accepted + progress.folded) / (2 * progress.target)


def projected_usd(usage: Mapping[str, Any], spent_usd: float, progress: Progress) -> float | None:
    """Return what a run will have cost at its target if it goes on as it went; None before there is anything to go by.

    Bootstrapping is reckoned per accepted instruction, all that follows per instruction with its instances: the second
    lags behind the first. What the store answered was paid by others; the rest of the run may have to be paid alone.

    Args:
        usage: by stage, with its `cost_usd`, of the completions that were used so far.
        spent_usd: what this run has paid so far.
    """
    first = usage[INSTRUCTIONS].cost_usd if INSTRUCTIONS in usage else 0.0
    later = sum(used.cost_usd for stage, used in usage.items() if stage != INSTRUCTIONS)
    if not progress.accepted or (later and not progress.folded):
        return None
    left = first / progress.accepted * (progress.target - progress.accepted)
    left += later / progress.folded * (progress.target - progress.folded) if later else 0.0
    return spent_usd + left


@contextlib.asynccontextmanager
async def watch(name: str, vitals: Callable[[Progress], Vitals], stream: TextIO | None = None) -> AsyncIterator[Report]:
    """Give a function that takes the latest progress; show it at every tick until the block ends."""
    stream = stream or sys.stderr
    latest: list[Progress] = []
    speed = Speedometer()

    def line() -> tuple[Progress, str] | None:
        if not latest:
            return None
        seen = vitals(latest[0])
        now = speed.read(time.monotonic(), seen.answered, share_done(latest[0]))
        return latest[0], details(seen, now)

    def report(progress: Progress) -> None:
        latest[:] = [progress]

    shown = _live(name, line, stream) if stream.isatty() else _plain(name, line, stream)
    task = asyncio.create_task(shown)
    try:
        yield report
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


Line = Callable[[], "tuple[Progress, str] | None"]


async def _plain(name: str, line: Line, stream: TextIO) -> None:
    while True:
        await asyncio.sleep(_PLAIN_EVERY_S)
        if (found := line()) is not None:
            progress, text = found
            print(f"{name}: {counts(progress)}; {text}", file=stream, flush=True)


async def _live(name: str, line: Line, stream: TextIO) -> None:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    console = Console(file=stream)
    bars = Bars(TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), expand=True)
    accepted, folded = bars.add_task("instructions", total=None), bars.add_task("with instances", total=None)
    with Live(Text(name), console=console, transient=True, auto_refresh=False) as live:
        while True:
            if (found := line()) is not None:
                progress, text = found
                bars.update(accepted, completed=progress.accepted, total=progress.target)
                bars.update(folded, completed=progress.folded, total=progress.target)
                live.update(Group(Text(f"{name}  {_kept(progress)}"), bars, Text(text, style="dim")), refresh=True)
            await asyncio.sleep(_LIVE_EVERY_S)


def counts(progress: Progress) -> str:
    """Return how far a run is, in words."""
    kept = _kept(progress)
    accepted = f"{progress.accepted:,} of {progress.target:,} instructions" + (f" ({kept})" if kept else "")
    return f"{accepted}, {progress.folded:,} with instances"


def details(vitals: Vitals, speed: Speed) -> str:
    """Return speed, tokens, dollars and time left, in words."""
    parts = [f"{speed.requests_per_s:.1f} requests/s", f"{vitals.in_flight} in flight", f"{vitals.tokens:,} tokens"]
    if vitals.cost_usd is None:
        parts.append("price not known")
    elif vitals.cost_usd or vitals.projected_usd:
        about = "" if vitals.projected_usd is None else f" of about ${vitals.projected_usd:,.2f}"
        parts.append(f"${vitals.cost_usd:,.2f}{about}")
    if speed.left_s is not None:
        parts.append(f"{duration(speed.left_s)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return minutes and seconds, or hours, minutes and seconds: 92 is 1:32, 3700 is 1:01:40."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _kept(progress: Progress) -> str:
    return f"{progress.accepted / progress.candidates:.0%} kept" if progress.candidates else ""
