"""Scores and grades of one evaluation: what they rest on, which interval they get, how they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_metrics import metrics_of
from selfinstruct.compare.evaluated_scores import grades_of, score_records, scores_by, scores_of
from selfinstruct.statistics import Count, wilson
from tests.compare.evaluations import Line, arm_of

OPTIONS = Options(resamples=500)


def spread(tasks: int, per_task: int) -> list[Line]:
    return [
        Line(f"i{task}-{place}", f"t{task}", (task % 7 + place) / 10, float((task + place) % 3 == 0), category="odd")
        for task in range(tasks)
        for place in range(per_task)
    ]


def test_a_mean_is_over_items_and_missing_ones_are_counted(tmp_path: Path) -> None:
    lines = [Line("a", "t", 1.0, 1.0), Line("b", "t", 0.5, 0.0), Line("c", "u", 0.0, 0.0), Line("d", "u", None, None)]
    rouge_l, _, match = scores_of(arm_of(tmp_path / "e", lines), OPTIONS)
    assert (rouge_l.estimate.value, rouge_l.estimate.n, rouge_l.estimate.missing) == (0.5, 3, 1)  # (1 + 0.5 + 0) / 3
    assert match.estimate.value == pytest.approx(1 / 3)


def test_percentages_are_summed_and_rounded_as_the_official_scorer_does(tmp_path: Path) -> None:
    # 100 * 1452 / 2560 is 56.71875 without rest, whose half goes to the even digit; 100 * (1452 / 2560) is a hair less
    lines = [Line(f"i{n}", f"t{n}", 0.0, float(n < 1452)) for n in range(2560)]
    match = scores_of(arm_of(tmp_path / "e", lines, judged=False), OPTIONS)[2]
    assert match.percent == round(100.0 * 1452 / 2560, 4) == 56.7188
    assert metrics_of([([match], None)])["evaluation.exact_match"] == 56.7188
    assert score_records([match])[0]["percent"] == 56.7188


def test_few_items_are_called_items_and_not_clusters(tmp_path: Path) -> None:
    rouge_l = scores_of(arm_of(tmp_path / "e", [Line("a", "t", 1.0, 1.0), Line("b", "t", 0.5, 0.0)]), OPTIONS)[0]
    assert rouge_l.estimate.undefined == "2 items are too few; 10 are needed"


def test_with_ten_tasks_intervals_resample_tasks_and_with_fewer_items(tmp_path: Path) -> None:
    many = scores_of(arm_of(tmp_path / "many", spread(12, 4)), OPTIONS)[0].estimate
    few = scores_of(arm_of(tmp_path / "few", spread(4, 12)), OPTIONS)[0].estimate
    assert "12 tasks" in many.method
    assert few.method == "bootstrap-t over items, the 4 tasks as given"
    assert few.low is not None and few.high is not None and few.low < few.value < few.high  # type: ignore[operator]


def test_independent_yes_no_items_get_wilsons_interval(tmp_path: Path) -> None:
    match = scores_of(arm_of(tmp_path / "e", spread(30, 1)), OPTIONS)[2].estimate
    assert match == wilson(Count(10, 30))


def test_groups_are_named_and_items_without_one_are_in_none(tmp_path: Path) -> None:
    lines = [Line("a", "t", 1.0, 1.0, category="x"), Line("b", "t", 0.0, 0.0, category="")]
    arm = arm_of(tmp_path / "e", lines)
    assert [(one.group, one.measure, one.estimate.value) for one in scores_by(arm, "category", OPTIONS)] == [
        ("x", "rouge_l", 1.0), ("x", "rouge_1", 1.0), ("x", "exact_match", 1.0),
    ]  # fmt: skip
    assert {one.group for one in scores_by(arm, "task", OPTIONS)} == {"t"}


GRADED = [
    Line("a", "t1", 1.0, 1.0, "A"), Line("b", "t2", 1.0, 1.0, "A"), Line("c", "t3", 1.0, 1.0, "B"),
    Line("d", "t4", 1.0, 1.0, "D"), Line("e", "t5", 1.0, 1.0, None, "unreadable"),
    Line("f", "t6", 1.0, 1.0, None, "refused"), Line("g", "t7", None, None, None, ""),
]  # fmt: skip


def test_what_has_no_grade_is_counted_and_never_a_grade(tmp_path: Path) -> None:
    found = grades_of(arm_of(tmp_path / "e", GRADED), OPTIONS)
    assert found.given == {"A": 2, "B": 1, "C": 0, "D": 1}
    assert (found.graded, found.unreadable, found.refused, found.not_asked) == (4, 1, 1, 1)
    assert (found.acceptable.value, found.acceptable.n, found.acceptable.missing) == (0.75, 4, 2)


def test_metrics_are_named_by_the_arm_where_there_are_several(tmp_path: Path) -> None:
    arm = arm_of(tmp_path / "e", GRADED)
    one = (scores_of(arm, OPTIONS), grades_of(arm, OPTIONS))
    found = metrics_of([one])
    assert found["evaluation.rouge_l"] == 100.0
    assert (found["evaluation.items"], found["evaluation.missing"]) == (6.0, 1.0)
    assert (found["evaluation.grade.share_A"], found["evaluation.grade.acceptable"]) == (0.5, 0.75)
    assert "evaluation.one.rouge_l" in metrics_of([one, one])
    odd = arm_of(tmp_path / "odd", GRADED, name="gpt@4:x")
    both = metrics_of([one, (scores_of(odd, OPTIONS), None)])
    assert "evaluation.gpt_4_x.rouge_l" in both
    assert "evaluation.rouge_l_low" not in found  # seven equal values have no interval
