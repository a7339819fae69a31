"""Sheets for raters offline: one file for each rater, blind and in the rater's order, as XLSX or CSV.

    study,rater,item,answer,instruction,input,output,valid_task,appropriate_input,correct_output,note
    3f2a91c04b7d,anna,17,1,Name a fruit.,,A pear,,,,

`answer` is the place at which this rater sees the answer, not a model. What the rater has said so far is filled in.
XLSX files offer the possible answers in lists, and explain the questions on a sheet of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from selfinstruct.compare.sheets import QUESTIONS
from selfinstruct.jsonl import write_text
from selfinstruct.rating.cells import escaped, fitting
from selfinstruct.rating.entries import Entry, Value, reordered
from selfinstruct.rating.forms import NOTE, Form
from selfinstruct.rating.items import Item
from selfinstruct.rating.study import CONSENSUS, Study
from selfinstruct.rating.table import as_csv, cell

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

FOLDER = "sheets"
KEYS = ("study", "rater", "item", "answer")
_TEXT_WIDTH, _ANSWER_WIDTH, _ROW_HEIGHT = 55, 18, 120
_HEAD, _ASKED, _FAINT = "FF1F3A52", "FFFFF7DF", "FFF3F5F7"


@dataclass(frozen=True)
class SheetRow:
    """One row: where it belongs, the texts that the rater reads, and what was said so far."""

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    values: tuple[Value | None, ...]


def write_sheets(study: Study, suffix: str) -> tuple[Path, ...]:
    """Write a sheet for each rater, and README.txt with the questions; returns the paths.

    Args:
        suffix: "xlsx" or "csv".
    """
    folder = study.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for rater in (rater for rater in study.raters if rater != CONSENSUS):
        path = folder / f"{rater}.{suffix}"
        rows = list(sheet_rows(study, rater))
        if suffix == "csv":
            write_text(path, as_csv(_csv_rows(study, rows)))
        else:
            _write_workbook(path, study, rows)
        found.append(path)
    write_text(folder / "README.txt", "\n\n".join(explained(study.form)) + "\n")
    return (*found, folder / "README.txt")


def columns(study: Study) -> tuple[str, ...]:
    """Return the header of the study's sheets."""
    return (*KEYS, *text_columns(study), *asked(study.form), NOTE)


def text_columns(study: Study) -> tuple[str, ...]:
    """Return the columns that raters read."""
    has_reference = any(item.reference for item in study.items)
    if study.form.unit == "instruction":
        return ("output",)
    return ("instruction", "input", *(("reference",) if has_reference else ()), "output")


def asked(form: Form) -> tuple[str, ...]:
    """Return the columns that raters fill in: about the answer, then about the item (in its first row only)."""
    return (*form.about("answer"), *form.about("item"))


def sheet_rows(study: Study, rater: str) -> Iterator[SheetRow]:
    """Yield the rows of one rater's sheet."""
    said = study.ledger.current(rater)
    for item in study.order(rater):
        places = study.slots(rater, item)
        entry = said[item.id].entry if item.id in said else Entry(tuple({} for _ in item.answers))
        seen = reordered(entry, places)
        for slot, place in enumerate(places):
            keys = (study.identity, rater, item.id, str(slot + 1))
            yield SheetRow(keys, texts_of(study, item, place), _values(study.form, seen, slot))


def texts_of(study: Study, item: Item, place: int) -> tuple[str, ...]:
    """Return the texts of one row, as they stand in its cells."""
    whole = {"instruction": item.instruction, "input": item.input, "reference": item.reference}
    return tuple(fitting(whole.get(name, item.answers[place].text)) for name in text_columns(study))


def _values(form: Form, seen: Entry, slot: int) -> tuple[Value | None, ...]:
    about_item = {**seen.about_item, NOTE: seen.note or None} if slot == 0 else {}
    return (
        *(seen.about_answers[slot].get(name) for name in form.about("answer")),
        *(about_item.get(name) for name in (*form.about("item"), NOTE)),
    )


def explained(form: Form) -> Iterator[str]:
    """Yield the title, the guide, each question with what may be answered, and the grades, as paragraphs."""
    yield form.title
    if form.guide.strip():
        yield form.guide.strip()
    for name, question in form.questions.items():
        kinds = {"yes_no": "yes or no", "grade": ", ".join(form.grades), "text": "in your own words"}
        need = "" if question.required else " (may be left empty)"
        lines = [f"{name}: {question.text} [{kinds[question.kind]}]{need}", question.explanation.strip()]
        yield "\n".join(line for line in lines if line)
    if form.grades and any(question.kind == "grade" for question in form.questions.values()):
        yield "\n".join(f"{grade}: {meaning}" for grade, meaning in form.grades.items())


def _csv_rows(study: Study, rows: Sequence[SheetRow]) -> Iterator[list[str]]:
    yield list(columns(study))
    for row in rows:
        yield [*row.keys, *map(cell, row.texts), *map(cell, row.values)]


def _write_workbook(path: Path, study: Study, rows: Sequence[SheetRow]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Ratings"
    _put(sheet, 1, columns(study))
    for number, row in enumerate(rows, start=2):
        values = [cell(value) if isinstance(value, bool) else value or "" for value in row.values]
        _put(sheet, number, (*row.keys, *row.texts, *values))
    _dress(sheet, study)
    _offer(sheet, study.form, len(KEYS) + len(text_columns(study)), max(len(rows) + 1, 2))
    _explain(book, study.form)
    temporary = path.with_name(path.name + ".part")
    book.save(temporary)
    temporary.replace(path)


def _put(sheet: Worksheet, number: int, texts: Sequence[str]) -> None:
    """Write one row of cells that are text whatever they begin with; control characters are spelled _x0001_."""
    for column, text in enumerate(texts, start=1):
        target = sheet.cell(number, column)
        target.value = escaped(text) or None
        if text:
            target.data_type = "s"
            target.quotePrefix = text[:1] in "=+-@"


def _dress(sheet: Worksheet, study: Study) -> None:
    """Head, widths, wrapped lines; cells to fill in are tinted, keys are narrow, study and rater are hidden."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    first_asked = len(KEYS) + len(text_columns(study)) + 1
    for column, name in enumerate(columns(study), start=1):
        is_text = len(KEYS) < column < first_asked or name == NOTE
        letter = sheet.column_dimensions[get_column_letter(column)]
        letter.width = _TEXT_WIDTH if is_text else _ANSWER_WIDTH if column >= first_asked else 8
        letter.hidden = name in {"study", "rater"}
        tint = PatternFill("solid", fgColor=_ASKED if column >= first_asked else _FAINT)
        for (target,) in sheet.iter_rows(min_row=2, min_col=column, max_col=column):
            target.alignment, target.fill = Alignment(wrap_text=True, vertical="top"), tint
        head = sheet.cell(1, column)
        head.font, head.fill = Font(bold=True, color="FFFFFFFF"), PatternFill("solid", fgColor=_HEAD)
    for number in range(2, sheet.max_row + 1):
        sheet.row_dimensions[number].height = _ROW_HEIGHT
    sheet.freeze_panes = "E2"


def _offer(sheet: Worksheet, form: Form, before: int, last: int) -> None:
    """Give the cells of yes/no and graded questions a list to choose from."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for column, name in enumerate(asked(form), start=before + 1):
        kind = form.questions[name].kind
        if kind == "text":
            continue
        choices = "yes,no" if kind == "yes_no" else ",".join(form.grades)
        offer = DataValidation("list", formula1=f'"{choices}"', allow_blank=True, showErrorMessage=True)
        offer.errorTitle, offer.error = name, f"Choose one of: {choices}"
        offer.add(f"{get_column_letter(column)}2:{get_column_letter(column)}{last}")
        sheet.add_data_validation(offer)


def _explain(book: Workbook, form: Form) -> None:
    from openpyxl.styles import Alignment

    sheet = book.create_sheet(QUESTIONS)
    sheet.column_dimensions["A"].width = 110
    for number, paragraph in enumerate(explained(form), start=1):
        _put(sheet, number, (paragraph,))
        sheet.cell(number, 1).alignment = Alignment(wrap_text=True, vertical="top")
