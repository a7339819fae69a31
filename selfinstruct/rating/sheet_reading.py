"""Sheets that raters filled in: CSV or XLSX files come back, every cell is checked, and entries are saved.

    sheets/anna.xlsx:14: valid_task="maybe": give yes or no; correct it, or leave it empty

All faults of all files are reported at once, and then nothing is saved. A row must still hold the texts that it was
given, since a sheet that was sorted by one column only would put answers to other items.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.compare.sheets import rows_of, unescaped
from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical
from selfinstruct.rating.cells import bare
from selfinstruct.rating.disagreements import Place, entry_of, places, value_at
from selfinstruct.rating.entries import LONGEST_TEXT, Entry, Value, wanted
from selfinstruct.rating.forms import NOTE, Form, Question
from selfinstruct.rating.items import Item
from selfinstruct.rating.ledger import Saved
from selfinstruct.rating.sheet_files import KEYS, asked, columns, text_columns, texts_of
from selfinstruct.rating.study import CONSENSUS, Study

_YES_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
_MOST_SHOWN = 50


@dataclass(frozen=True)
class Cell:
    """One value of a file, where it stands and where it belongs."""

    place: str
    rater: str
    item: Item
    question: str
    answer: int | None
    value: Value | None


def read_sheets(study: Study, paths: Sequence[Path], replace: bool) -> dict[str, int]:
    """Save what the files say; returns how many items of each rater have changed.

    Args:
        replace: where a file says something else than was saved before, or nothing, the file counts.

    Raises:
        InputError: every fault of every file, one a line; nothing was saved.
    """
    faults: list[str] = []
    cells = [cell for path in paths for cell in _cells(study, path, faults)]
    _refuse_doubles(cells, faults)
    saved = {rater: study.ledger.current(rater) for rater in study.raters}
    entries = {} if faults else dict(_entries(study, cells, saved, replace, faults))
    if faults:
        more = [f"and {len(faults) - _MOST_SHOWN:,} more"] if len(faults) > _MOST_SHOWN else []
        raise InputError("\n  ".join(["sheets=in: nothing was saved", *faults[:_MOST_SHOWN], *more]))
    changed = dict.fromkeys((cell.rater for cell in cells), 0)
    for (rater, item), entry in entries.items():
        before = saved[rater].get(item)
        base = before.version if before else 0
        told = canonical([study.identity, rater, item, base, entry.about_answers, entry.about_item, entry.note])
        study.ledger.save(rater, item, base, entry, hashlib.sha256(told.encode()).hexdigest()[:32], "sheet")
        changed[rater] += 1
    return changed


def _cells(study: Study, path: Path, faults: list[str]) -> Iterator[Cell]:
    rows = (cells for _, cells in rows_of(path, "files"))
    header = [cell.strip() for cell in next(rows, [])]
    wanted_columns = columns(study)
    lacking = [name for name in wanted_columns if header.count(name) != 1]
    if lacking:
        faults.append(f'{path}:1: the column "{lacking[0]}" must be there once; the header is {", ".join(header)}')
        return
    for number, found in enumerate(rows, start=2):  # rows, as spreadsheet programs count them
        if not any(cell.strip() for cell in found):
            continue
        if len(found) != len(header):
            faults.append(f"{path}:{number}: {len(found)} cells, but the header has {len(header)}; correct the row")
            continue
        texts = found if path.suffix.lower() == ".xlsx" else [bare(cell) for cell in found]
        yield from _row(study, f"{path}:{number}", dict(zip(header, texts, strict=True)), faults)


def _row(study: Study, place: str, row: Mapping[str, str], faults: list[str]) -> Iterator[Cell]:
    identity, rater, item_id, slot = (row[name].strip() for name in KEYS)
    item = next((item for item in study.items if item.id == item_id), None)
    fault = ""
    if identity != study.identity:
        fault = f'study="{identity}": this is the study {study.identity}; give the sheets of this study'
    elif rater not in study.raters or rater == CONSENSUS:
        fault = f'rater="{rater}": no rater of this study; choose one of {", ".join(study.raters)}, or add raters='
    elif item is None:
        fault = f'item="{item_id}": no item of this study'
    elif slot not in {str(n + 1) for n in range(len(item.answers))}:
        fault = f'answer="{slot}": the item has the answers 1 to {len(item.answers)}'
    if fault or item is None:
        faults.append(f"{place}: {fault}")
        return
    answer = study.slots(rater, item)[int(slot) - 1]
    for name, shown in zip(text_columns(study), texts_of(study, item, answer), strict=True):
        if _folded(row[name]) != _folded(shown) != _folded(bare(row[name])):  # a CSV sheet may come back as XLSX
            faults.append(f"{place}: the {name} is not that of item {item_id}; has the sheet been sorted or edited?")
            return
    yield from _answers(study.form, place, rater, item, answer, int(slot) == 1, row, faults)


def _answers(
    form: Form,
    place: str,
    rater: str,
    item: Item,
    answer: int,
    is_first: bool,
    row: Mapping[str, str],
    faults: list[str],
) -> Iterator[Cell]:
    for name in (*asked(form), NOTE):
        question = form.questions.get(name)
        is_about_item = question is None or question.about == "item"
        text = row[name] if question is None or question.kind == "text" else row[name].strip()
        if is_about_item and not is_first:
            if text.strip():
                faults.append(f"{place}: {name} is about the whole item; give it in the row of answer 1")
            continue
        value = _value(form, question, text)
        if text.strip() and value is None:
            told = wanted(form, question) if question else f"give at most {LONGEST_TEXT:,} characters"
            faults.append(f'{place}: {name}="{text[:60]}": {told}; correct it, or leave it empty')
        else:
            yield Cell(place, rater, item, name, None if is_about_item else answer, value)


def _value(form: Form, question: Question | None, text: str) -> Value | None:
    if not text.strip():
        return None
    if question is None or question.kind == "text":
        return text if len(text) <= LONGEST_TEXT else None
    if question.kind == "yes_no":
        return _YES_NO.get(text.lower())
    return next((grade for grade in form.grades if grade.casefold() == text.casefold()), None)


def _refuse_doubles(cells: Sequence[Cell], faults: list[str]) -> None:
    seen: dict[tuple[str, str, str, int | None], str] = {}
    told = set()
    for cell in cells:
        key = (cell.rater, cell.item.id, cell.question, cell.answer)
        first = seen.setdefault(key, cell.place)
        if first != cell.place and cell.place not in told:
            told.add(cell.place)
            faults.append(f"{cell.place}: {cell.rater} has this answer of item {cell.item.id} at {first}, too")


def _entries(
    study: Study,
    cells: Sequence[Cell],
    saved: Mapping[str, Mapping[str, Saved]],
    replace: bool,
    faults: list[str],
) -> Iterator[tuple[tuple[str, str], Entry]]:
    """Yield what each item becomes, by rater and item; what the sheet leaves empty stays as it was saved."""
    by_item: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by_item.setdefault((cell.rater, cell.item.id), []).append(cell)
    for (rater, item_id), found in by_item.items():
        item = found[0].item
        before = saved[rater][item_id].entry if item_id in saved[rater] else Entry(tuple({} for _ in item.answers))
        now = {place: value for place in places(study.form, item) if (value := value_at(before, place)) is not None}
        note = before.note
        for cell in found:
            place: Place = (cell.answer, cell.question)
            old = note or None if cell.question == NOTE else now.get(place)
            if cell.value == old or (cell.value is None and not replace):
                continue
            if old is not None and not replace:
                faults.append(
                    f"{cell.place}: {cell.question} is another than was saved before; replace=true takes the sheet's"
                )
            elif cell.question == NOTE:
                note = str(cell.value or "")
            elif cell.value is None:
                now.pop(place, None)
            else:
                now[place] = cell.value
        entry = entry_of(item, dict(sorted(now.items(), key=_by_answer)), note)
        if entry != Entry(before.about_answers, before.about_item, before.note):
            yield (rater, item_id), entry


def _folded(text: str) -> str:
    """Spreadsheet programs change line ends and trailing spaces; that is no other text."""
    return " ".join(unescaped(text).split())


def _by_answer(pair: tuple[Place, Value]) -> int:
    return -1 if pair[0][0] is None else pair[0][0]
