"""Sheets that raters filled in: CSV or XLSX files come back, and what they say is saved as entries.

    read_sheets(study, [Path("anna.xlsx"), Path("ben.csv")], replace=False)   -> {"anna": 200, "ben": 180}

All faults of all files are reported at once, and then nothing is saved. What was said on the page and is not in a sheet
stays. What the one who settles disagreements says on a sheet counts as if it were said on the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical
from selfinstruct.rating.cells import shielded
from selfinstruct.rating.disagreements import Place, entry_of, places, value_at
from selfinstruct.rating.entries import Entry, Value
from selfinstruct.rating.forms import NOTE
from selfinstruct.rating.ledger import ConflictError, Saved
from selfinstruct.rating.sheet_cells import Cell, read_cells
from selfinstruct.rating.study import Study

_MOST_SHOWN = 50


def read_sheets(study: Study, paths: Sequence[Path], replace: bool) -> dict[str, int]:
    """Save what the files say; returns how many items of each rater have changed.

    Args:
        replace: where a file says something else than was saved before, or nothing, the file counts.

    Raises:
        InputError: every fault of every file, one a line; nothing was saved. Or an item was changed on the page at the
            same moment; then a part was saved, and repeating the command saves the rest.
    """
    faults: list[str] = []
    cells = [cell for path in paths for cell in read_cells(study, path, faults)]
    _refuse_doubles(cells, faults)
    saved = {rater: study.ledger.current(rater) for rater in study.raters}
    entries = {} if faults else dict(_entries(study, cells, saved, replace, faults))
    if faults:
        more = [f"and {len(faults) - _MOST_SHOWN:,} more"] if len(faults) > _MOST_SHOWN else []
        raise InputError("\n  ".join(["sheets=in: nothing was saved", *faults[:_MOST_SHOWN], *more]))
    changed = dict.fromkeys((cell.rater for cell in cells), 0)
    for (rater, item), entry in entries.items():
        before = saved[rater].get(item)
        _save(study, rater, item, before.version if before else 0, entry)
        changed[rater] += 1
    return changed


def holds_more(study: Study, path: Path) -> bool:
    """Return whether a sheet says anything that is not saved, or is not as it was written."""
    faults: list[str] = []
    try:
        cells = read_cells(study, path, faults)
    except InputError:
        return True
    saved = {rater: study.ledger.current(rater) for rater in study.raters}
    return bool(any(_entries(study, cells, saved, False, faults)) or faults)


def _save(study: Study, rater: str, item: str, base: int, entry: Entry) -> None:
    told = canonical([study.identity, rater, item, base, entry.about_answers, entry.about_item, entry.note])
    save_id = hashlib.sha256(told.encode()).hexdigest()[:32]  # the same when the command is repeated
    try:
        study.ledger.save(rater, item, base, entry, save_id, "sheet")
    except ConflictError as error:
        raise InputError(f"sheets=in: item {item} of {rater} was changed on the page meanwhile; repeat it") from error


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
            if cell.value in (old, _in_csv(old)) or (cell.value is None and not replace):
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


def _in_csv(value: Value | None) -> Value | None:
    """The value as a CSV sheet has it: such a sheet may come back as XLSX."""
    return shielded(value) if isinstance(value, str) else value


def _by_answer(pair: tuple[Place, Value]) -> int:
    return -1 if pair[0][0] is None else pair[0][0]
