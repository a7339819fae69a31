"""Rating sheets: CSV or XLSX files with one line for each item and rater go in, ratings by arm come out.

    Scenario ID,Reviewer ID,Essential,Singular,Complete,Integrous,High-quality,Name,Ill-formed
    1,1,True,False,True,True,False,test the api,False

The format, for people who make such files:

- One header line. CSV or XLSX, as compare/sheet_rows.py says: cells of CSV files are separated by commas, semicolons or
  tabs, and the header decides by which.
- One column names the item (item, item_id, id, scenario or scenario_id), one the rater (rater, rater_id, reviewer,
  reviewer_id or annotator). Case, spaces, hyphens and underscores do not matter.
- A column "arm" says which arm an item belongs to. Without it, each file is an arm, named like the file.
- Every other column of which most values are yes/no (true, yes, y, 1; false, no, n, 0) or grades is a criterion; the
  rest (names, notes) is not read, and the report says so. `criteria=[...]` names them instead.
- An empty cell, "na" or "n/a" is a missing value. Anything else that is neither yes/no nor a grade is an error.
- A rater rates an item once. Items are told apart by arm and item.
- A line may end early where none of the criteria is left out: spreadsheet programs do not write empty cells at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.compare.sheet_rows import ARM, ITEM, RATER, column_called, rows_of
from selfinstruct.errors import InputError

_YES = {"true": True, "yes": True, "y": True, "1": True}
_NO = {"false": False, "no": False, "n": False, "0": False}
_MISSING = {"", "na", "n/a"}

Value = bool | str | None


@dataclass(frozen=True)
class Criterion:
    """A question that raters answered; graded ones are answered by a grade, the others by yes or no."""

    name: str
    is_graded: bool


@dataclass(frozen=True)
class Rating:
    """What one rater said about one item of one arm: a value for each criterion, None where it is missing."""

    arm: str
    item: str
    rater: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Sheet:
    """All ratings, in file order. `not_read`: columns that are no criteria."""

    arms: tuple[str, ...]
    raters: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    ratings: tuple[Rating, ...]
    not_read: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    place: str
    arm: str
    item: str
    rater: str
    cells: Mapping[str, str]
    left_out: tuple[str, ...]  # columns at the end for which the line has no cell
    fault: str  # what is wrong with the line where one of these is a criterion


def read_sheets(
    paths: Sequence[Path], arms: Sequence[str] = (), criteria: Sequence[str] = (), grades: Sequence[str] = ()
) -> Sheet:
    """Return the ratings of the files.

    Args:
        arms: a name for each file, in the same order; files of the same name are one arm. Empty: the files' names.
        criteria: the columns that are criteria. Empty: found by what is in them.
        grades: the grades that may be given, the best first.

    Raises:
        InputError: a file, a column or a value is not as the format says; names file and line.
    """
    if arms and len(arms) != len(paths):
        raise InputError(f"arms: {len(arms)} names for {len(paths)} files; give one for each file, in the same order")
    names = list(arms) or [path.stem for path in paths]
    by_file = [list(_lines(path, name)) for path, name in zip(paths, names, strict=True)]
    for path, lines in zip(paths, by_file, strict=True):
        if not lines:
            raise InputError(f"{path}: holds no rating; give a header and a line for each item and rater")
    _refuse_doubles([line for lines in by_file for line in lines])
    columns = _shared_columns(paths, by_file, criteria)
    everything = [line for lines in by_file for line in lines]
    found = _criteria(columns, everything, criteria, grades)
    short = [line for line in everything if not found or {one.name for one in found} & set(line.left_out)]
    if any(line.left_out for line in short):
        raise InputError(next(line.fault for line in short if line.left_out))
    if not found:
        raise InputError(f"{paths[0]}: no column holds yes/no or grades; name them, for example criteria=[valid]")
    kept = {criterion.name for criterion in found}
    return Sheet(
        arms=tuple(dict.fromkeys(line.arm for line in everything)),
        raters=tuple(dict.fromkeys(line.rater for line in everything)),
        criteria=found,
        ratings=tuple(_rating(line, found, grades) for line in everything),
        not_read=tuple(column for column in columns if column not in kept),
    )


def _lines(path: Path, name: str) -> Iterator[_Line]:
    rows = rows_of(path)
    header = [cell.strip() for cell in next(rows, (1, []))[1]]
    item, rater, arm = _keys(path, header)
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            yield _line(f"{path}:{number}", header, cells, item, rater, arm, name)


def _keys(path: Path, header: Sequence[str]) -> tuple[str, str, str | None]:
    doubled = sorted({cell for cell in header if header.count(cell) > 1})
    if doubled:
        raise InputError(f'{path}:1: two columns are called "{doubled[0]}"; give each its own name')
    found = [column_called(names, header) for names in (ITEM, RATER, ARM)]
    for names, column, what in ((ITEM, found[0], "item"), (RATER, found[1], "rater")):
        if column is None:
            shown = ", ".join(header) or "nothing"
            raise InputError(f"{path}:1: no column for the {what} ({', '.join(names)}); the header has {shown}")
    return str(found[0]), str(found[1]), found[2]


def _line(
    place: str, header: Sequence[str], cells: Sequence[str], item: str, rater: str, arm: str | None, name: str
) -> _Line:
    fault = f"{place}: {len(cells)} cells, but the header has {len(header)}; quote cells that hold the separator"
    left_out = tuple(header[len(cells) :])
    if len(cells) > len(header) or {item, rater, arm} & set(left_out):
        raise InputError(fault)
    row = {column: cell.strip() for column, cell in zip(header, [*cells, *("" for _ in left_out)], strict=True)}
    for column in (item, rater, arm):
        if column is not None and not row[column]:
            raise InputError(f'{place}: "{column}" is empty; say which {column} this line is about')
    others = {column: cell for column, cell in row.items() if column not in {item, rater, arm}}
    return _Line(place, row[arm] if arm else name, row[item], row[rater], others, left_out, fault)


def _refuse_doubles(lines: Sequence[_Line]) -> None:
    seen: dict[tuple[str, str, str], str] = {}
    for line in lines:
        key = (line.arm, line.item, line.rater)
        if key in seen:
            raise InputError(
                f"{line.place}: rater {line.rater} has rated item {line.item} of {line.arm} before ({seen[key]}); "
                "leave one of the two lines out"
            )
        seen[key] = line.place


def _shared_columns(
    paths: Sequence[Path], by_file: Sequence[Sequence[_Line]], criteria: Sequence[str]
) -> tuple[str, ...]:
    """Return the columns of the first file; the others must have them all, or those that are asked for."""
    columns = tuple(by_file[0][0].cells)
    for path, lines in zip(paths, by_file, strict=True):
        has = tuple(lines[0].cells)
        for column in criteria or columns:
            if column not in has:
                raise InputError(f'{path}: no column "{column}"; it has {", ".join(has)}')
        more = [column for column in has if column not in columns and not criteria]
        if more:
            raise InputError(f'{paths[0]}: no column "{more[0]}", which {path} has; give all files the same columns')
    return columns


def _criteria(
    columns: Sequence[str], lines: Sequence[_Line], criteria: Sequence[str], grades: Sequence[str]
) -> tuple[Criterion, ...]:
    """Return what is asked for, else the columns of which more than half of the values are yes/no or grades."""
    found = []
    for column in criteria or columns:
        given = [line.cells[column] for line in lines if line.cells[column].lower() not in _MISSING]
        graded = sum(value in grades for value in given)
        yes_no = sum(_yes_no(value, grades) is not None for value in given)
        if criteria or 2 * max(graded, yes_no) > len(given):
            found.append(Criterion(column, graded > yes_no))
    return tuple(found)


def _yes_no(value: str, grades: Sequence[str]) -> bool | None:
    return None if value in grades else (_YES | _NO).get(value.lower())


def _rating(line: _Line, criteria: Sequence[Criterion], grades: Sequence[str]) -> Rating:
    values = {criterion.name: _value(line, criterion, grades) for criterion in criteria}
    return Rating(line.arm, line.item, line.rater, values)


def _value(line: _Line, criterion: Criterion, grades: Sequence[str]) -> Value:
    text = line.cells[criterion.name]
    if text.lower() in _MISSING:
        return None
    if criterion.is_graded and text in grades:
        return text
    found = None if criterion.is_graded else _yes_no(text, grades)
    if found is None:
        known = f"one of the grades {', '.join(grades)}" if criterion.is_graded else "yes or no (true, false)"
        raise InputError(f'{line.place}: {criterion.name}="{text}": not {known}; correct it, or leave it empty')
    return found
