"""Verdicts of a judge on pairs of answers, counted: the lines of pairs.jsonl go in, wins, ties and losses come out.

PairCount(one="tuned", other="base", wins=120, ties=80, losses=52, inconsistent=41, first=30, second=4, p=2.5e-07, ...)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_scores import WINS, estimated
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate
from selfinstruct.statistics.paired import permutation_p, sign_p

SIGN = "exact sign test over the decided items"
PERMUTATION = "paired permutation test over the decided items, whole tasks changing sides"


@dataclass(frozen=True)
class PairCount:
    """How often the answers of `one` were better than those of `other`, over items that both answered.

    Of the ties, `inconsistent` are verdicts that changed with the order and `same` answers that were equal. Of the
    inconsistent, `first` and `second` say how often the judge preferred that place in both orders; place_p is the sign
    test of the two. unread: items whose verdict could not be read or was refused; they are in no other number.
    win_share: of the decided items, clustered by task; p: of `test`.
    """

    one: str
    other: str
    wins: int
    ties: int
    losses: int
    inconsistent: int
    first: int
    second: int
    same: int
    unread: int
    win_share: Estimate
    test: str
    p: float | None
    place_p: float | None


def count_verdicts(lines: Sequence[Mapping[str, Any]], tasks: Mapping[str, str], options: Options) -> list[PairCount]:
    """Return one count for each pair of arms, in the order of the lines.

    Args:
        tasks: of each item, by its id.
    """
    by_pair: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        by_pair.setdefault((line["one"], line["other"]), []).append(line)
    return [_count(one, other, found, tasks, options) for (one, other), found in by_pair.items()]


def _count(
    one: str, other: str, lines: Sequence[Mapping[str, Any]], tasks: Mapping[str, str], options: Options
) -> PairCount:
    verdicts = Counter(line["verdict"] for line in lines)
    outcomes = Counter(line["outcome"] for line in lines)
    places = Counter(line.get("place", "") for line in lines)
    decided = [(tasks[line["id"]], float(line["verdict"] == "one")) for line in lines if line["verdict"] in _DECIDED]
    test, p = _tested(decided, generator(options.random_seed, "evaluation", WINS, one, other).getrandbits(64))
    return PairCount(
        one=one,
        other=other,
        wins=verdicts["one"],
        ties=verdicts["tie"],
        losses=verdicts["other"],
        inconsistent=outcomes["inconsistent"],
        first=places["first"],
        second=places["second"],
        same=outcomes["same"],
        unread=verdicts[None],
        win_share=estimated([*decided, *[("", None)] * verdicts[None]], options, WINS, one, other),
        test=test,
        p=p,
        place_p=sign_p(places["first"], places["second"]),
    )


_DECIDED = ("one", "other")


def _tested(decided: Sequence[tuple[str, float]], seed: int) -> tuple[str, float | None]:
    """Return test and p. Items of one task are not independent, and the sign test takes them to be."""
    if len({task for task, _ in decided}) == len(decided):
        wins = sum(value == 1.0 for _, value in decided)
        return SIGN, sign_p(wins, len(decided) - wins)
    return PERMUTATION, permutation_p([(task, value, 1.0 - value) for task, value in decided], seed)


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
            "first_place": one.first,
            "second_place": one.second,
            "place_p": one.place_p,
            "same": one.same,
            "unread": one.unread,
            "win_share": one.win_share.value,
            "win_share_low": one.win_share.low,
            "win_share_high": one.win_share.high,
            "interval": one.win_share.method,
            "undefined": one.win_share.undefined,
            "test": one.test,
            "p": one.p,
        }
        for one in counts
    ]
