"""Numbers as people read them: estimates, p values and shares go in, words come out.

ratio_text(odds_ratio(high, mixed))  -> "2.60 (1.83-3.71)"
share_text(wilson(high))             -> "64.3 % (58.6-69.7)"
points_text(newcombe(high, mixed))   -> "+23.4 (+15.3 to +31.2)"
ratio_text(undefined("every item of both arms is yes", 6)) -> "undefined, because every item of both arms is yes"
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from selfinstruct.statistics import Estimate

NONE = "-"


def ratio_text(estimate: Estimate) -> str:
    """Return an odds ratio, a kappa or another number with two digits."""
    return _text(estimate, number_text, "-")


def share_text(estimate: Estimate) -> str:
    """Return a share in percent, one digit."""
    return _text(estimate, lambda value: f"{100 * value:.1f}", "-", unit=" %")


def points_text(estimate: Estimate) -> str:
    """Return a difference of two shares in percentage points, always signed."""
    return _text(estimate, lambda value: f"{100 * value:+.1f}", " to ")


def points_interval_text(estimate: Estimate) -> str:
    """Return only the interval of a difference of two shares, in percentage points."""
    if estimate.low is None or estimate.high is None:
        return f"undefined, because {estimate.undefined}"
    return f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}"


def mean_text(estimate: Estimate) -> str:
    """Return a mean with three significant digits."""
    return _text(estimate, significant, " to ")


def difference_text(estimate: Estimate) -> str:
    """Return a difference of two means with three significant digits, always signed."""
    return _text(estimate, lambda value: f"{'+' if value >= 0 else ''}{significant(value)}", " to ")


def p_text(p: float | None) -> str:
    """Return a p value with three digits; below 0.001 only that."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def number_text(value: float) -> str:
    """Return a number with two digits, and infinity as its sign."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{round(value, 2) + 0.0:.2f}"  # adding 0 makes 0.00 of -0.00


def significant(value: float) -> str:
    """Return a number with three significant digits, whole numbers in full."""
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else number_text(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text if digits == 0 or float(value) != round(value) else f"{value:,.0f}"


def arms_text(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _text(estimate: Estimate, show: Callable[[float], str], between: str, unit: str = "") -> str:
    if estimate.value is None:
        return f"undefined, because {estimate.undefined}"
    if estimate.low is None or estimate.high is None:
        return f"{show(estimate.value)}{unit} (interval undefined, because {estimate.undefined})"
    return f"{show(estimate.value)}{unit} ({show(estimate.low)}{between}{show(estimate.high)})"
