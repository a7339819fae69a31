"""Tables in the terminal: never wider than it, and no word or number folded in its middle."""

from __future__ import annotations

import pytest

from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.terminal import as_text

REASON = "undefined, because 3 clusters are too few; 10 are needed"
SMALL = Table("t", "Small", ("arm", "share"), (("high", "64.3 %"), ("mixed", "7 %")))


def wide(arms: int) -> Table:
    """A comparison as people have it: criteria by arms, with intervals and reasons."""
    names = [f"max_rouge_l=0.{number}" for number in range(1, arms + 1)]
    rows = [
        (criterion, name, "12 of 21", "1.00 (0.25-4.02)", "1.000", "+0.0 (-27.6 to +27.6)", REASON)
        for criterion in ("accepted, of judged", "instances kept, of written")
        for name in names
    ]
    columns = ("criterion", "arm", "max_rouge_l=0.65", "odds ratio", "p (Holm)", "difference, points", "by request")
    return Table("t", "Wide", columns, grouped(rows), left=2)


def test_what_fits_is_one_block_with_words_to_the_left_and_numbers_to_the_right() -> None:
    assert as_text(SMALL, 80).splitlines() == [
        "Small",
        "",
        "  arm      share",
        " ────────────────",
        "  high    64.3 %",
        "  mixed      7 %",
    ]


@pytest.mark.parametrize("width", [80, 100, 120, 160])
@pytest.mark.parametrize("arms", [2, 9])
def test_nothing_is_wider_than_the_terminal_and_nothing_is_torn(width: int, arms: int) -> None:
    table = wide(arms)
    text = as_text(table, width)
    assert max(map(len, text.splitlines())) <= width
    for cell in {cell for row in table.rows for cell in row[1:-1]}:
        assert cell in text
    assert text.count("12 of 21") == 2 * arms
    assert text.count("+0.0 (-27.6 to +27.6)") == 2 * arms


def test_reasons_become_notes_where_they_would_not_fit() -> None:
    table = Table("t", "T", ("mean of", "mean", "less"), (("words", f"4 (interval {REASON})", REASON),))
    assert as_text(table, 80).splitlines()[4:] == [
        "  words     4 [1]   undefined [2]",
        "",
        f"  [1] interval {REASON}",
        f"  [2] {REASON}",
    ]
    assert "[1]" not in as_text(table, 160)


def test_the_rows_of_a_group_stand_below_its_name_where_both_do_not_fit() -> None:
    lines = as_text(wide(2), 80).splitlines()
    place = lines.index("  accepted, of judged")
    assert lines[place + 1].split()[:4] == ["max_rouge_l=0.1", "12", "of", "21"]
    assert lines.count("  instances kept, of written") == 2  # in both blocks
    assert sum("odds ratio" in line for line in lines) == 1


def test_signs_that_take_two_places_are_counted_as_two() -> None:
    table = Table("t", "T", ("arm", "n"), (("高品質", "1"), ("mixed", "2")))
    assert as_text(table, 80).splitlines()[4:] == ["  高品質   1", "  mixed    2"]


def test_brackets_are_shown_as_they_are() -> None:
    assert "[bold]x[/bold]" in as_text(Table("t", "T", ("a",), (("[bold]x[/bold]",),)))


def test_a_table_without_rows_is_its_heading() -> None:
    assert as_text(Table("t", "T", ("a", "b"), ()), 80).splitlines() == ["T", "", "  a   b", " ───────"]
