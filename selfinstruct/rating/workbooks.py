"""Sheets as XLSX: cells to fill in are tinted and offer their answers, texts stay texts, questions are explained.

write_workbook(path, ("study", "rater", "item", ...), rows, form, ["Review of generated tasks", ...])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from selfinstruct.compare.sheet_rows import QUESTIONS
from selfinstruct.rating.cells import escaped
from selfinstruct.rating.forms import NOTE, Form
from selfinstruct.rating.sheet_rows import KEYS, SAID, Asked, SheetRow, as_word

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_TEXT_WIDTH, _SAID_WIDTH, _ANSWER_WIDTH, _KEY_WIDTH, _ROW_HEIGHT = 55, 24, 18, 8, 120
_LONGEST_TITLE, _LONGEST_MESSAGE, _LONGEST_LIST = 32, 225, 255  # Excel repairs a file with longer ones
_HEAD, _ASKED, _FAINT = "FF1F3A52", "FFFFF7DF", "FFF3F5F7"


def write_workbook(
    path: Path, header: Sequence[str], rows: Sequence[SheetRow], form: Form, explanations: Sequence[str]
) -> None:
    """Write a sheet of ratings, of one row or more, and one that explains the questions, in one step."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Ratings"
    _put(sheet, 1, header)
    for number, row in enumerate(rows, start=2):
        _put(sheet, number, (*row.keys, *row.texts, *(as_word(cell.value) for cell in row.asked)))
    _dress(sheet, header, rows)
    for column, cells in enumerate(zip(*(row.asked for row in rows), strict=True), start=_first_asked(rows)):
        _offer(sheet, form, column, cells)
    _explain(book, explanations)
    temporary = path.with_name(path.name + ".part")
    book.save(temporary)
    temporary.replace(path)


def _first_asked(rows: Sequence[SheetRow]) -> int:
    return len(rows[0].keys) + len(rows[0].texts) + 1


def _put(sheet: Worksheet, number: int, texts: Sequence[str]) -> None:
    """Write one row of cells that are text whatever they begin with; control characters are spelled _x0001_."""
    for column, text in enumerate(texts, start=1):
        target = sheet.cell(number, column)
        target.value = escaped(text) or None
        if text:
            target.data_type = "s"
            target.quotePrefix = text[:1] in "=+-@"


def _dress(sheet: Worksheet, header: Sequence[str], rows: Sequence[SheetRow]) -> None:
    """Head, widths, wrapped lines; cells to fill in are tinted, keys are narrow, study and rater are hidden."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    first_asked = _first_asked(rows)
    wrapped = Alignment(wrap_text=True, vertical="top")
    asked, faint, top = (PatternFill("solid", fgColor=colour) for colour in (_ASKED, _FAINT, _HEAD))
    for column, name in enumerate(header, start=1):
        letter = sheet.column_dimensions[get_column_letter(column)]
        letter.width = _width(column, name, first_asked)
        letter.hidden = name in {"study", "rater"}
        head = sheet.cell(1, column)
        head.font, head.fill, head.alignment = Font(bold=True, color="FFFFFFFF"), top, wrapped
    for number, row in enumerate(rows, start=2):
        sheet.row_dimensions[number].height = _ROW_HEIGHT
        for column in range(1, len(header) + 1):
            is_open = column >= first_asked and row.asked[column - first_asked].is_open
            target = sheet.cell(number, column)
            target.alignment, target.fill = wrapped, asked if is_open else faint
    sheet.freeze_panes = "E2"


def _width(column: int, name: str, first_asked: int) -> int:
    if column <= len(KEYS):
        return _KEY_WIDTH
    if column < first_asked or name == NOTE:
        return _TEXT_WIDTH
    return _SAID_WIDTH if name.startswith(SAID) else _ANSWER_WIDTH


def _offer(sheet: Worksheet, form: Form, column: int, cells: Sequence[Asked]) -> None:
    """Give the open cells of a yes/no or graded question a list to choose from."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    question = form.questions.get(cells[0].column)
    choices = "" if question is None else {"yes_no": "yes,no", "grade": ",".join(form.grades)}.get(question.kind, "")
    ranges = list(_open_ranges(get_column_letter(column), cells))
    if not choices or not ranges or len(choices) > _LONGEST_LIST:
        return
    offer = DataValidation("list", formula1=f'"{choices}"', allow_blank=True, showErrorMessage=True)
    offer.errorTitle = cells[0].column[:_LONGEST_TITLE]
    offer.error = f"Choose one of: {choices}"[:_LONGEST_MESSAGE]
    for one in ranges:
        offer.add(one)
    sheet.add_data_validation(offer)


def _open_ranges(letter: str, cells: Sequence[Asked]) -> Iterator[str]:
    """Yield each run of open cells as B2:B5."""
    for is_open, run in groupby(enumerate(cells, start=2), key=lambda pair: pair[1].is_open):
        if is_open:
            rows = [number for number, _ in run]
            yield f"{letter}{rows[0]}:{letter}{rows[-1]}"


def _explain(book: Workbook, explanations: Sequence[str]) -> None:
    from openpyxl.styles import Alignment

    sheet = book.create_sheet(QUESTIONS)
    sheet.column_dimensions["A"].width = 110
    for number, paragraph in enumerate(explanations, start=1):
        _put(sheet, number, (paragraph,))
        sheet.cell(number, 1).alignment = Alignment(wrap_text=True, vertical="top")
