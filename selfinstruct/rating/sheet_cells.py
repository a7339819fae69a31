"""The cells of sheets that raters filled in: every value is checked and put where it belongs, every fault is named.

    sheets/anna.xlsx:14: valid_task="maybe": give yes or no; correct it, or leave it empty

A row must still hold the texts that it was given, since a sheet that was sorted by one column only would put answers to
other items. The one who settles disagreements may fill in only what raters still disagree about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.compare.sheet_rows import rows_of, unescaped
from selfinstruct.rating.cells import bare
from selfinstruct.rating.disagreements import Place
from selfinstruct.rating.entries import LONGEST_TEXT, Value, wanted
from selfinstruct.rating.forms import Form, Question
from selfinstruct.rating.items import Item
from selfinstruct.rating.sheet_rows import KEYS, asked, text_columns, texts_of
from selfinstruct.rating.study import CONSENSUS, Study

_YES_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


@dataclass(frozen=True)
class Cell:
    """One value of a file, where it stands and where it belongs."""

    place: str
    rater: str
    item: Item
    question: str
    answer: int | None
    value: Value | None


@dataclass(frozen=True)
class _Row:
    """A row whose item is known. `answer`: in the order of the item's answers; `is_first`: of the item's rows."""

    place: str
    rater: str
    item: Item
    answer: int
    is_first: bool
    cells: Mapping[str, str]


def read_cells(study: Study, path: Path, faults: list[str]) -> list[Cell]:
    """Return the values of one file; what is wrong with it is added to the faults.

    Raises:
        InputError: the file is missing or cannot be read at all.
    """
    disputes = study.disputes() if CONSENSUS in study.raters else {}
    return [cell for row in _rows(study, path, faults) for cell in _answers(study.form, row, disputes, faults)]


def _rows(study: Study, path: Path, faults: list[str]) -> Iterator[_Row]:
    rows = (cells for _, cells in rows_of(path, "files"))
    header = [cell.strip() for cell in next(rows, [])]
    lacking = [name for name in (*KEYS, *text_columns(study), *asked(study.form)) if header.count(name) != 1]
    if lacking:
        faults.append(f'{path}:1: the column "{lacking[0]}" must be there once; the header is {", ".join(header)}')
        return
    for number, found in enumerate(rows, start=2):  # rows, as spreadsheet programs count them
        if not any(cell.strip() for cell in found):
            continue
        if len(found) > len(header):
            faults.append(f"{path}:{number}: {len(found)} cells, but the header has {len(header)}; correct the row")
            continue
        texts = found if path.suffix.lower() == ".xlsx" else [bare(cell) for cell in found]
        texts += [""] * (len(header) - len(found))  # programs do not write empty cells at the end
        row = _row(study, f"{path}:{number}", dict(zip(header, texts, strict=True)), faults)
        if row is not None:
            yield row


def _row(study: Study, place: str, cells: Mapping[str, str], faults: list[str]) -> _Row | None:
    identity, rater, item_id, slot = (bare(cells[name].strip()) for name in KEYS)
    item = study.by_id.get(item_id)
    fault = ""
    if identity != study.identity:
        fault = f'study="{identity}": this is the study {study.identity}; give the sheets of this study'
    elif rater not in study.raters:
        remedy = "add adjudicate=true" if rater == CONSENSUS else "add raters="
        fault = f'rater="{rater}": no rater of this study; choose one of {", ".join(study.raters)}, or {remedy}'
    elif item is None:
        fault = f'item="{item_id}": no item of this study'
    elif slot not in {str(n + 1) for n in range(len(item.answers))}:
        fault = f'answer="{slot}": the item has the answers 1 to {len(item.answers)}'
    if fault or item is None:
        faults.append(f"{place}: {fault}")
        return None
    answer = study.slots(rater, item)[int(slot) - 1]
    for name, shown in zip(text_columns(study), texts_of(study, item, answer), strict=True):
        if _folded(cells[name]) != _folded(shown) != _folded(bare(cells[name])):  # a CSV sheet may come back as XLSX
            faults.append(f"{place}: the {name} is not that of item {item_id}; has the sheet been sorted or edited?")
            return None
    return _Row(place, rater, item, answer, slot == "1", cells)


def _answers(form: Form, row: _Row, disputes: Mapping[str, Sequence[Place]], faults: list[str]) -> Iterator[Cell]:
    for name in asked(form):
        question = form.questions.get(name)
        is_words = question is None or question.kind == "text"
        is_about_item = question is None or question.about == "item"
        text = row.cells[name] if is_words else row.cells[name].strip()
        number = None if is_about_item else row.answer
        value = _value(form, question, text)
        is_asked = is_words or row.rater != CONSENSUS or (number, name) in disputes.get(row.item.id, ())
        if text.strip() and is_about_item and not row.is_first:
            faults.append(f"{row.place}: {name} is about the whole item; give it in the row of answer 1")
        elif text.strip() and not is_asked:
            faults.append(f"{row.place}: {name}: no two raters disagree about it, so it is not asked; leave it empty")
        elif text.strip() and value is None:
            told = wanted(form, question) if question else f"give at most {LONGEST_TEXT:,} characters"
            faults.append(f'{row.place}: {name}="{text[:60]}": {told}; correct it, or leave it empty')
        elif is_asked and (row.is_first or not is_about_item):
            yield Cell(row.place, row.rater, row.item, name, number, value)


def _value(form: Form, question: Question | None, text: str) -> Value | None:
    if not text.strip():
        return None
    if question is None or question.kind == "text":
        words = text.replace("\r\n", "\n").replace("\r", "\n")
        return words if len(words) <= LONGEST_TEXT else None
    if question.kind == "yes_no":
        return _YES_NO.get(text.lower())
    return next((grade for grade in form.grades if grade.casefold() == text.casefold()), None)


def _folded(text: str) -> str:
    """Spreadsheet programs change line ends and trailing spaces; that is no other text."""
    return " ".join(unescaped(text).split())
