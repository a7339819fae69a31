"""Statistics over plain values: counts, numbers and ratings go in, estimates with their intervals come out.

    wilson(Count(yes=242, n=286))
    -> Estimate(value=0.846, low=0.800, high=0.884, n=286, missing=0, method="Wilson", undefined="")

scipy and statsmodels do the arithmetic. What they cannot say is said here: what a number rests on, how many values were
missing (they are counted, never taken as no), and "undefined, because ..." where a number does not exist.
"""

from selfinstruct.statistics.agreement import cohen_kappa, krippendorff_alpha, percent_agreement, spearman
from selfinstruct.statistics.estimates import Estimate, undefined
from selfinstruct.statistics.means import Clustered, clipped, clustered, mean, mean_difference
from selfinstruct.statistics.multiple import holm
from selfinstruct.statistics.proportions import Count, count, fisher_p, newcombe, odds_ratio, wilson
from selfinstruct.statistics.samples import items_for_half_width, wilson_half_width, yamane

__all__ = [
    "Clustered",
    "Count",
    "Estimate",
    "clipped",
    "clustered",
    "cohen_kappa",
    "count",
    "fisher_p",
    "holm",
    "items_for_half_width",
    "krippendorff_alpha",
    "mean",
    "mean_difference",
    "newcombe",
    "odds_ratio",
    "percent_agreement",
    "spearman",
    "undefined",
    "wilson",
    "wilson_half_width",
    "yamane",
]
