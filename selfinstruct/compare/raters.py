"""How far the raters of each arm agree, criterion by criterion: a sheet goes in, one row a pair of raters comes out.

    agreements(sheet, RatingOptions(consensus="3"), Options())
    -> Agreement(arm="high", criterion="High-quality", raters=("1", "2"), kappa=0.67 (0.58-0.76), n=286, ...)

Whoever settled the disagreements is no rater here: the consensus was made from what the others said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.contrasts import estimate_record
from selfinstruct.compare.rated import RatingOptions, is_met
from selfinstruct.compare.sheets import Criterion, Sheet, Value
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate, cohen_kappa, krippendorff_alpha, percent_agreement, spearman


@dataclass(frozen=True)
class Agreement:
    """Agreement on one criterion of one arm: of a pair of raters and, by alpha, of all raters.

    met_kappa, linear, quadratic and spearman are None for yes/no criteria; met_kappa is that on "acceptable or not".
    """

    arm: str
    criterion: str
    raters: tuple[str, str]
    same: Estimate
    kappa: Estimate
    alpha: Estimate
    met_kappa: Estimate | None = None
    linear: Estimate | None = None
    quadratic: Estimate | None = None
    spearman: Estimate | None = None


def agreements(sheet: Sheet, ratings: RatingOptions, options: Options) -> tuple[Agreement, ...]:
    """Return the agreement of every pair of raters, by arm and criterion; empty where an arm has one rater only."""
    found = []
    for arm in sheet.arms:
        given = [rating for rating in sheet.ratings if rating.arm == arm]
        items = tuple(dict.fromkeys(rating.item for rating in given))
        raters = [
            rater for rater in sheet.raters if rater != ratings.consensus and any(r.rater == rater for r in given)
        ]
        for criterion in sheet.criteria:
            values = {(rating.rater, rating.item): rating.values[criterion.name] for rating in given}
            by_rater = {rater: [values.get((rater, item)) for item in items] for rater in raters}
            seed = generator(options.random_seed, "alpha", arm, criterion.name).getrandbits(64)
            order = tuple(reversed(ratings.grades)) if criterion.is_graded else ()
            alpha = krippendorff_alpha(list(by_rater.values()), seed, order, options.level, options.resamples)
            found += [
                _pair(arm, criterion, (a, b), by_rater[a], by_rater[b], alpha, order, ratings.acceptable, options.level)
                for a, b in combinations(raters, 2)
            ]
    return tuple(found)


def _pair(
    arm: str,
    criterion: Criterion,
    raters: tuple[str, str],
    first: Sequence[Value],
    second: Sequence[Value],
    alpha: Estimate,
    order: Sequence[str],
    acceptable: Sequence[str],
    level: float,
) -> Agreement:
    same, kappa = percent_agreement(first, second, level), cohen_kappa(first, second, order, level=level)
    if not criterion.is_graded:
        return Agreement(arm, criterion.name, raters, same, kappa, alpha)
    met = [[is_met(value, acceptable) for value in values] for values in (first, second)]
    ranks = [
        [None if value is None else float(order.index(str(value))) for value in values] for values in (first, second)
    ]
    return Agreement(
        arm,
        criterion.name,
        raters,
        same,
        kappa,
        alpha,
        met_kappa=cohen_kappa(met[0], met[1], level=level),
        linear=cohen_kappa(first, second, order, "linear", level),
        quadratic=cohen_kappa(first, second, order, "quadratic", level),
        spearman=spearman(ranks[0], ranks[1], level),
    )


_MEASURES = ("same", "kappa", "alpha", "met_kappa", "linear", "quadratic", "spearman")


def agreement_records(found: Sequence[Agreement]) -> list[dict[str, Any]]:
    """Return one CSV row for each measure of each pair; alpha, which is over all raters, once."""
    first = {(one.arm, one.criterion): one.raters for one in reversed(found)}
    return [
        {
            "arm": one.arm,
            "criterion": one.criterion,
            "raters": "all" if name == "alpha" else " and ".join(one.raters),
            "measure": name,
            "n": estimate.n,
            "missing": estimate.missing,
            **estimate_record("value", estimate),
            "method": estimate.method,
            "undefined": estimate.undefined,
        }
        for one in found
        for name in _MEASURES
        if (estimate := getattr(one, name)) is not None
        and (name != "alpha" or one.raters == first[one.arm, one.criterion])
    ]
