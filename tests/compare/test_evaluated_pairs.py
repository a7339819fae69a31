"""A judge's verdicts on pairs: counted by hand, with the place it clings to; items of one task stay together."""

from __future__ import annotations

from typing import Any

import pytest

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_pairs import count_verdicts, pair_records
from selfinstruct.statistics import Count, wilson

OPTIONS = Options(resamples=300)


def line(item: int, verdict: str | None, outcome: str = "consistent", place: str = "") -> dict[str, Any]:
    return {"one": "tuned", "other": "base", "id": f"i{item}", "verdict": verdict, "outcome": outcome, "place": place}


LINES = [
    *[line(n, "one") for n in range(9)],
    line(9, "other"),
    line(10, "tie"),
    line(11, "tie", "same"),
    *[line(n, "tie", "inconsistent", "first") for n in (12, 13, 14)],
    line(15, "tie", "inconsistent", "second"),
    line(16, "tie", "inconsistent"),  # once a tie and once not
    line(17, None, "unreadable"),
    line(18, None, "refused"),
]


def test_wins_ties_losses_and_the_judges_liking_for_a_place_are_counted() -> None:
    (found,) = count_verdicts(LINES, {f"i{n}": f"t{n}" for n in range(19)}, OPTIONS)
    assert (found.wins, found.ties, found.losses, found.unread) == (9, 7, 1, 2)
    assert (found.inconsistent, found.same, found.first, found.second) == (5, 1, 3, 1)
    assert found.win_share == wilson(Count(9, 10, missing=2))
    assert found.test.startswith("exact sign test") and found.p == pytest.approx(2 * 11 / 2**10)  # 9 or 10 of 10
    assert found.place_p == pytest.approx(2 * 5 / 2**4)  # 3 or 4 of 4
    (row,) = pair_records([found])
    assert (row["first_place"], row["second_place"], row["interval"]) == (3, 1, "Wilson")


def test_items_of_one_task_are_not_taken_for_independent() -> None:
    lines = [line(n, "one") for n in range(40)]
    (found,) = count_verdicts(lines, {f"i{n}": f"t{n % 4}" for n in range(40)}, OPTIONS)
    assert found.p == pytest.approx(2 / 2**4)  # there are four tasks; forty items would give 2 / 2^40
    assert "whole tasks changing sides" in found.test
    assert found.win_share.method != "Wilson"


def test_without_a_decided_item_there_is_neither_share_nor_p() -> None:
    (found,) = count_verdicts([line(0, "tie"), line(1, "tie", "same")], {"i0": "a", "i1": "b"}, OPTIONS)
    assert (found.win_share.undefined, found.p, found.place_p) == ("no item has a value", None, None)
