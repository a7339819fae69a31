"""The judge against people: kappa and correlation are sklearn's and scipy's, the table is counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_agreement import agreements
from selfinstruct.compare.evaluated_folders import arms_of
from selfinstruct.errors import InputError
from tests.compare.evaluations import Line, arm_of, write_evaluation

JUDGE = "AABBBCCDDDAABCDA"
ANN = "ABBBCCCDDCAABDDB"
OPTIONS = Options()


def judged(folder: Path, grades: str = JUDGE) -> list[Line]:
    return [Line(f"q{n}", f"q{n}", 0.0, 0.0, grade) for n, grade in enumerate(grades)]


def sheet(path: Path, grades: str, header: str = "item,rater,grade") -> Path:
    lines = [header, *(f"q{n},ann,{grade}" for n, grade in enumerate(grades))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_kappas_and_correlation_are_those_of_sklearn_and_scipy(tmp_path: Path) -> None:
    (found,) = agreements([arm_of(tmp_path / "e", judged(tmp_path))], sheet(tmp_path / "s.csv", ANN), OPTIONS)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(list(JUDGE), list(ANN)))
    order = list("DCBA")
    weighted = cohen_kappa_score(list(JUDGE), list(ANN), labels=order, weights="quadratic")
    assert found.weighted.value == pytest.approx(weighted)
    met = [[grade in "AB" for grade in grades] for grades in (JUDGE, ANN)]
    assert found.acceptable.value == pytest.approx(cohen_kappa_score(*met))
    ranks = [[order.index(grade) for grade in grades] for grades in (JUDGE, ANN)]
    assert found.spearman.value == pytest.approx(spearmanr(*ranks).statistic)
    same = sum(a == b for a, b in zip(JUDGE, ANN, strict=True))
    assert found.percent.value == pytest.approx(same / 16)
    # A in both: 0, 10, 11; the judge A, Ann B: 1, 15
    assert (found.confusion["A", "A"], found.confusion["A", "B"], found.confusion["B", "A"]) == (3, 2, 0)
    assert sum(found.confusion.values()) == 16


def test_json_lines_say_the_same_as_a_sheet(tmp_path: Path) -> None:
    arm = arm_of(tmp_path / "e", judged(tmp_path))
    records = [{"item": f"q{n}", "rater": "ann", "grade": grade} for n, grade in enumerate(ANN)]
    lines = tmp_path / "people.jsonl"
    lines.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    assert agreements([arm], lines, OPTIONS) == agreements([arm], sheet(tmp_path / "s.csv", ANN), OPTIONS)


def test_a_sheet_of_several_arms_names_them(tmp_path: Path) -> None:
    arms = {"tuned": judged(tmp_path), "base": judged(tmp_path, JUDGE[::-1])}
    folder = write_evaluation(tmp_path / "e", arms)
    read = arms_of(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    path = tmp_path / "s.csv"
    path.write_text("item,rater,arm,grade\nq0,ann,tuned,A\nq0,ann,base,A\nq1,ann,base,D\nq9,ann,nobody,A\n", "utf-8")
    (found,) = agreements(read, path, OPTIONS)
    assert found.kappa.n == 3  # the judge: tuned q0 A, base q0 A, base q1 D
    assert found.percent.value == 1.0


def test_what_the_judge_did_not_grade_is_missing(tmp_path: Path) -> None:
    lines = judged(tmp_path)
    lines[0] = Line("q0", "q0", 0.0, 0.0, None, "unreadable")
    (found,) = agreements([arm_of(tmp_path / "e", lines)], sheet(tmp_path / "s.csv", ANN), OPTIONS)
    assert (found.kappa.n, found.kappa.missing) == (15, 1)


def test_a_sheet_about_other_items_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("item,rater,grade\nz1,ann,A\n", encoding="utf-8")
    with pytest.raises(InputError, match="none of its 1 lines is about an answer of this evaluation; items are named"):
        agreements([arm_of(tmp_path / "e", judged(tmp_path))], path, OPTIONS)


def test_two_graded_columns_need_one_that_is_called_grade(tmp_path: Path) -> None:
    arm = arm_of(tmp_path / "e", judged(tmp_path))
    path = tmp_path / "s.csv"
    path.write_text("item,rater,tone,facts\nq0,ann,A,B\nq1,ann,B,B\n", encoding="utf-8")
    with pytest.raises(InputError, match='2 columns hold grades; call the one that is meant "grade"'):
        agreements([arm], path, OPTIONS)
    path.write_text("item,rater,tone,Grade\nq0,ann,A,B\nq1,ann,B,B\n", encoding="utf-8")
    assert agreements([arm], path, OPTIONS)[0].percent.value == 0.0  # the judge said A and A
