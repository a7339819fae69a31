"""The table of contrasts for people: counts, shares, odds ratio, p values and difference, one row for each."""

from __future__ import annotations

from collections.abc import Sequence

from selfinstruct.compare.contrasts import Contrast
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.wording import p_text, points_interval_text, points_text, ratio_text, share_text
from selfinstruct.statistics import Count, wilson


def contrast_table(found: Sequence[Contrast], unit: str, level: float) -> Table:
    """Return the contrasts as a table; `unit` is what was counted ("items")."""
    several = len({contrast.arm for contrast in found}) > 1
    with_clusters = any(contrast.clustered is not None for contrast in found)
    against = found[0].against
    columns = ["criterion", *(["arm"] if several else [])]
    columns += ["arm" if several else found[0].arm, against, "odds ratio", "p", "p (Holm)", "difference, points"]
    if several:
        columns[2] = "this arm"
    rows = [_row(contrast, several, with_clusters) for contrast in found]
    return Table(
        name="comparisons",
        title=f"{unit.capitalize()}: each arm against {against}" if several else f"{found[0].arm} against {against}",
        columns=(*columns, *(["by request"] if with_clusters else [])),
        rows=grouped(rows),
        note=_note(found, level, unit, with_clusters),
        left=2 if several else 1,
    )


def _row(contrast: Contrast, several: bool, with_clusters: bool) -> tuple[str, ...]:
    cells = [contrast.criterion, *([contrast.arm] if several else []), _counted(contrast.one), _counted(contrast.other)]
    cells += [ratio_text(contrast.odds_ratio), p_text(contrast.p), p_text(contrast.p_holm)]
    cells.append(points_text(contrast.difference))
    if with_clusters:
        cells.append(points_interval_text(contrast.clustered) if contrast.clustered is not None else "-")
    return tuple(cells)


def _counted(count: Count) -> str:
    missing = f" ({count.missing:,} missing)" if count.missing else ""
    return f"{count.yes:,} of {count.n:,}{missing}"


def _note(found: Sequence[Contrast], level: float, unit: str, with_clusters: bool) -> str:
    methods = sorted({contrast.odds_ratio.method for contrast in found if contrast.odds_ratio.method})
    arms = {contrast.arm for contrast in found}
    tests = max(sum(contrast.p is not None for contrast in found if contrast.arm == arm) for arm in arms)
    note = (
        f"Odds ratio: {'; '.join(methods) or 'undefined'}. p: Fisher's exact test, two-sided; Holm's correction over "
        f"the {tests} criteria of an arm. Difference: Newcombe's interval. Level {level:.0%}."
    )
    if with_clusters:
        note += (
            f" Odds ratio, p and Newcombe's interval take {unit} for independent. Those of one request are not: the "
            "interval by request (bootstrap-t) knows that; trust it where the two differ."
        )
    return note


def count_cells(count: Count, level: float) -> tuple[str, str]:
    """Return a count as cells: the numbers, and the share with Wilson's interval."""
    return _counted(count), share_text(wilson(count, level))
