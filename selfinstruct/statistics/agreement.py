"""How far raters agree: what each said about the same items goes in, in the same order; None where one said nothing.

    cohen_kappa([True, False, None, ...], [True, True, False, ...]) -> 0.67 (0.58-0.76), n 285, missing 1
    krippendorff_alpha([first, second, third], order=("D", "C", "B", "A")) -> 0.71 (0.62-0.79)

Agreement by chance is taken off, so 0 is what guessing reaches and 1 is perfect; below 0 is worse than guessing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError
from selfinstruct.statistics.estimates import Estimate, undefined, without_interval
from selfinstruct.statistics.proportions import count, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ratings = Sequence[Hashable | None]
FEWEST_FOR_SPEARMAN = 4
_NO_ERROR = 1e-9
_BLOCK = 2_000_000  # draws at a time, so that memory does not grow with the resamples


def percent_agreement(first: Ratings, second: Ratings, level: float = 0.95) -> Estimate:
    """Return the share of items on which two raters said the same, with Wilson's interval; chance is not taken off."""
    pairs = zip(first, second, strict=True)
    return wilson(count(None if a is None or b is None else a == b for a, b in pairs), level)


def cohen_kappa(
    first: Ratings, second: Ratings, order: Sequence[Hashable] = (), weights: str | None = None, level: float = 0.95
) -> Estimate:
    """Return Cohen's kappa of two raters with its large-sample interval.

    Args:
        order: the values in order, lowest first; needed for weights. Empty: those that were given.
        weights: None: only the same value agrees. "linear" or "quadratic": values that are near agree in part.

    Undefined where no item was rated by both, and where both gave one and the same value to every item. There is a
    value but no interval where the large-sample error is 0 (perfect agreement, a rater of one value, two raters who
    exclude each other): nothing in the ratings says how far they might have been otherwise.

    Raises:
        InputError: a value that is not in the order, or weights without an order.
    Source: Cohen 1960 and 1968; the interval is that of Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72:323.
    """
    import numpy as np
    from scipy.stats import norm
    from statsmodels.stats.inter_rater import cohens_kappa

    both, missing = _paired(first, second)
    if not both:
        return undefined("no item was rated by both", 0, missing)
    if weights and not order:
        raise InputError(f"kappa with {weights} weights: give the order of the values; without it none is nearer")
    values = _values((value for pair in both for value in pair), order)
    if len({value for pair in both for value in pair}) == 1:
        return undefined("both raters gave the same single value to every item", len(both), missing)
    counted = Counter(both)
    table = [[counted[a, b] for b in values] for a in values]
    with np.errstate(divide="ignore", invalid="ignore"):  # its test against chance, which is not used here
        found = cohens_kappa(table, wt=weights)
    value = float(found.kappa)
    if all(a == b for a, b in both):
        return without_interval(1.0, "perfect agreement has no large-sample interval", len(both), missing)
    if min(len({a for a, _ in both}), len({b for _, b in both})) == 1:
        return without_interval(value, "one rater gave every item the same value", len(both), missing)
    error = float(found.std_kappa)
    if not error > _NO_ERROR:  # also where rounding made its square negative, and the root no number
        return without_interval(value, "its large-sample error is 0 in these ratings", len(both), missing)
    half = float(norm.ppf(0.5 + level / 2)) * error
    method = "large sample" + (f", {weights} weights" if weights else "")
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), len(both), missing, method)


def spearman(first: Sequence[float | None], second: Sequence[float | None], level: float = 0.95) -> Estimate:
    """Return Spearman's rank correlation of two raters' ordered grades, with Bonett and Wright's interval.

    Undefined for fewer than four items rated by both, and where a rater gave every item the same grade.
    Source: Bonett and Wright 2000, Psychometrika 65:23.
    """
    from scipy.stats import norm, spearmanr

    both, missing = _paired(first, second)
    if len(both) < FEWEST_FOR_SPEARMAN:
        are = "item rated by both is" if len(both) == 1 else "items rated by both are"
        return undefined(f"{len(both)} {are} too few; four are needed", len(both), missing)
    if len({a for a, _ in both}) == 1 or len({b for _, b in both}) == 1:
        return undefined("a rater gave every item the same grade", len(both), missing)
    value = float(spearmanr([a for a, _ in both], [b for _, b in both]).statistic)
    if abs(value) > 1 - 1e-12:
        return without_interval(float(round(value)), "a perfect correlation has no interval", len(both), missing)
    half = float(norm.ppf(0.5 + level / 2)) * math.sqrt((1 + value**2 / 2) / (len(both) - 3))
    low, high = math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half)
    return Estimate(value, low, high, len(both), missing, "Bonett and Wright")


def krippendorff_alpha(
    raters: Sequence[Ratings], seed: int, order: Sequence[Hashable] = (), level: float = 0.95, resamples: int = 2_000
) -> Estimate:
    """Return Krippendorff's alpha over any number of raters, with a bootstrap interval over items (percentiles).

    n counts the items that at least two raters rated; the others say nothing about agreement and are counted missing.

    Args:
        raters: one sequence for each rater, all over the same items.
        order: values in order, lowest first: ordinal alpha. Empty: nominal alpha.

    Undefined where no two raters rated the same item, and where only one value was ever given.

    Raises:
        InputError: a value that is not in the order.
    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    import numpy as np

    units = [[value for value in unit if value is not None] for unit in zip(*raters, strict=True)]
    pairable = [unit for unit in units if len(unit) >= 2]
    missing = len(units) - len(pairable)
    if not pairable:
        return undefined("no item was rated by two raters", 0, missing)
    values = _values((value for unit in pairable for value in unit), order)
    if len({value for unit in pairable for value in unit}) == 1:
        return undefined("only one value was ever given", len(pairable), missing)
    counts = np.array([[unit.count(value) for value in values] for unit in pairable], dtype=float)
    kinds, units_of_kind = np.unique(counts, axis=0, return_counts=True)
    coincidences = _coincidences(kinds)
    value = float(_alphas(np.tensordot(units_of_kind, coincidences, axes=1), is_ordinal=bool(order)))
    if all(len(set(unit)) == 1 for unit in pairable):
        return without_interval(1.0, "perfect agreement leaves nothing to resample", len(pairable), missing)
    rng = np.random.default_rng(seed)
    drawn = _alphas(_resampled(coincidences, units_of_kind, rng, resamples), is_ordinal=bool(order))
    if np.isnan(drawn).any():  # a resample in which everything has one value
        reason = "the ratings hardly differ, so nothing can be resampled"
        return without_interval(value, reason, len(pairable), missing)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    method = f"{'ordinal' if order else 'nominal'}, bootstrap over items"
    return Estimate(value, float(low), float(high), len(pairable), missing, method)


def _coincidences(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coincidence matrix of each unit from how often it (row) was given each value (column).

    It holds every ordered pair of ratings within the unit, weighted by 1 / (ratings of the unit - 1).
    """
    import numpy as np

    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    weighted: NDArray[np.float64] = pairs / (counts.sum(axis=1) - 1)[:, None, None]
    return weighted


def _resampled(
    coincidences: NDArray[np.float64], units: NDArray[np.int64], rng: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Return the coincidence matrices of resamples, each of as many units as there are, drawn with replacement.

    Units that were rated alike are drawn together: `units` says how many have each of the matrices.
    """
    import numpy as np

    total, size = int(units.sum()), max(1, _BLOCK // len(units))
    blocks = []
    for start in range(0, resamples, size):
        times = rng.multinomial(total, units / total, min(size, resamples - start))
        blocks.append(np.tensordot(times.astype(float), coincidences, axes=1))
    summed: NDArray[np.float64] = np.concatenate(blocks)
    return summed


def _alphas(coincidence: NDArray[np.float64], is_ordinal: bool) -> NDArray[np.float64]:
    """Return alpha of each coincidence matrix (last two axes); NaN where one value fills all."""
    import numpy as np

    totals = coincidence.sum(axis=-1)
    distance = _ordinal_distance(totals) if is_ordinal else 1.0 - np.eye(totals.shape[-1])
    observed = (coincidence * distance).sum(axis=(-2, -1))
    expected = (totals[..., :, None] * totals[..., None, :] * distance).sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        alphas: NDArray[np.float64] = 1 - (totals.sum(axis=-1) - 1) * observed / expected
    return np.where(expected > 0, alphas, np.nan)


def _ordinal_distance(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared number of ratings between two ranks, each end half; totals by rank in the last axis."""
    import numpy as np

    middles = np.cumsum(totals, axis=-1) - totals / 2
    distance: NDArray[np.float64] = (middles[..., :, None] - middles[..., None, :]) ** 2
    return distance


def _values(given: Iterable[Hashable], order: Sequence[Hashable]) -> list[Hashable]:
    """Return the values that the table is made of: the order, or those that were given."""
    found = sorted(set(given), key=str)
    if unknown := [value for value in found if order and value not in order]:
        raise InputError(f"rating {unknown[0]!r} is not in the order {list(order)}; name every value that raters give")
    return list(order) or found


def _paired(first: Sequence[Any], second: Sequence[Any]) -> tuple[list[tuple[Any, Any]], int]:
    pairs = list(zip(first, second, strict=True))
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return both, len(pairs) - len(both)
