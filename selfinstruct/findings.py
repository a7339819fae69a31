"""A number that was found, with what it rests on; or the reason why there is none.

    share(3, 4)                                        # Finding(value=0.75, n=4)
    mean([], "no instance has an input").text()        # "undefined, because no instance has an input"

A result of several numbers is a dictionary of them by metric name: {"diversity.distinct_2": Finding(0.81, n=1420)}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any


@dataclass(frozen=True)
class Finding:
    """A number and what it rests on.

    value: None where the number does not exist; then `because` says why, as the end of "undefined, because ...".
    n: how many things it was found over (its denominator). missing: how many more could not be counted in.
    note: what else must be known to read it ("a sample").
    """

    value: float | None
    n: int
    missing: int = 0
    because: str = ""
    note: str = ""

    def text(self, digits: int | None = None) -> str:
        """Return the number for people to read, thousands separated, or the reason why there is none.

        Args:
            digits: after the point; by default as many as make four in all, at least one.
        """
        if self.value is None:
            return f"undefined, because {self.because}"
        if float(self.value).is_integer():
            return f"{self.value:,.0f}"
        usual = max(1, 4 - len(str(int(abs(self.value)))))
        return f"{self.value:,.{usual if digits is None else digits}f}"


def undefined(because: str, n: int = 0, missing: int = 0) -> Finding:
    """Return a number that does not exist."""
    return Finding(None, n, missing, because)


def count(value: int) -> Finding:
    """Return a plain count; it rests on itself."""
    return Finding(float(value), value)


def mean(values: Sequence[float], because: str, missing: int = 0) -> Finding:
    """Return the mean; undefined, because of what is said, where there are no values."""
    return Finding(fmean(values), len(values), missing) if values else undefined(because, 0, missing)


def share(part: int, whole: int, because: str = "there is nothing to count", missing: int = 0) -> Finding:
    """Return part / whole (0..1); undefined, because of what is said, where the whole is empty."""
    return Finding(part / whole, whole, missing) if whole else undefined(because, 0, missing)


def as_metrics(findings: Mapping[str, Finding]) -> dict[str, float]:
    """Return the numbers that exist, by name, for a tracker."""
    return {name: float(finding.value) for name, finding in findings.items() if finding.value is not None}


def as_records(findings: Mapping[str, Finding]) -> dict[str, dict[str, Any]]:
    """Return every finding as plain values, those that do not exist with their reason."""
    return {name: asdict(finding) for name, finding in findings.items()}
