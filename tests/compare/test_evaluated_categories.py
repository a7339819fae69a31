"""Two arms by category: the differences by hand, in the measure of each, with an interval and without a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_categories import (
    CategoryContrast,
    categories_of,
    category_differences_plot,
    category_differences_table,
    category_records,
    shown,
)
from selfinstruct.evaluation.superni import OFFICIAL_MEASURES
from selfinstruct.figures import drawing_of
from tests.compare.evaluations import Line, arm_of

OPTIONS = Options(resamples=300)
ENTAILMENT, TITLES, OWN, SMALL = "Textual Entailment", "Title Generation", "My own", "Small"


def lines(tuned: bool) -> list[Line]:
    """Entailment: 12 items of 3 tasks; titles: 12 tasks of one item; my own: 12 of one task; small: three items."""
    return [
        *[Line(f"e{n}", f"e{n % 3}", 0.5, float(n < (9 if tuned else 3)), category=ENTAILMENT) for n in range(12)],
        *[Line(f"t{n}", f"t{n}", 0.4 + n / 100 * tuned, 0.0, category=TITLES) for n in range(12)],
        *[Line(f"o{n}", "o", 0.5 - n / 50 * tuned, 0.0, category=OWN) for n in range(12)],
        *[Line(f"s{n}", "s", 0.5, 0.0, category=SMALL) for n in range(3)],
        Line("x", "x", 1.0, 1.0, category=""),
    ]


@pytest.fixture
def found(tmp_path: Path) -> list[CategoryContrast]:
    arms = [arm_of(tmp_path / name, lines(name == "tuned"), name, judged=False) for name in ("tuned", "base")]
    return categories_of(arms, "base", OFFICIAL_MEASURES, OPTIONS)


def test_a_category_is_compared_in_its_measure_over_its_items(found: list[CategoryContrast]) -> None:
    differences = {one.category: (one.contrast.measure, one.contrast.difference.value) for one in found}
    assert differences == {
        ENTAILMENT: ("exact_match", pytest.approx(6 / 12)),  # right are 9 against 3, the 3 among the 9
        TITLES: ("rouge_l", pytest.approx(sum(range(12)) / 1200)),
        OWN: ("rouge_l", pytest.approx(-sum(range(12)) / 600)),
        SMALL: ("rouge_l", 0.0),
    }
    entailment = next(one.contrast for one in found if one.category == ENTAILMENT)
    assert (entailment.one, entailment.other, entailment.difference.n) == (9 / 12, 3 / 12, 12)


def test_intervals_are_over_tasks_or_over_items_with_the_few_tasks_as_given(found: list[CategoryContrast]) -> None:
    told = {one.category: one.contrast.difference.method for one in found}
    assert told[ENTAILMENT] == "bootstrap-t over items, the 3 tasks as given"
    assert told[OWN] == "bootstrap-t over items, its task as given"
    assert told[TITLES].endswith("over 12 tasks")
    small = next(one.contrast.difference for one in found if one.category == SMALL)
    assert small.undefined == "3 items are too few; 10 are needed"


def test_nothing_is_tested(found: list[CategoryContrast]) -> None:
    assert {(one.contrast.test, one.contrast.p, one.contrast.p_holm) for one in found} == {("", None, None)}
    assert not [column for row in category_records(found) for column in row if column.startswith(("p", "test"))
                and column != "pairs"]  # fmt: skip


def test_the_largest_difference_comes_first_and_what_is_too_small_is_in_the_file_only(
    found: list[CategoryContrast], tmp_path: Path
) -> None:
    assert [one.category for one in shown(found)] == [ENTAILMENT, TITLES, OWN]
    table = category_differences_table(found, 0.95)
    assert [row[0] for row in table.rows] == [ENTAILMENT, TITLES, OWN]
    assert table.note.endswith("Only in category_differences.csv, most of them too small for an interval: 1.")
    assert [row["category"] for row in category_records(found)] == sorted([ENTAILMENT, TITLES, OWN, SMALL])
    drawn = drawing_of(category_differences_plot(found, tmp_path / "p.png", 0.95))
    assert "Textual Entailment, exact match: tuned 75.00, base 25.00; difference in points +50.0 (" in drawn
    assert "Small" not in drawn


def test_one_category_is_the_whole_and_not_shown_again(tmp_path: Path) -> None:
    arms = [arm_of(tmp_path / name, lines(False)[:12], name, judged=False) for name in ("tuned", "base")]
    assert categories_of(arms, "base", OFFICIAL_MEASURES, OPTIONS) == []
