"""What every statistic returns: a number with its interval, or the reason why there is none.

Estimate(value=0.67, low=0.58, high=0.76, n=286, missing=0, method="large sample", undefined="")
Estimate(value=None, low=None, high=None, n=0, missing=3, method="", undefined="no item has a value")
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number, the bounds of its interval, and what they rest on.

    n: items that had a value; of a comparison, those of both arms. missing: items that had none.
    undefined: why there is no value or, where a value stands, no interval; empty when both exist. A bound may be
    infinite (the odds ratio where one cell of the table is 0).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    missing: int = 0
    method: str = ""
    undefined: str = ""


def undefined(reason: str, n: int, missing: int = 0) -> Estimate:
    """Return the estimate of a number that does not exist; `reason` completes "undefined, because ..."."""
    return Estimate(None, None, None, n, missing, undefined=reason)


def without_interval(value: float, reason: str, n: int, missing: int = 0) -> Estimate:
    """Return a number whose interval does not exist; `reason` completes "undefined, because ..."."""
    return Estimate(value, None, None, n, missing, undefined=reason)
