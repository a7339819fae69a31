"""How many items to rate: what the items at hand allow to say, and how many a wanted margin takes.

selfinstruct compare population=1000 margin=0.05
-> 286 items of 1,000 (Yamane), 381 of very many (half of Wilson's interval)
"""

from __future__ import annotations

from collections.abc import Mapping

from selfinstruct.compare.tables import Table
from selfinstruct.statistics import items_for_half_width, wilson_half_width, yamane

_MARGINS = (0.1, 0.05, 0.03, 0.02, 0.01)


def reach_table(items: Mapping[str, int], margin: float, level: float) -> Table:
    """Return, by arm, how far a share found on its items may be off, and how many the margin takes."""
    needed = items_for_half_width(margin, level=level)
    rows = tuple(
        (arm, f"{n:,}", f"± {100 * wilson_half_width(n, level=level):.1f}" if n else "-", f"{needed:,}")
        for arm, n in items.items()
    )
    return Table(
        "sample_sizes",
        "How sure so many items make",
        ("arm", "items", "points at 50 %", f"items for ± {100 * margin:g} points"),
        rows,
        f"Half of Wilson's interval at {level:.0%}, where the share is one half (the worst case).",
    )


def planning_table(population: int, margin: float, level: float) -> Table:
    """Return how many items to draw from a population, for the margin asked for and for usual ones."""
    rows = tuple(
        (f"± {100 * each:g}", f"{yamane(population, each):,}", f"{items_for_half_width(each, level=level):,}")
        for each in sorted({margin, *_MARGINS}, reverse=True)
    )
    return Table(
        "sample_sizes",
        f"Items to rate, of {population:,}",
        ("points", f"Yamane, of {population:,}", "Wilson, of very many"),
        rows,
        f"Yamane: N / (1 + N margin^2), at about 95 %. Wilson: half of the interval at {level:.0%}, share one half.",
        left=0,
    )
