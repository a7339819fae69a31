"""Rating sheets: the documented format is read, every fault is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.compare.sheets import Criterion, Sheet, read_sheets
from selfinstruct.errors import InputError

GRADES = ("A", "B", "C", "D")


def sheet(tmp_path: Path, text: str, name: str = "arm.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, *more: Path, **options: tuple[str, ...]) -> Sheet:
    return read_sheets([path, *more], grades=GRADES, **options)


def test_items_raters_and_criteria_are_found_by_their_columns(tmp_path: Path) -> None:
    text = "Scenario ID,Reviewer-ID,Valid,Grade,Name\n1,1,True,A,login\n1,2,no,C,login\n2,1,,,log out\n"
    found = read(sheet(tmp_path, text))
    assert found.criteria == (Criterion("Valid", False), Criterion("Grade", True))
    assert found.not_read == ("Name",)
    assert (found.arms, found.raters) == (("arm",), ("1", "2"))
    assert [dict(rating.values) for rating in found.ratings] == [
        {"Valid": True, "Grade": "A"},
        {"Valid": False, "Grade": "C"},
        {"Valid": None, "Grade": None},
    ]


@pytest.mark.parametrize("text", ["true", "TRUE", "yes", "Y", "1", " True "])
def test_each_word_for_yes_is_read(tmp_path: Path, text: str) -> None:
    assert read(sheet(tmp_path, f"item,rater,valid\n1,a,{text}\n")).ratings[0].values == {"valid": True}


@pytest.mark.parametrize("text", ["", "na", "N/A", "  "])
def test_each_word_for_missing_is_none_and_not_no(tmp_path: Path, text: str) -> None:
    found = read(sheet(tmp_path, f"item,rater,valid\n1,a,{text}\n2,a,no\n3,a,yes\n"))
    assert [rating.values["valid"] for rating in found.ratings] == [None, False, True]


def test_each_file_is_an_arm_unless_a_column_says_otherwise(tmp_path: Path) -> None:
    one, two = (
        sheet(tmp_path, "item,rater,valid\n1,a,yes\n", "one.csv"),
        sheet(tmp_path, "item,rater,valid\n1,a,no\n", "b.csv"),
    )
    assert read(one, two).arms == ("one", "b")
    assert read(one, two, arms=("high", "mixed")).arms == ("high", "mixed")
    both = sheet(tmp_path, "item,rater,arm,valid\n1,a,high,yes\n1,a,mixed,no\n", "c.csv")
    assert read(both).arms == ("high", "mixed")


def test_files_of_the_same_name_are_one_arm(tmp_path: Path) -> None:
    one = sheet(tmp_path, "item,rater,valid\n1,a,yes\n", "rater_a.csv")
    two = sheet(tmp_path, "item,rater,valid\n1,b,no\n", "rater_b.csv")
    found = read(one, two, arms=("high", "high"))
    assert (found.arms, found.raters) == (("high",), ("a", "b"))


def test_criteria_that_are_named_leave_the_others_out(tmp_path: Path) -> None:
    found = read(sheet(tmp_path, "item,rater,valid,ill\n1,a,yes,no\n"), criteria=("valid",))
    assert [criterion.name for criterion in found.criteria] == ["valid"]
    assert found.not_read == ("ill",)


def test_zero_and_one_are_grades_where_they_are_declared_as_such(tmp_path: Path) -> None:
    found = read_sheets([sheet(tmp_path, "item,rater,score\n1,a,1\n2,a,0\n")], grades=("1", "0"))
    assert found.criteria == (Criterion("score", True),)


def test_a_byte_order_mark_and_quoted_cells_are_read(tmp_path: Path) -> None:
    path = sheet(tmp_path, '\ufeffitem,rater,valid,note\n1,a,yes,"a, b\nc"\n2,a,no,\n')
    assert [rating.item for rating in read(path).ratings] == ["1", "2"]


BAD = {
    "": "no column for the item",
    "item,rater,valid\n": "holds no rating",
    "thing,rater,valid\n1,a,yes\n": r"arm.csv:1: no column for the item \(item, item_id, id, scenario, scenario_id\)",
    "item,valid\n1,yes\n": r"arm.csv:1: no column for the rater",
    "item,rater,valid,valid\n1,a,yes,no\n": 'two columns are called "valid"',
    "item,rater,valid\n1,a\n": "arm.csv:2: 2 cells, but the header has 3",
    "item,rater,valid\n,a,yes\n": 'arm.csv:2: "item" is empty',
    "item,rater,valid\n1,,yes\n": 'arm.csv:2: "rater" is empty',
    "item,rater,valid\n1,a,yes\n1,b,no\n1,a,no\n": r"arm.csv:4: rater a has rated item 1 of arm before \(.*arm.csv:2\)",
    "item,rater,valid\n1,a,yes\n2,a,no\n3,a,maybe\n": r'arm.csv:4: valid="maybe": not yes or no \(true, false\)',
    "item,rater,grade\n1,a,A\n2,a,B\n3,a,E\n": 'arm.csv:4: grade="E": not one of the grades A, B, C, D',
    "item,rater,name\n1,a,login\n": "no column holds yes/no or grades",
}


@pytest.mark.parametrize("text", BAD)
def test_a_fault_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=BAD[text]):
        read(sheet(tmp_path, text))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ratings=.*nowhere.csv: no such file"):
        read(tmp_path / "nowhere.csv")


def test_a_file_that_is_no_text_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "arm.csv"
    path.write_bytes(b"item,rater,valid\n1,a,\xff\n")
    with pytest.raises(InputError, match=r"cannot be read .* save it as UTF-8 CSV"):
        read(path)


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    one = sheet(tmp_path, "item,rater,valid,clear\n1,a,yes,no\n", "one.csv")
    two = sheet(tmp_path, "item,rater,valid\n1,a,yes\n", "two.csv")
    with pytest.raises(InputError, match=r'two.csv: no column "clear"; it has valid'):
        read(one, two)
    with pytest.raises(InputError, match=r'two.csv: no column "clear", which .*one.csv has'):
        read(two, one)
    assert [criterion.name for criterion in read(one, two, criteria=("valid",)).criteria] == ["valid"]


def test_a_criterion_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'no column "clear"; it has valid'):
        read(sheet(tmp_path, "item,rater,valid\n1,a,yes\n"), criteria=("clear",))


def test_names_and_files_must_be_as_many(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="arms: 2 names for 1 files"):
        read(sheet(tmp_path, "item,rater,valid\n1,a,yes\n"), arms=("a", "b"))


def workbook(path: Path, *sheets: tuple[str, list[list[object]]]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


RATED: list[list[object]] = [["item", "rater", "valid", "name"], [1, "a", True, "x"], [2.0, "a", "no", None]]


def test_a_workbook_is_read_as_the_same_sheet_in_csv(tmp_path: Path) -> None:
    csv_path = sheet(tmp_path, "item,rater,valid,name\n1,a,True,x\n2,a,no,\n")
    assert read(workbook(tmp_path / "arm.xlsx", ("Ratings", RATED))) == read(csv_path)


def test_a_sheet_that_explains_the_questions_is_left_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "arm.xlsx", ("Ratings", RATED), ("Questions", [["Is it valid?"], ["Yes or no."]]))
    assert len(read(path).ratings) == 2


def test_a_workbook_of_several_sheets_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx", ("HG", RATED), ("MG", RATED))
    with pytest.raises(InputError, match=r"book.xlsx: holds 2 sheets \(HG, MG\); save each as a file of its own"):
        read(path)


def test_a_formula_without_its_value_is_refused_and_not_taken_as_missing(tmp_path: Path) -> None:
    rated: list[list[object]] = [["item", "rater", "valid"], [1, "a", "yes"], [2, "a", "=A2=1"]]
    with pytest.raises(InputError, match=r"arm.xlsx:3: C3 is a formula without its value"):
        read(workbook(tmp_path / "arm.xlsx", ("Ratings", rated)))


def test_faults_in_a_workbook_are_named_by_row(tmp_path: Path) -> None:
    rated: list[list[object]] = [["item", "rater", "valid"], [1, "a", "yes"], [], [2, "a", "maybe"], [3, "a", "no"]]
    with pytest.raises(InputError, match=r'arm.xlsx:4: valid="maybe": not yes or no'):
        read(workbook(tmp_path / "arm.xlsx", ("Ratings", rated)))
    (tmp_path / "no.xlsx").write_bytes(b"no workbook at all")
    with pytest.raises(InputError, match=r"no.xlsx: cannot be read .* save it as XLSX or UTF-8 CSV"):
        read(tmp_path / "no.xlsx")
