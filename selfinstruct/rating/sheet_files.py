"""Sheets for raters offline: one file for each rater, as XLSX or CSV, with the rows of sheet_rows.py.

    write_sheets(study, "xlsx")   -> (runs/rate-3f2a91c04b7d/sheets/anna.xlsx, .../ben.xlsx, .../README.txt)

XLSX files offer the possible answers in lists, and explain the questions on a sheet of their own. A sheet that holds
answers which were not read back is never written over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write_text
from selfinstruct.rating.cells import shielded
from selfinstruct.rating.forms import Form
from selfinstruct.rating.sheet_reading import holds_more
from selfinstruct.rating.sheet_rows import SheetRow, as_word, columns, sheet_rows
from selfinstruct.rating.study import CONSENSUS, Study
from selfinstruct.rating.table import as_csv
from selfinstruct.rating.workbooks import write_workbook

FOLDER = "sheets"
_MARK = "\ufeff"  # tells spreadsheet programs that a CSV file is UTF-8
_SETTLING = (
    "The raters disagree about the items of this sheet. What they said stands in the columns that begin with said. "
    "Answer where two of them differ; what they agree on is taken over and not asked."
)


def write_sheets(study: Study, suffix: str) -> tuple[Path, ...]:
    """Write a sheet for each rater, and the questions as README.txt; returns the paths.

    The one who settles disagreements gets none as long as there is nothing to settle.

    Args:
        suffix: "xlsx" or "csv".

    Raises:
        InputError: a sheet that is there holds answers that were not read back.
    """
    folder = study.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    rows = {rater: list(sheet_rows(study, rater)) for rater in study.raters}
    paths = {rater: folder / f"{rater}.{suffix}" for rater in study.raters if rater != CONSENSUS or rows[rater]}
    for path in paths.values():
        if path.exists() and holds_more(study, path):
            remedy = f"read it with sheets=in files=['{path}'], or move it away"
            raise InputError(f"{path}: holds answers that were not read back, and would be written over; {remedy}")
    for rater, path in paths.items():
        if suffix == "csv":
            write_text(path, _MARK + as_csv(_csv_rows(study, rater, rows[rater])))
        else:
            write_workbook(path, columns(study, rater), rows[rater], study.form, list(explained(study.form, rater)))
    readmes = {folder / "README.txt": ""}
    if CONSENSUS in paths:
        readmes[folder / f"README_{CONSENSUS}.txt"] = CONSENSUS  # raters need not know that anything is disputed
    for path, rater in readmes.items():
        write_text(path, "\n\n".join(explained(study.form, rater)) + "\n")
    return (*paths.values(), *readmes)


def explained(form: Form, rater: str = "") -> Iterator[str]:
    """Yield the title, the guide, each question with what may be answered, and the grades, as paragraphs."""
    yield form.title
    if rater == CONSENSUS:
        yield _SETTLING
    if form.guide.strip():
        yield form.guide.strip()
    for name, question in form.questions.items():
        kinds = {"yes_no": "yes or no", "grade": ", ".join(form.grades), "text": "in your own words"}
        need = "" if question.required else " (may be left empty)"
        lines = [f"{name}: {question.text} [{kinds[question.kind]}]{need}", question.explanation.strip()]
        yield "\n".join(line for line in lines if line)
    if form.grades and any(question.kind == "grade" for question in form.questions.values()):
        yield "\n".join(f"{grade}: {meaning}" for grade, meaning in form.grades.items())


def _csv_rows(study: Study, rater: str, rows: Sequence[SheetRow]) -> Iterator[list[str]]:
    yield list(columns(study, rater))
    for row in rows:
        identity, name, *places = row.keys
        values = [shielded(as_word(cell.value)) for cell in row.asked]
        yield [shielded(identity), shielded(name), *places, *map(shielded, row.texts), *values]
