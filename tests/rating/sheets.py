"""What tests of sheets share: their cells as text, and answers written into them as raters do."""

from __future__ import annotations

import csv
from pathlib import Path

from openpyxl import load_workbook

from selfinstruct.compare.sheet_rows import rows_of
from tests.rating.studies import rows


def fill_all(path: Path, **answers: str) -> None:
    """Write the same answers into every row of a CSV sheet."""
    found = rows(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows({**row, **answers} for row in found)


def cells_of(path: Path) -> list[dict[str, str]]:
    rows = rows_of(path)
    header = next(rows)[1]
    return [dict(zip(header, cells, strict=True)) for _, cells in rows]


def fill(path: Path, answers: dict[tuple[str, str], dict[str, str]], header_too: bool = False) -> Path:
    """Write values into the cells of (item, answer), as a rater does; `header_too`: into the header instead."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = list(csv.reader(file))
        header = list(found[0])
        for row in [found[0]] if header_too else found[1:]:
            for name, value in answers.get((row[2], row[3]), {}).items():
                row[header.index(name)] = value
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(found)
        return path
    book = load_workbook(path)
    sheet = book["Ratings"]
    header = [str(cell.value) for cell in sheet[1]]
    for cells in sheet.iter_rows(min_row=1 if header_too else 2):
        for name, value in answers.get((str(cells[2].value), str(cells[3].value)), {}).items():
            cells[header.index(name)].value = value
    book.save(path)
    return path
