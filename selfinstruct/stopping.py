"""SIGTERM stops a command as Ctrl+C does: what is in flight, and paid for, comes in, and nothing new begins.

    with stops_at_sigterm():
        ...                             kill <pid>, docker stop, a machine that is needed for something else

Without this, SIGTERM would end the process where it stands. Shells call such an end 143, and so do we (`exit_code`).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from selfinstruct.errors import Interrupted

TERMINATED = 128 + signal.SIGTERM

_told: list[Callable[[], None]] = []
_came: list[int] = []  # an Event has a lock, for which its handler may wait for ever


@contextlib.contextmanager
def stops_at_sigterm() -> Iterator[None]:
    """Within this block SIGTERM is Ctrl+C; twice, as with Ctrl+C, gives up what is in flight."""
    _came.clear()
    if threading.current_thread() is not threading.main_thread():  # which alone may say what a signal does
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def passed_on(tell: Callable[[], None]) -> Iterator[None]:
    """Call this when SIGTERM comes. Ctrl+C reaches all processes that a terminal sees, but SIGTERM one alone."""
    _told.append(tell)
    try:
        yield
    finally:
        _told.remove(tell)


def interrupt(number: int, _frame: Any) -> None:
    """Do what Ctrl+C does, whatever that is at the moment; a shell's background job is deaf to it, but not to this."""
    _came.append(number)
    for tell in list(_told):
        with contextlib.suppress(ProcessLookupError):
            tell()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def exit_code(code: int) -> int:
    """Return the code with which to exit: that of an interruption tells which of the two it was."""
    return TERMINATED if code == Interrupted.exit_code and _came else code
