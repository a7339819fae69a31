"""Verdicts of a judge on pairs of answers, counted: the lines of pairs.jsonl go in, wins, ties and losses come out.

PairCount(one="tuned", other="base", wins=120, ties=80, losses=52, inconsistent=41, same=3, unread=0, p=2.5e-07, ...)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.statistics import Count, Estimate, wilson
from selfinstruct.statistics.paired import sign_p


@dataclass(frozen=True)
class PairCount:
    """How often the answers of `one` were better than those of `other`, over items that both answered.

    Of the ties, `inconsistent` are verdicts that changed with the order and `same` answers that were equal. unread:
    items whose verdict could not be read or was refused; they are in no other number.
    """

    one: str
    other: str
    wins: int
    ties: int
    losses: int
    inconsistent: int
    same: int
    unread: int
    win_share: Estimate
    p: float | None


def count_verdicts(lines: Sequence[Mapping[str, Any]], level: float) -> list[PairCount]:
    """Return one count for each pair of arms, in the order of the lines."""
    by_pair: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        by_pair.setdefault((line["one"], line["other"]), []).append(line)
    return [_count(one, other, found, level) for (one, other), found in by_pair.items()]


def _count(one: str, other: str, lines: Sequence[Mapping[str, Any]], level: float) -> PairCount:
    verdicts = Counter(line["verdict"] for line in lines)
    outcomes = Counter(line["outcome"] for line in lines)
    decided = Count(verdicts["one"], verdicts["one"] + verdicts["other"], verdicts["tie"])
    return PairCount(
        one=one,
        other=other,
        wins=verdicts["one"],
        ties=verdicts["tie"],
        losses=verdicts["other"],
        inconsistent=outcomes["inconsistent"],
        same=outcomes["same"],
        unread=verdicts[None],
        win_share=wilson(decided, level),
        p=sign_p(verdicts["one"], verdicts["other"]),
    )


def pair_records(counts: Sequence[PairCount]) -> list[dict[str, Any]]:
    """Return the counts as rows of a CSV file."""
    return [
        {
            "one": one.one,
            "other": one.other,
            "wins": one.wins,
            "ties": one.ties,
            "losses": one.losses,
            "inconsistent": one.inconsistent,
            "same": one.same,
            "unread": one.unread,
            "win_share": one.win_share.value,
            "win_share_low": one.win_share.low,
            "win_share_high": one.win_share.high,
            "sign_p": one.p,
        }
        for one in counts
    ]
