"""Rates and how two of them differ: yes/no values of independent items go in, estimates come out.

high, mixed = Count(yes=184, n=286), Count(yes=117, n=286)
odds_ratio(high, mixed)  -> 2.60 (1.83-3.71)        fisher_p(high, mixed) -> 2.8e-08
newcombe(high, mixed)    -> +0.234 (0.153-0.312)    wilson(high)          -> 0.643 (0.586-0.697)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from selfinstruct.statistics.estimates import Estimate, undefined

LARGE = 2_000  # possible tables; the exact interval of 2,000 takes 0.3 s, that of 500,000 a minute
RARE = 50  # where a cell holds fewer, the large-sample interval is not trusted


@dataclass(frozen=True)
class Count:
    """How many of n items are yes. `missing` items have no value: they are in neither number."""

    yes: int
    n: int
    missing: int = 0

    @property
    def no(self) -> int:
        """How many items are no."""
        return self.n - self.yes


def count(values: Iterable[bool | None]) -> Count:
    """Return the count of yes/no values; None is a missing one."""
    listed = list(values)
    given = [value for value in listed if value is not None]
    return Count(sum(given), len(given), len(listed) - len(given))


def wilson(one: Count, level: float = 0.95) -> Estimate:
    """Return the share of yes with Wilson's score interval.

    Undefined without items. Source: Wilson 1927, JASA 22:209.
    """
    from statsmodels.stats.proportion import proportion_confint

    if one.n == 0:
        return undefined("no item has a value", 0, one.missing)
    low, high = proportion_confint(one.yes, one.n, alpha=1 - level, method="wilson")
    # The bounds at 0 % and 100 % are exact; rounding may leave them a hair inside.
    low, high = (0.0 if one.yes == 0 else low), (1.0 if one.no == 0 else high)
    return Estimate(one.yes / one.n, float(low), float(high), one.n, one.missing, "Wilson")


def newcombe(one: Count, other: Count, level: float = 0.95) -> Estimate:
    """Return share(one) - share(other) with Newcombe's hybrid score interval (his method 10, no correction).

    Undefined where an arm has no items. Source: Newcombe 1998, Statistics in Medicine 17:873.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    n, missing = one.n + other.n, one.missing + other.missing
    if one.n == 0 or other.n == 0:
        return undefined("an arm has no item with a value", n, missing)
    low, high = confint_proportions_2indep(
        one.yes, one.n, other.yes, other.n, method="newcomb", compare="diff", alpha=1 - level
    )
    # All of one against none of the other: rounding leaves the bound a hair beyond what a difference can be.
    low, high = max(-1.0, float(low)), min(1.0, float(high))
    return Estimate(one.yes / one.n - other.yes / other.n, low, high, n, missing, "Newcombe")


def odds_ratio(one: Count, other: Count, level: float = 0.95) -> Estimate:
    """Return the odds of yes in one arm over those in the other, with its interval.

    The conditional maximum-likelihood estimate and Fisher's exact interval, as `fisher.test` of R gives them; both are
    nearer to 1 than the sample odds ratio ad/bc. An estimate of 0 or infinity has one open bound. Where more than 2,000
    tables are possible and no cell is below 50, the sample odds ratio and its logit interval are returned, which
    differ from the exact ones in the third digit there; `method` says which it was.

    Undefined where an arm has no items, or every item of both arms is yes, or every one no.
    Source: Fisher 1935, J R Stat Soc 98:39; Agresti 2002, Categorical Data Analysis, 3.5.
    """
    from scipy.stats.contingency import odds_ratio as of_table

    n, missing = one.n + other.n, one.missing + other.missing
    if one.n == 0 or other.n == 0:
        return undefined("an arm has no item with a value", n, missing)
    if one.yes + other.yes in {0, n}:
        return undefined(f"every item of both arms is {'yes' if one.yes else 'no'}", n, missing)
    is_exact = _possible_tables(one, other) <= LARGE or min(one.yes, one.no, other.yes, other.no) < RARE
    table = [[one.yes, one.no], [other.yes, other.no]]
    found = of_table(table, kind="conditional" if is_exact else "sample")
    bounds = found.confidence_interval(confidence_level=level)
    method = "conditional, Fisher's exact interval" if is_exact else "sample, logit interval"
    return Estimate(float(found.statistic), float(bounds.low), float(bounds.high), n, missing, method)


def fisher_p(one: Count, other: Count) -> float | None:
    """Return the two-sided p of Fisher's exact test; None where an arm has no items."""
    from scipy.stats import fisher_exact

    if one.n == 0 or other.n == 0:
        return None
    return min(1.0, float(fisher_exact([[one.yes, one.no], [other.yes, other.no]]).pvalue))


def _possible_tables(one: Count, other: Count) -> int:
    """How many 2x2 tables have these margins; the work of the exact interval grows with it."""
    yes = one.yes + other.yes
    return min(yes, one.n) - max(0, yes - other.n) + 1
