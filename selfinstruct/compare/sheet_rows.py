"""The rows of a sheet, CSV or XLSX, as text: what spreadsheet programs make of a file is undone here.

    item;rater;valid        ->  (1, ["item", "rater", "valid"])
    17;anna;yes             ->  (2, ["17", "anna", "yes"])

- CSV: UTF-8 (with or without a byte order mark) or UTF-16 with its mark; any line ends. Programs separate cells by
  commas, semicolons or tabs, as the country has it. The header decides: it is the first of these three by which the
  header has a column for the item and one for the rater.
- XLSX: a workbook of one sheet, beside one called Questions, if any. Formulas count by their saved values.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from selfinstruct.errors import InputError

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

ITEM = ("item", "item_id", "id", "scenario", "scenario_id")
RATER = ("rater", "rater_id", "reviewer", "reviewer_id", "annotator")
ARM = ("arm",)
QUESTIONS = "Questions"
SEPARATORS = (",", ";", "\t")


def plain(column: str) -> str:
    """Return the name of a column without what does not matter in it: case, and which of space, - and _ is used."""
    return re.sub(r"[\s_-]+", "_", column.strip().lower())


def column_called(names: Sequence[str], header: Sequence[str]) -> str | None:
    """Return the column of the header that has the first of these names; None where it has none of them."""
    columns = {plain(column): column for column in header}
    return next((columns[name] for name in names if name in columns), None)


def rows_of(path: Path, key: str = "ratings") -> Iterator[tuple[int, list[str]]]:
    """Yield (line number from 1, cells as text) for every row of a CSV or XLSX file, the header first.

    Args:
        key: the option that named the file, for messages.

    Raises:
        InputError: the file is missing or cannot be read; names file and line.
    """
    if not path.is_file():
        raise InputError(f"{key}={path}: no such file; check the path")
    return _without_margin(_workbook_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path))


def _without_margin(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Leave out empty cells behind the header's last one, which programs write where a column was once used."""
    width = 0
    for number, cells in rows:
        width = width or max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        yield number, cells


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        number = 0
        try:
            separator = _separator(file)
            file.seek(0)
            for number, cells in _parsed(file, separator):
                yield number, cells
        except (csv.Error, UnicodeError) as error:
            raise InputError(f"{path}:{number + 1}: cannot be read ({error}); save it as UTF-8 CSV") from error


def _parsed(file: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, delimiter=separator, strict=True)
    for cells in reader:
        yield reader.line_num, cells


def _encoding(path: Path) -> str:
    """UTF-8, unless the file begins with the mark of UTF-16: that is what Excel saves as "Unicode text"."""
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"


def _separator(file: TextIO) -> str:
    """Return the first separator by which the header has a column for the item and one for the rater; else a comma."""
    for separator in SEPARATORS:
        file.seek(0)
        try:
            _, header = next(_parsed(file, separator), (1, []))
        except csv.Error:  # a quoted cell ends where this separator does not stand
            continue
        if column_called(ITEM, header) and column_called(RATER, header):
            return separator
    return SEPARATORS[0]


def _workbook_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        values, formulas = load_workbook(path, data_only=True), load_workbook(path)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: cannot be read ({error}); save it as XLSX or UTF-8 CSV") from error
    sheet = _one_sheet(path, values)
    for number, (row, sources) in enumerate(zip(sheet, formulas[sheet.title], strict=True), start=1):
        for cell, source in zip(row, sources, strict=True):
            if source.data_type == "f" and cell.value is None:
                place = f"{path}:{number}"
                raise InputError(f"{place}: {cell.coordinate} is a formula without its value; save the file once more")
        yield number, [_cell_text(cell.value) for cell in row]


def _one_sheet(path: Path, book: Workbook) -> Worksheet:
    """Return the sheet that holds ratings; a sheet called Questions explains them and is none."""
    filled = [sheet for sheet in book.worksheets if sheet.max_row > 1 and sheet.title != QUESTIONS]
    if len(filled) > 1:
        names = ", ".join(sheet.title for sheet in filled)
        raise InputError(f"{path}: holds {len(filled)} sheets ({names}); save each as a file of its own")
    return filled[0] if filled else book.worksheets[0]


def _cell_text(value: object) -> str:
    """Return what a cell shows; the number 1.0 is shown as 1."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unescaped(str(value))


def unescaped(text: str) -> str:
    """Return the text of an XLSX cell with its control characters, which such files spell as _x0001_."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text)
