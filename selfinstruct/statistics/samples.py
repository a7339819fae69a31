"""How many items to rate, and how sure a sample of that size makes: plain numbers in and out.

yamane(1000, 0.05) -> 286         wilson_half_width(286) -> 0.058        items_for_half_width(0.05) -> 381
"""

from __future__ import annotations

import math

from selfinstruct.errors import InputError

_LARGEST = 10**12


def yamane(population: int, margin: float) -> int:
    """Return how many of a population to draw so that a share is off by at most `margin` (0..1), at about 95 %.

    N / (1 + N margin^2), rounded up. It supposes a share of one half and the normal distribution.

    Raises:
        InputError: no population, or a margin outside 0..1.
    Source: Yamane 1967, Statistics: An Introductory Analysis, 2nd edition, p. 886.
    """
    if population < 1 or not 0 < margin < 1:
        raise InputError(f"population={population}, margin={margin}: give a population of at least 1, a margin in 0..1")
    return math.ceil(round(population / (1 + population * margin**2), 9))


def wilson_half_width(n: int, share: float = 0.5, level: float = 0.95) -> float:
    """Return half the width of Wilson's interval for n items of which `share` are yes (0.5 is the worst case).

    n times share need not be a whole number.

    Raises:
        InputError: no items.
    """
    from scipy.stats import norm

    if n < 1:
        raise InputError(f"n={n}: an interval needs at least one item")
    z = float(norm.ppf(0.5 + level / 2))
    return z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)


def items_for_half_width(margin: float, share: float = 0.5, level: float = 0.95) -> int:
    """Return the fewest items for which half of Wilson's interval is at most `margin` (0..0.5).

    It supposes that the items are drawn from very many.

    Raises:
        InputError: a margin outside 0..0.5.
    """
    if not 0 < margin < 0.5:
        raise InputError(f"margin={margin}: give a number between 0 and 0.5")
    low, high = 1, _LARGEST
    while low < high:  # the half-width falls as n grows
        middle = (low + high) // 2
        if wilson_half_width(middle, share, level) <= margin:
            high = middle
        else:
            low = middle + 1
    return low
