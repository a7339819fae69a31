"""Progress on stderr while a run works: a live line in a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from selfinstruct.pipeline import Progress

_PLAIN_EVERY_S = 5.0


@contextlib.contextmanager
def watch(name: str) -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows how far the run is; call it as often as you like."""
    shown = _live(name) if sys.stderr.isatty() else _plain(name)
    with shown as report:
        yield report


@contextlib.contextmanager
def _live(name: str) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True, refresh_per_second=8) as bars:
        accepted = bars.add_task(f"{name}: instructions", total=None, detail="")
        folded = bars.add_task("with instances", total=None, detail="")

        def report(progress: Progress) -> None:
            bars.update(accepted, completed=progress.accepted, total=progress.target, detail=_detail(progress))
            bars.update(folded, completed=progress.folded, total=progress.target)

        yield report


@contextlib.contextmanager
def _plain(name: str) -> Iterator[Callable[[Progress], None]]:
    last_shown = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal last_shown
        if time.monotonic() - last_shown >= _PLAIN_EVERY_S:
            last_shown = time.monotonic()
            print(f"{name}: {_line(progress)}", file=sys.stderr, flush=True)

    yield report


def _line(progress: Progress) -> str:
    return f"{progress.accepted:,} of {progress.target:,} instructions, {progress.folded:,} with instances; " + _detail(
        progress
    )


def _detail(progress: Progress) -> str:
    share = f", {progress.accepted / progress.candidates:.0%} kept" if progress.candidates else ""
    return f"{progress.committed:,} requests{share}"
