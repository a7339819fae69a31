"""What stands for an item: the consensus, else most raters; who agrees is asked without the consensus."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.compare.comparison import STANDARD
from selfinstruct.compare.rated import RatingOptions, decide, is_met, read_rated
from selfinstruct.compare.raters import agreement_records, agreements
from selfinstruct.compare.ratings import combined_criteria, overall_line
from selfinstruct.errors import InputError
from selfinstruct.statistics import Count

HEADER = "item,rater,valid,correct\n"


@pytest.mark.parametrize(
    ("said", "consensus", "value"),
    [
        ({"1": True, "2": False, "3": False}, "3", False),
        ({"1": True, "2": True, "3": None}, "3", True),  # nothing to settle
        ({"1": True, "2": False}, "3", None),  # not settled
        ({"1": True, "2": False}, None, None),
        ({"1": True, "2": True, "3": False}, None, True),
        ({"1": True, "2": None}, None, True),
        ({"1": None}, None, None),
        ({}, None, None),
    ],
)
def test_the_value_of_an_item(said: dict[str, bool | None], consensus: str | None, value: bool | None) -> None:
    assert decide(said, consensus) is value


def test_a_grade_meets_a_criterion_when_it_is_acceptable() -> None:
    assert [is_met(value, ("A", "B")) for value in ("A", "B", "C", None, True, False)] == [
        True,
        True,
        False,
        None,
        True,
        False,
    ]


def rated(tmp_path: Path, text: str, **options: object) -> tuple[object, RatingOptions]:
    path = tmp_path / "arm.csv"
    path.write_text(text, encoding="utf-8")
    wanted = RatingOptions(**options)  # type: ignore[arg-type]
    return read_rated([path], wanted), wanted


def test_undecided_and_missing_values_are_counted_missing(tmp_path: Path) -> None:
    text = HEADER + "1,a,yes,yes\n1,b,no,yes\n2,a,yes,\n2,b,yes,no\n3,a,no,\n3,b,no,\n"
    found, _ = rated(tmp_path, text)
    assert found.counts["valid"]["arm"] == Count(yes=1, n=2, missing=1)  # item 1: one each
    assert found.counts["correct"]["arm"] == Count(yes=1, n=2, missing=1)  # item 3: nobody


def test_the_set_diagram_leaves_out_the_overall_criterion_and_items_that_lack_a_value(tmp_path: Path) -> None:
    text = "item,rater,a,b,all\n1,r,yes,yes,yes\n2,r,yes,no,no\n3,r,yes,no,yes\n4,r,yes,,no\n"
    found, _ = rated(tmp_path, text, overall="all")
    criteria, combined, missing = combined_criteria(found, "all")
    assert (criteria, missing) == (["a", "b"], 1)
    assert combined["arm"] == {(True, True): 1, (True, False): 2}
    # item 3 says all of them although b is not met; item 4 cannot be checked
    assert overall_line(found, "all") == "all means all of a, b; it says otherwise for 1 of 3 items."


def test_agreement_is_asked_without_the_rater_who_settled_it(tmp_path: Path) -> None:
    text = HEADER + "".join(f"{item},{rater},{'yes' if item % 2 else 'no'},no\n" for item in range(8) for rater in "ab")
    text += "".join(f"{item},c,yes,yes\n" for item in range(8))
    found, options = rated(tmp_path, text, consensus="c")
    pairs = agreements(found.sheet, options, STANDARD)
    assert [(one.criterion, one.raters) for one in pairs] == [("valid", ("a", "b")), ("correct", ("a", "b"))]
    assert pairs[0].kappa.value == 1.0
    assert pairs[1].kappa.undefined == "both raters gave the same single value to every item"


def test_grades_get_weighted_kappa_and_rank_correlation_and_yes_no_does_not(tmp_path: Path) -> None:
    grades = ["AA", "AB", "BB", "BC", "CC", "CD", "DD", "DD"]
    text = "item,rater,grade,valid\n" + "".join(
        f"{item},{rater},{pair[index]},{'yes' if item > 3 else 'no'}\n"
        for item, pair in enumerate(grades)
        for index, rater in enumerate("ab")
    )
    found, options = rated(tmp_path, text)
    graded, plain = agreements(found.sheet, options, STANDARD)
    assert plain.linear is None and plain.spearman is None
    assert graded.quadratic and graded.linear and graded.spearman and graded.met_kappa
    # ranks nearly agree, so the more a near miss counts as agreement, the higher: none < linear < quadratic
    assert graded.kappa.value < graded.linear.value < graded.quadratic.value  # type: ignore[operator]
    # acceptable or not: A and B against C and D; item 3 (B, C) is the one disagreement: 7/8, chance (4*3 + 4*5)/64
    assert graded.met_kappa.value == pytest.approx((7 / 8 - 0.5) / 0.5)
    assert found.counts["grade"]["arm"] == Count(yes=3, n=7, missing=1)


def test_three_raters_make_three_pairs_and_one_alpha(tmp_path: Path) -> None:
    said = ["yyn", "yyy", "nnn", "nny", "yyy", "nnn"]
    text = "item,rater,valid\n" + "".join(f"{i},{r},{s[n]}\n" for i, s in enumerate(said) for n, r in enumerate("abc"))
    found, options = rated(tmp_path, text)
    records = agreement_records(agreements(found.sheet, options, STANDARD))
    assert [record["raters"] for record in records if record["measure"] == "kappa"] == ["a and b", "a and c", "b and c"]
    assert [record["raters"] for record in records if record["measure"] == "alpha"] == ["all"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"consensus": "3"}, "consensus=3: not in the files; choose one of a, b"),
        ({"against": "mixed"}, "against=mixed: not in the files; choose one of arm"),
        ({"overall": "good"}, "overall=good: not in the files; choose one of valid, correct"),
        ({"acceptable": ("A", "E")}, "acceptable: E is none of the grades A, B, C, D"),
    ],
)
def test_names_that_are_not_in_the_files_are_refused(tmp_path: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        rated(tmp_path, HEADER + "1,a,yes,no\n1,b,yes,no\n", **options)
