"""Tables about evaluations: scores overall and by group, grades given, verdicts on pairs, agreement with people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.compare.evaluated_agreement import Agreed
from selfinstruct.compare.evaluated_pairs import PairCount
from selfinstruct.compare.evaluated_scores import NAMES, GradeCount, Scored
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.wording import NONE, p_text, ratio_text, share_text
from selfinstruct.evaluation.superni import OFFICIAL_MEASURES
from selfinstruct.statistics import Estimate

_MARK = "*"
_NONE_OFFICIAL: Mapping[str, str] = {}
_LONGEST = 40  # rows of a table by group that are shown to people; the CSV file has them all


def score_table(scored: Sequence[Scored], level: float) -> Table:
    """Return every measure of every arm, in percent."""
    several = len({one.arm for one in scored}) > 1
    rows = [
        (NAMES[one.measure], *([one.arm] if several else []), *percent_cells(one), *count_cells(one.estimate))
        for one in sorted(scored, key=lambda one: list(NAMES).index(one.measure))
    ]
    columns = ("measure", *(["arm"] if several else []), "percent", f"{level:.0%} interval", "items", "not scored")
    return Table("scores", "Scores", columns, grouped(rows), score_note(scored, level), left=2 if several else 1)


def group_table(
    name: str, column: str, scored: Sequence[Scored], level: float, official: Mapping[str, str] = _NONE_OFFICIAL
) -> Table:
    """Return the measures by group, one row for each group and arm; groups with most items first.

    Args:
        name: of the table and its file. column: what a group is ("category"). official: the measure by which the
            benchmark's authors judge a group, where they chose one.
    """
    by_row: dict[tuple[str, str], dict[str, Estimate]] = {}
    for one in scored:
        by_row.setdefault((one.group, one.arm), {})[one.measure] = one.estimate
    several = len({arm for _, arm in by_row}) > 1
    largest: dict[str, int] = {}
    for (group, _), found in by_row.items():
        largest[group] = max(largest.get(group, 0), found["rouge_l"].n)
    order = sorted(by_row, key=lambda row: (-largest[row[0]], row[0]))
    rows = [
        (
            group,
            *([arm] if several else []),
            f"{by_row[group, arm]['rouge_l'].n:,}",
            *_group_cells(by_row[group, arm], official.get(group)),
        )
        for group, arm in order[:_LONGEST]
    ]
    left_out = len(order) - len(rows)
    note = score_note(scored, level)
    if any(group in official for group, _ in order):
        note += f" {_MARK} the measure by which the benchmark's authors judge this {column}."
    if left_out:
        note += f" {left_out:,} more rows are in {name}.csv."
    return Table(
        name,
        f"Scores by {column}",
        (column, *(["arm"] if several else []), "items", *NAMES.values()),
        grouped(rows),
        note,
        left=2 if several else 1,
    )


def official_of(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """Return by category the measure that a benchmark's authors chose; nothing where they did not."""
    return OFFICIAL_MEASURES if manifest["benchmark"]["kind"] == "superni" else _NONE_OFFICIAL


def _group_cells(found: Mapping[str, Estimate], official: str | None) -> list[str]:
    return [percent_text(found[measure]) + (f" {_MARK}" if measure == official else "") for measure in NAMES]


def grade_table(counts: Sequence[GradeCount], acceptable: Sequence[str], level: float) -> Table:
    """Return how often each grade was given to each arm, and the share of acceptable ones."""
    grades = list(counts[0].given)
    with_sample = any(one.not_asked for one in counts)
    rows = tuple(
        (
            one.arm,
            *(_part(one.given[grade], one.graded) for grade in grades),
            f"{one.unreadable:,}",
            f"{one.refused:,}",
            *([f"{one.not_asked:,}"] if with_sample else []),
            share_text(one.acceptable),
        )
        for one in counts
    )
    columns = (
        "arm",
        *grades,
        "unreadable",
        "refused",
        *(["not asked"] if with_sample else []),
        " or ".join(acceptable),
    )
    note = (
        f"Shares are of the answers with a grade. Unreadable and refused ones are no grade. Level {level:.0%}; "
        + (counts[0].acceptable.method or "no interval")
        + "."
    )
    return Table("grades", "Grades by the judge", columns, rows, note)


def pair_table(counts: Sequence[PairCount], level: float) -> Table:
    """Return who won how often, two by two."""
    rows = tuple(
        (
            f"{one.one} against {one.other}",
            f"{one.wins:,}",
            f"{one.ties:,}",
            f"{one.losses:,}",
            f"{one.inconsistent:,} ({one.first:,}, {one.second:,})" if one.inconsistent else "0",
            f"{one.same:,}",
            f"{one.unread:,}",
            share_text(one.win_share),
            p_text(one.p),
        )
        for one in counts
    )
    columns = ("pair", "wins", "ties", "losses", "of ties: inconsistent (1st, 2nd)", "the same", "not read")
    methods = sorted({one.win_share.method for one in counts if one.win_share.method})
    note = (
        "Each pair was judged in both orders. A verdict that changed with the order is a tie (inconsistent), and so "
        "are answers that are the same, about which nobody was asked. In brackets: how often the judge preferred the "
        f"answer that stood first, or second, in both orders. Intervals at {level:.0%}: "
        f"{'; '.join(methods) or 'none'}. p: {'; '.join(sorted({one.test for one in counts}))}."
    )
    return Table("pairs", "Answers compared two by two", (*columns, "wins, of decided", "p"), rows, note)


def agreement_table(agreed: Sequence[Agreed], acceptable: Sequence[str], level: float) -> Table:
    """Return how far the judge and each rater, and the raters among each other, agree."""
    rows = tuple(
        (
            f"{one.first} and {one.second}",
            f"{one.kappa.n:,}",
            share_text(one.percent),
            ratio_text(one.kappa),
            ratio_text(one.weighted),
            ratio_text(one.acceptable),
            ratio_text(one.spearman),
        )
        for one in agreed
    )
    met = " or ".join(acceptable)
    return Table(
        "agreement",
        "Agreement",
        ("raters", "items", "same grade", "kappa", "kappa, weighted", f"kappa of {met}", "Spearman"),
        rows,
        f"Kappa takes agreement by chance off: 0 is what guessing reaches, 1 is perfect. Weights are quadratic. Level "
        f"{level:.0%}. Two raters of the paper: kappa 0.58, of A or B 0.75, Spearman 0.81.",
    )


def confusion_table(one: Agreed) -> Table:
    """Return how often each pair of grades was given, the first rater's in rows."""
    rows = tuple(
        (f"{one.first}: {row}", *(f"{one.confusion[row, column]:,}" for column in one.grades)) for row in one.grades
    )
    columns = ("", *(f"{one.second}: {column}" for column in one.grades))
    return Table(f"confusion_{one.place}", f"{one.first} against {one.second}", columns, rows)


def percent_cells(one: Scored) -> tuple[str, str]:
    """Return a score as cells: percent with the official four decimals, and its interval."""
    estimate = one.estimate
    if one.percent is None:
        return f"undefined, because {estimate.undefined}", NONE
    if estimate.low is None or estimate.high is None:
        return f"{one.percent:.4f}", f"undefined, because {estimate.undefined}"
    return f"{one.percent:.4f}", f"{100 * estimate.low:.2f} to {100 * estimate.high:.2f}"


def percent_text(estimate: Estimate) -> str:
    """Return a score in percent in one cell; short, where a table has many."""
    if estimate.value is None:
        return NONE
    if estimate.low is None or estimate.high is None:
        return f"{100 * estimate.value:.1f}"
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def count_cells(estimate: Estimate) -> tuple[str, str]:
    """Return items scored and items that were not."""
    return f"{estimate.n:,}", f"{estimate.missing:,}"


def score_note(scored: Sequence[Scored], level: float) -> str:
    """Return what the scores are and what their intervals rest on."""
    methods = sorted({one.estimate.method for one in scored if one.estimate.method})
    shown = "; ".join(methods[:3]) + (" and alike" if len(methods) > 3 else "") or "none could be made"
    return f"Means over items, in percent; of several references the best counts. Intervals at {level:.0%}: {shown}."


def _part(number: int, whole: int) -> str:
    return f"{number:,} ({number / whole:.0%})" if whole else f"{number:,}"
