"""Output that nobody reads any more is no fault: `selfinstruct compare runs=[...] | head -1` ends quietly.

    with patient_stdout():
        ...                 what is printed after the reader has gone is dropped, and the work goes on to its end

Without this, the next line that a paid run prints would end it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


@contextlib.contextmanager
def patient_stdout() -> Iterator[None]:
    """Let stdout outlive its reader, for everything that is printed in this block."""
    before = sys.stdout
    patient = _Patient(before)
    sys.stdout = patient
    try:
        yield
    finally:
        patient.flush()
        sys.stdout = before


class _Patient:
    """A text stream whose writing never fails because its reader has gone; in all else it is the stream itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._without_reader():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._without_reader():
            self._stream.flush()

    @contextlib.contextmanager
    def _without_reader(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # what is still to come, also from the interpreter at its end, goes nowhere
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
