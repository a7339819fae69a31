"""Tables about evaluations: what a cell says, and which measure the benchmark's authors chose for a category."""

from __future__ import annotations

from pathlib import Path

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_scores import scores_by, scores_of
from selfinstruct.compare.evaluated_tables import group_table, official_of, score_table
from tests.compare.evaluations import Line, arm_of

OPTIONS = Options(resamples=300)
LINES = [
    Line("a", "t1", 0.5, 1.0, category="Textual Entailment"),
    Line("b", "t2", 0.25, 0.0, category="Title Generation"),
    Line("c", "t3", 0.75, 0.0, category="My own"),
    Line("d", "t4", None, None, category="My own"),
]


def test_the_measure_that_the_authors_chose_for_a_category_is_marked(tmp_path: Path) -> None:
    scored = scores_by(arm_of(tmp_path / "e", LINES, judged=False), "category", OPTIONS)
    table = group_table("categories", "category", scored, 0.95, official_of({"benchmark": {"kind": "superni"}}))
    rouge_l, exact_match = table.columns.index("ROUGE-L"), table.columns.index("exact match")
    marked = {row[0]: (row[rouge_l].endswith(" *"), row[exact_match].endswith(" *")) for row in table.rows}
    assert marked == {
        "Textual Entailment": (False, True),
        "Title Generation": (True, False),
        "My own": (False, False),
    }
    assert table.note.endswith("* the measure by which the benchmark's authors judge this category.")


def test_categories_of_ones_own_benchmark_have_no_marks_whatever_they_are_called(tmp_path: Path) -> None:
    scored = scores_by(arm_of(tmp_path / "e", LINES, judged=False), "category", OPTIONS)
    table = group_table("categories", "category", scored, 0.95, official_of({"benchmark": {"kind": "items"}}))
    assert "*" not in table.note + "".join(cell for row in table.rows for cell in row)


def test_a_score_stands_beside_its_items_and_those_that_were_not_scored(tmp_path: Path) -> None:
    table = score_table(scores_of(arm_of(tmp_path / "e", LINES, judged=False), OPTIONS), 0.95)
    assert table.columns == ("measure", "percent", "95% interval", "items", "not scored")
    assert table.rows[0] == ("ROUGE-L", "50.0000", "undefined, because 3 items are too few; 10 are needed", "3", "1")
