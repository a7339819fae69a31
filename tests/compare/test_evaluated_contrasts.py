"""Two arms on the same items: counts by hand, which test each measure gets, what is not compared."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_contrasts import contrast_records, contrasts_of, overlap_of
from selfinstruct.compare.evaluated_folders import EvaluatedArm
from selfinstruct.errors import InputError
from selfinstruct.statistics import holm
from selfinstruct.statistics.paired import PairedCount
from tests.compare.evaluations import Line, arm_of

OPTIONS = Options(resamples=500)


def arms(folder: Path, one: list[Line], other: list[Line], judged: bool = True) -> list[EvaluatedArm]:
    return [arm_of(folder / "one", one, "one", judged), arm_of(folder / "other", other, "other", judged)]


def apart(number: int = 12) -> tuple[list[Line], list[Line]]:
    """Every item a task of its own: the one is right in all but the last, the other in every third."""
    one = [Line(f"i{n:02}", f"t{n}", 0.5 + n / 100, float(n < number - 1), "A") for n in range(number)]
    other = [Line(f"i{n:02}", f"t{n}", 0.4, float(n % 3 == 0), "C" if n else "A") for n in range(number)]
    return one, other


def test_pairs_are_counted_and_mcnemar_is_the_test_of_independent_yes_no_items(tmp_path: Path) -> None:
    found = {one.measure: one for one in contrasts_of(arms(tmp_path, *apart()), "other", OPTIONS)}
    match = found["exact_match"]
    # right in both: 0, 3, 6, 9; only the one: 1, 2, 4, 5, 7, 8, 10; neither: 11
    assert match.count == PairedCount(both=4, only_one=7, only_other=0, neither=1)
    assert (match.test, match.p) == ("McNemar's exact test", pytest.approx(2 / 2**7))
    assert match.odds_ratio is not None and match.odds_ratio.value == math.inf
    assert (match.one, match.other) == (pytest.approx(11 / 12), pytest.approx(4 / 12))
    acceptable = found["acceptable"]
    assert acceptable.count == PairedCount(both=1, only_one=11, only_other=0, neither=0)
    # grades: A against C eleven times (2 each), A against A once
    assert found["grade"].difference.value == pytest.approx(11 * 2 / 12)
    assert found["rouge_l"].difference.value == pytest.approx(0.1 + sum(range(12)) / 1200)


def test_holms_correction_is_over_the_measures_of_an_arm(tmp_path: Path) -> None:
    found = contrasts_of(arms(tmp_path, *apart()), "other", OPTIONS)
    assert len(found) == 5
    assert tuple(one.p_holm for one in found) == holm([one.p for one in found])


def test_items_that_share_a_task_are_not_taken_for_independent(tmp_path: Path) -> None:
    one = [Line(f"i{n:02}", f"t{n % 4}", 0.5, 1.0) for n in range(40)]
    other = [Line(f"i{n:02}", f"t{n % 4}", 0.5, 0.0) for n in range(40)]
    match = contrasts_of(arms(tmp_path, one, other, judged=False), "other", OPTIONS)[2]
    assert match.mcnemar_p == pytest.approx(2 / 2**40)  # as if there were forty
    assert match.p == pytest.approx(2 / 2**4)  # there are four tasks
    assert "permutation" in match.test


def test_without_grades_in_both_there_is_nothing_about_grades(tmp_path: Path) -> None:
    found = contrasts_of(arms(tmp_path, *apart(), judged=False), "other", OPTIONS)
    assert [one.measure for one in found] == ["rouge_l", "rouge_1", "exact_match"]


def test_items_of_one_arm_only_are_counted_and_compared_with_nothing(tmp_path: Path) -> None:
    one, other = apart()
    both = arms(tmp_path, [*one, Line("x", "tx", 0.0, 0.0), Line("y", "ty", 0.0, 0.0)], other[:-1])
    overlap = overlap_of(*both)
    assert (overlap.both, overlap.only_arm, overlap.only_against) == (11, 3, 0)
    assert contrasts_of(both, "other", OPTIONS)[0].difference.n == 11


def test_an_item_without_a_score_or_grade_is_incomplete(tmp_path: Path) -> None:
    one, other = apart()
    one[0] = Line("i00", "t0", None, None, None, "")
    other[1] = Line("i01", "t1", 0.4, 0.0, None, "refused")
    found = {one.measure: one for one in contrasts_of(arms(tmp_path, one, other), "other", OPTIONS)}
    assert (found["rouge_l"].difference.n, found["rouge_l"].difference.missing) == (11, 1)
    assert (found["grade"].difference.n, found["grade"].difference.missing) == (10, 2)


def test_another_question_under_the_same_id_is_refused(tmp_path: Path) -> None:
    one, other = apart()
    other[3] = Line("i03", "t3", 0.0, 0.0, "A", sha="changed")
    with pytest.raises(InputError, match='the item "i03" is not the same'):
        overlap_of(*arms(tmp_path, one, other))


@pytest.mark.parametrize(("key", "value"), [("tokenizer", "unicode"), ("missing", "empty")])
def test_arms_that_were_scored_in_different_ways_are_refused(tmp_path: Path, key: str, value: str) -> None:
    one, other = arms(tmp_path, *apart())
    changed = replace(one, manifest={**one.manifest, "benchmark": {**one.manifest["benchmark"], key: value}})
    with pytest.raises(InputError, match=rf"one was scored with benchmark\.{key}={value} and other with .* score both"):
        overlap_of(changed, other)


def test_grades_that_mean_something_else_are_not_compared(tmp_path: Path) -> None:
    one, other = arms(tmp_path, *apart())
    found = contrasts_of([replace(one, acceptable=("A",)), other], "other", OPTIONS)
    assert [contrast.measure for contrast in found] == ["rouge_l", "rouge_1", "exact_match"]


def test_few_tasks_are_called_tasks_and_not_clusters(tmp_path: Path) -> None:
    one, other = apart(number=9)
    rouge_l = contrasts_of(arms(tmp_path, one, other), "other", OPTIONS)[0]
    assert rouge_l.difference.undefined == "9 tasks are too few; 10 are needed"


def test_arms_that_share_no_item_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one and other share no item"):
        overlap_of(*arms(tmp_path, apart()[0], [Line("z", "t", 0.0, 0.0)]))


def test_the_records_hold_every_number(tmp_path: Path) -> None:
    rows = contrast_records(contrasts_of(arms(tmp_path, *apart()), "other", OPTIONS))
    match = next(row for row in rows if row["measure"] == "exact_match")
    assert (match["both"], match["only_arm"], match["only_against"], match["neither"]) == (4, 7, 0, 1)
    assert match["pairs"] == 12 and match["incomplete"] == 0
