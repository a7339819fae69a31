"""Sheets for raters offline: blind, in the rater's order, no formula in them, and every cell comes back as it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from selfinstruct.errors import InputError
from selfinstruct.rating import Study
from selfinstruct.rating.cells import LONGEST_CELL, bare, fitting, guarded, shielded
from selfinstruct.rating.sheet_files import write_sheets
from selfinstruct.rating.sheet_reading import read_sheets
from tests.rating.sheets import cells_of, fill
from tests.rating.studies import TRICKY, make_items, make_study, say

FORMATS = ("csv", "xlsx")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study", make_items(*[(text, f"other {n}") for n, text in enumerate(TRICKY)]))


FORMULAS = ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", " =1", "'=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]
VALUES = [
    *(
        "1/2",
        "007",
        "3 January 2026",
        "3.0",
        "True",
        "FALSE",
        "1e5",
        "50 %",
        "'5",
        "$5.00",
        "(5)",
        "12:30",
        "1,5",
        "$ 3",
    ),
    *("1" * 60, "January 3, 2026 10:15 pm", "Jan-03", "3. J\u00e4nner 2026", "2026-01-03T10:00:00"),
    "2026\u5e741\u67083\u65e5",
]
TEXTS = [
    *("", "plain", "'tis", "''", "true to life", "word", "Name 3 fruits.", "Task 0 of run", "Is 7 a prime number?"),
    *("two\n2", "3 apples, which he bought on the market, and pears", "1" + " x" * 20, "January"),
]


@pytest.mark.parametrize("text", [*TRICKY, *FORMULAS, *VALUES, *TEXTS])
def test_no_text_becomes_a_formula_or_a_value_and_each_comes_back(text: str) -> None:
    assert guarded(text) == (f"'{text}" if text in {*FORMULAS, *TRICKY[1:4], *TRICKY[7:9]} else text)
    assert shielded(text) == (f"'{text}" if text in {*FORMULAS, *VALUES, *TRICKY[1:4], *TRICKY[7:9]} else text)
    assert bare(shielded(text)) == text


def test_a_text_is_cut_only_where_a_cell_could_not_hold_it() -> None:
    assert fitting("x" * (LONGEST_CELL - 1)) == "x" * (LONGEST_CELL - 1)
    cut = fitting("x" * LONGEST_CELL)
    assert len(cut) < LONGEST_CELL and cut.endswith("the page shows the whole text]")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_sheet_holds_each_answer_once_in_the_raters_order_and_names_no_arm(study: Study, suffix: str) -> None:
    anna, ben, readme = write_sheets(study, suffix)
    for rater, path in (("anna", anna), ("ben", ben)):
        rows = cells_of(path)
        assert [row["item"] for row in rows[::2]] == [item.id for item in study.order(rater)]
        for row in rows:
            item = study.item(row["item"])
            place = study.slots(rater, item)[int(row["answer"]) - 1]
            shown = bare(row["output"]) if suffix == "csv" else row["output"]
            assert shown == fitting(item.answers[place].text)
            assert "task_" not in "".join(row.values())
    assert "valid: Is it? [yes or no]" in readme.read_text(encoding="utf-8")
    assert [row["item"] for row in cells_of(anna)] != [row["item"] for row in cells_of(ben)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_cell_is_a_formula(study: Study, suffix: str) -> None:
    path = write_sheets(study, suffix)[0]
    if suffix == "csv":
        assert not [v for row in cells_of(path) for v in row.values() if re.match(r"[=+\-@\t\r]", v)]
        return
    kinds = {cell.data_type for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}  # n: an empty cell


def test_a_workbook_offers_the_answers_in_lists(study: Study) -> None:
    sheet = load_workbook(write_sheets(study, "xlsx")[0])["Ratings"]
    header = [cell.value for cell in sheet[1]]
    offered = {
        header[sheet[re.split("[: ]", str(one.sqref))[0]].column - 1]: one.formula1
        for one in sheet.data_validations.dataValidation
    }
    assert offered == {"valid": '"yes,no"', "clear": '"yes,no"', "grade": '"A,B,C,D"', "same": '"yes,no"'}
    (same,) = [one for one in sheet.data_validations.dataValidation if one.errorTitle == "same"]
    assert str(same.sqref).split() == [f"L{row}" for row in range(2, 22, 2)]  # about the item: in its first row only
    assert sheet.freeze_panes == "E2"


@pytest.mark.parametrize("suffix", FORMATS)
def test_filled_sheets_come_back_to_the_answers_they_belong_to(study: Study, suffix: str) -> None:
    path = write_sheets(study, suffix)[0]
    told = {"valid": "yes", "clear": "No", "grade": "b", "words": "=not a formula", "note": "-5 degrees", "same": "y"}
    if suffix == "csv":
        told |= {"words": "'=not a formula", "note": "'-5 degrees"}
    else:
        told["words"] = "plain words"
    assert read_sheets(study, [fill(path, {("3", "1"): told})], False) == {"anna": 1}
    saved = study.ledger.one("anna", "3")
    assert saved is not None
    first = study.slots("anna", study.item("3"))[0]
    words = "=not a formula" if suffix == "csv" else "plain words"
    assert saved.entry.about_answers[first] == {"valid": True, "clear": False, "grade": "B", "words": words}
    assert saved.entry.about_answers[1 - first] == {}
    assert (saved.entry.about_item, saved.entry.note) == ({"same": True}, "-5 degrees")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_sheet_that_comes_back_untouched_changes_nothing(study: Study, suffix: str) -> None:
    for number, text in enumerate(TRICKY[:-1], start=1):
        say(study, "anna", str(number), {"valid": True, "words": text}, {"clear": False}, note=text, same=True)
    before = study.ledger.everything()
    path = write_sheets(study, suffix)[0]
    assert read_sheets(study, [path], False) == {"anna": 0}
    assert read_sheets(study, [path], True) == {"anna": 0}
    assert study.ledger.everything() == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_all_faults_are_named_at_once_with_file_row_and_column(study: Study, suffix: str) -> None:
    path = write_sheets(study, suffix)[0]
    answers = {
        ("1", "1"): {"valid": "maybe", "grade": "E"},
        ("2", "2"): {"same": "yes"},
        ("3", "1"): {"output": "another text"},
        ("4", "1"): {"item": "99"},
        ("5", "1"): {"study": "ffffffffffff"},
        ("6", "1"): {"rater": "cleo"},
        ("7", "1"): {"answer": "3"},
        ("8", "1"): {"valid": "yes"},
    }
    with pytest.raises(InputError) as raised:
        read_sheets(study, [fill(path, answers)], False)
    message = str(raised.value)
    at = {(row["item"], row["answer"]): n for n, row in enumerate(cells_of(path), start=2)}
    assert f'{path}:{at["1", "1"]}: valid="maybe": give yes or no; correct it, or leave it empty' in message
    assert f'{path}:{at["1", "1"]}: grade="E": give one of the grades A, B, C, D' in message
    assert f"{path}:{at['2', '2']}: same is about the whole item; give it in the row of answer 1" in message
    assert f"{path}:{at['3', '1']}: the output is not that of item 3; has the sheet been sorted" in message
    assert 'item="99": no item of this study' in message
    assert 'study="ffffffffffff": this is the study 0123abcd4567' in message
    assert 'rater="cleo": no rater of this study; choose one of anna, ben' in message
    assert 'answer="3": the item has the answers 1 to 2' in message
    assert len(message.splitlines()) == 9
    assert study.ledger.everything() == {}


def test_what_was_saved_otherwise_is_replaced_only_where_that_is_asked_for(study: Study) -> None:
    path = fill(write_sheets(study, "csv")[0], {("1", "1"): {"valid": "yes", "clear": "yes"}})
    say(study, "anna", "1", {"valid": False}, {"valid": False})
    with pytest.raises(InputError, match="valid is another than was saved before; replace=true"):
        read_sheets(study, [path], False)
    assert read_sheets(study, [path], True) == {"anna": 1}
    saved = study.ledger.one("anna", "1")
    assert saved is not None
    first = study.slots("anna", study.item("1"))[0]
    assert saved.entry.about_answers[first] == {"valid": True, "clear": True}
    assert saved.entry.about_answers[1 - first] == {}  # the sheet left it empty


def test_an_answer_that_stands_in_two_files_is_refused(study: Study, tmp_path: Path) -> None:
    path = write_sheets(study, "csv")[0]
    copy = tmp_path / "copy.csv"
    copy.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"copy.csv:2: anna has this answer of item \d+ at .*anna.csv:2, too"):
        read_sheets(study, [path, copy], False)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_sheet_without_a_column_is_refused(study: Study, suffix: str) -> None:
    path = fill(write_sheets(study, suffix)[0], {("item", "answer"): {"valid": "valid?"}}, header_too=True)
    with pytest.raises(InputError, match=r'anna.*:1: the column "valid" must be there once'):
        read_sheets(study, [path], False)


def test_a_sheet_that_is_none_is_one_clear_error(study: Study, tmp_path: Path) -> None:
    (tmp_path / "anna.xlsx").write_bytes(b"no workbook")
    for path, says in ((tmp_path / "anna.xlsx", "save it as XLSX"), (tmp_path / "no.csv", "files=.*no such file")):
        with pytest.raises(InputError, match=says):
            read_sheets(study, [path], False)


def test_the_table_of_one_answer_holds_the_questions_about_the_item(tmp_path: Path) -> None:
    from selfinstruct.rating.table import write_ratings

    study = make_study(tmp_path / "one", make_items(("x",)))
    told: dict[str, Any] = {"valid": True, "clear": False, "words": "=1+1"}
    say(study, "anna", "1", told, note="@home", same=False)
    (path,) = write_ratings(study)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "item,rater,arm,valid,clear,both,grade,words,same,note",
        "task_1,anna,a,yes,no,no,,'=1+1,no,'@home",
    ]


def test_questions_about_items_of_several_answers_stand_in_a_file_of_their_own(study: Study) -> None:
    from selfinstruct.rating.table import write_ratings

    say(study, "anna", "1", {"valid": True}, {"valid": False}, same=True)
    ratings, about = write_ratings(study)
    assert [line.split(",")[:4] for line in ratings.read_text(encoding="utf-8").splitlines()[1:]] == [
        ["task_1", "anna", "a", "yes"],
        ["task_1", "anna", "b", "no"],
    ]
    assert about.read_text(encoding="utf-8").splitlines() == ["item,rater,same,note", "task_1,anna,yes,"]
