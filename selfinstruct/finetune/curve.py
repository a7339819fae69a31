"""The losses of a training, one line for each step, whoever trains and however often it was interrupted.

metrics.jsonl in the folder of a tuned model, appended while it is trained:

    {"step": 1, "loss": 2.3125, "learning_rate": 2e-05}

A step that is told again takes the place of what was told before: a training that resumes goes back to its checkpoint.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct.jsonl import dumps, write

METRICS = "metrics.jsonl"


class Curve:
    """Takes what was measured at each step; `told` is all of it, by step."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self.told: dict[int, dict[str, float]] = _read(self._path)
        write(self._path, self._lines())  # a line that a killed training left torn is gone from here on

    def report(self, step: int, values: Mapping[str, float]) -> None:
        """Write down the numbers of a step; those that are not finite are left out, as they say nothing on a curve."""
        numbers = {name: float(value) for name, value in values.items() if math.isfinite(value)}
        new = {**self.told.get(step, {}), **numbers}
        if not numbers or new == self.told.get(step):
            return
        self.told[step] = new
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(dumps({"step": step, **new}) + "\n")

    def finish(self) -> None:
        """Write the file again, in the order of the steps and each of them once."""
        write(self._path, self._lines())

    def series(self) -> dict[str, list[tuple[int, float]]]:
        """Return the points (step, value) of each series for the tracker: "series.loss", ..."""
        found: dict[str, list[tuple[int, float]]] = {}
        for step, values in sorted(self.told.items()):
            for name, value in values.items():
                found.setdefault(f"series.{name}", []).append((step, value))
        return found

    def has(self, name: str) -> bool:
        """Return whether anybody told a value of this name."""
        return any(name in values for values in self.told.values())

    def last(self) -> dict[str, float]:
        """Return the last value of each series by its name: "loss", ..."""
        return {name.removeprefix("series."): points[-1][1] for name, points in self.series().items()}

    def _lines(self) -> list[dict[str, Any]]:
        return [{"step": step, **values} for step, values in sorted(self.told.items())]


def _read(path: Path) -> dict[int, dict[str, float]]:
    """Return what a file holds; a last line that was torn by a kill is left out."""
    told: dict[int, dict[str, float]] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            record = json.loads(line)
            told[int(record.pop("step"))] = record
        except (ValueError, KeyError, AttributeError):
            continue
    return told
