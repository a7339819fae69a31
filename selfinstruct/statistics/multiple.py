"""Several tests at once: p values go in, in the same order those corrected for asking so many questions come out.

holm([0.01, 0.04, None]) -> (0.02, 0.04, None)
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return the p values corrected by Holm's step-down method, in the same order.

    A test that does not exist (None) stays None and does not count as a question that was asked.
    Source: Holm 1979, Scand J Statist 6:65.
    """
    from statsmodels.stats.multitest import multipletests

    given = [p for p in p_values if p is not None]
    if not given:
        return tuple(None for _ in p_values)
    corrected = iter(multipletests(given, method="holm")[1])
    return tuple(None if p is None else float(next(corrected)) for p in p_values)
