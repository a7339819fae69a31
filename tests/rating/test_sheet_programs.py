"""Sheets survive spreadsheet programs: other separators, marks, shortened rows, and what they make of numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from selfinstruct.errors import InputError
from selfinstruct.rating import Study
from selfinstruct.rating.entries import Entry
from selfinstruct.rating.sheet_files import write_sheets
from selfinstruct.rating.sheet_reading import read_sheets
from tests.rating.sheets import cells_of, fill, fill_all
from tests.rating.studies import make_form, make_items, make_study, question, say

VALUES = ("1/2", "007", "3.0", "True", "12345678901234567890", "\u00e4 \u2013 \u05e9", "two; and, a\ttab\nand a line")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study", make_items(*[(text,) for text in VALUES]))


def saved_by(separator: str, line_end: str, encoding: str, mark: bytes = b"") -> Callable[[Path], None]:
    """What a program does that opens a CSV file and saves it in its own way."""

    def save(path: Path) -> None:
        found = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        text = io.StringIO()
        csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(found)
        path.write_bytes(mark + text.getvalue().encode(encoding))

    return save


def without_empty_ends(path: Path) -> None:
    """Excel leaves out separators at the end of rows where all cells behind are empty."""
    found = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    for row in found[2:]:
        while not row[-1]:
            row.pop()
    text = io.StringIO()
    csv.writer(text).writerows(found)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


PROGRAMS = {
    "semicolons, as in Germany": saved_by(";", "\r\n", "utf-8", b"\xef\xbb\xbf"),
    "tabs": saved_by("\t", "\n", "utf-8"),
    "Unicode text of Excel": saved_by("\t", "\r\n", "utf-16"),
    "rows without empty ends": without_empty_ends,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_sheet_comes_back_from_every_program_that_separates_in_its_own_way(study: Study, program: str) -> None:
    path = write_sheets(study, "csv")[0]
    fill_all(path, valid="yes", clear="no")
    PROGRAMS[program](path)
    assert read_sheets(study, [path], False) == {"anna": len(VALUES)}
    saved = [one.entry for one in study.ledger.current("anna").values()]
    assert saved == [Entry(({"valid": True, "clear": False},))] * len(VALUES)


def test_a_csv_sheet_says_that_it_is_utf_8_and_shows_what_the_model_wrote(study: Study) -> None:
    path = write_sheets(study, "csv")[0]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    shown = {row["output"] for row in cells_of(path)}
    assert shown == {*(f"'{text}" for text in VALUES[:5]), *VALUES[5:]}  # a program would make a day of 1/2


def test_a_csv_sheet_that_was_saved_as_a_workbook_comes_back_too(study: Study, tmp_path: Path) -> None:
    say(study, "anna", "1", {"valid": True, "clear": True, "words": "-5"}, note="1/2")
    path = fill(write_sheets(study, "csv")[0], {("2", "1"): {"valid": "yes", "clear": "yes"}})
    book = Workbook()
    for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
        book.worksheets[0].append(row)
    book.save(tmp_path / "anna.xlsx")
    assert read_sheets(study, [tmp_path / "anna.xlsx"], False) == {"anna": 1}


def test_a_program_that_turned_a_text_into_a_value_is_a_fault_of_that_row(study: Study) -> None:
    path = fill(write_sheets(study, "csv")[0], {("1", "1"): {"output": "02. Jan", "valid": "yes"}})
    with pytest.raises(InputError, match="the output is not that of item 1; has the sheet been sorted or edited"):
        read_sheets(study, [path], False)


def test_a_row_that_is_too_long_or_ends_within_its_texts_is_a_fault(study: Study) -> None:
    path = write_sheets(study, "csv")[0]
    found = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    for change, says in (
        (found[1][:6], "the output is not that"),
        ([*found[1], "x"], "14 cells, but the header has 13"),
    ):
        text = io.StringIO()
        csv.writer(text).writerows([found[0], change, *found[2:]])
        path.write_text(text.getvalue(), encoding="utf-8")
        with pytest.raises(InputError, match=f"anna.csv:2: .*{says}"):
            read_sheets(study, [path], False)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_sheet_with_answers_that_were_not_read_back_is_not_written_over(study: Study, suffix: str) -> None:
    path = write_sheets(study, suffix)[0]
    write_sheets(study, suffix)  # nothing in it yet
    fill(path, {("1", "1"): {"valid": "yes", "clear": "no"}})
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"anna.* holds answers that were not read back, .* move it away"):
        write_sheets(study, suffix)
    assert path.read_bytes() == before
    read_sheets(study, [path], False)
    write_sheets(study, suffix)
    assert next(row for row in cells_of(path) if row["item"] == "1")["valid"] == "yes"


def test_a_sheet_that_was_torn_is_not_written_over(study: Study) -> None:
    path = write_sheets(study, "xlsx")[0]
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="move it away"):
        write_sheets(study, "xlsx")


def test_an_item_that_changed_on_the_page_meanwhile_is_not_overwritten(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sheets(study, "csv")[0]
    fill_all(path, valid="yes", clear="no")
    known = study.ledger.current("anna")
    say(study, "anna", "3", {"valid": False})
    with monkeypatch.context() as patched:
        patched.setattr(study.ledger, "current", lambda rater: known)  # what the command knew when it began
        with pytest.raises(InputError, match="item 3 of anna was changed on the page meanwhile; repeat it"):
            read_sheets(study, [path], False)
    assert study.ledger.current("anna")["3"].entry.about_answers[0] == {"valid": False}


def test_long_names_and_many_grades_make_no_workbook_that_excel_would_repair(tmp_path: Path) -> None:
    grades = {f"grade number {n:02}": "" for n in range(20)}
    name = "a name of a question that is as long as the form allows it 60"[:60]
    form = make_form(grades=grades, acceptable=(), overall=None, questions={name: question(), "g": question("grade")})
    study = make_study(tmp_path / "study", make_items(("x",)), form=form)
    (offer,) = load_workbook(write_sheets(study, "xlsx")[0])["Ratings"].data_validations.dataValidation
    assert offer.errorTitle == name[:32]  # the list of grades would be longer than the 255 characters that Excel reads
