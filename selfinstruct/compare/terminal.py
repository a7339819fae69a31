"""A table for the terminal, no wider than that: what does not fit is stacked, never folded in the middle of a word.

    as_text(table)                    as wide as the terminal; where there is none, 160 columns
    as_text(table, width=80)

Where a table is too wide, reasons ("undefined, because ...") become notes below it; then headings and words wrap; then
the rows of one group stand below its name, and what is left of the columns follows in further blocks.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfinstruct.compare.tables import Table, in_lines

_NARROWEST = 80
_GAP = "   "
_TIGHT_GAP = "  "
_WIDEST_WORDS = 24
_REASON = re.compile(r"\((interval undefined, because [^()]*)\)|^(undefined, because .*)$")


def as_text(table: Table, width: int | None = None) -> str:
    """Return the table in lines of at most `width` characters; single cells that are longer stay whole."""
    table = in_lines(table)
    limit = max(_NARROWEST, width or shutil.get_terminal_size((160, 50)).columns)
    whole = _block(table, _natural(table), _GAP)
    if _widest(whole) <= limit:
        return "\n".join([table.title, "", *whole])
    short, notes = _with_notes(table)
    whole = _block(short, _natural(short), _GAP)
    if _widest(whole) <= limit:
        return "\n".join([table.title, "", *whole, *notes])
    return "\n".join([table.title, "", *_stacked(short, limit), *notes])


def _with_notes(table: Table) -> tuple[Table, list[str]]:
    """Return the table with numbers for the reasons in it, and the numbered reasons."""
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        reason = found[1] or found[2]
        number = numbers.setdefault(reason, len(numbers) + 1)
        return f"[{number}]" if found[1] else f"undefined [{number}]"

    rows = tuple(tuple(_REASON.sub(numbered, cell) for cell in row) for row in table.rows)
    return replace(table, rows=rows), [f"  [{number}] {reason}" for reason, number in numbers.items()]


def _stacked(table: Table, limit: int) -> list[str]:
    """Return the plan with the fewest blocks: words whole or wrapped, groups as a column or as lines of their own."""
    plans = []
    for widest_words in (limit, _WIDEST_WORDS):
        plans.append(_blocks(table, limit, widest_words))
        if table.left > 1:
            plans.append(_blocks(_without_groups(table), limit, widest_words, _groups(table)))
    plans = [plan for plan in plans if max(map(_widest, plan)) <= limit] or plans
    return [line for block in min(plans, key=len) for line in block]


def _without_groups(table: Table) -> Table:
    return replace(
        table, columns=table.columns[1:], rows=tuple(row[1:] for row in table.rows), left=max(1, table.left - 1)
    )


def _groups(table: Table) -> dict[int, str]:
    """Return the names of the groups by the number of their first row."""
    return {number: row[0] for number, row in enumerate(table.rows) if row[0]}


def _blocks(table: Table, limit: int, widest_words: int, groups: dict[int, str] | None = None) -> list[list[str]]:
    """Return the table in as many blocks as it takes, each with the columns of words and some of the others."""
    widths = _narrowed(table, widest_words)
    blocks, chosen = [], list(range(table.left))
    taken = start = sum(widths[: table.left]) + len(_TIGHT_GAP) * (table.left + (2 if groups else 1))
    for column in range(table.left, len(table.columns)):
        if taken + widths[column] > limit and len(chosen) > table.left:
            blocks.append(chosen)
            chosen, taken = list(range(table.left)), start
        chosen.append(column)
        taken += widths[column] + len(_TIGHT_GAP)
    blocks.append(chosen)
    return [
        _block(_columns(table, block), [widths[column] for column in block], _TIGHT_GAP, groups or {})
        for block in blocks
    ]


def _columns(table: Table, chosen: Sequence[int]) -> Table:
    rows = tuple(tuple(row[column] for column in chosen) for row in table.rows)
    return replace(table, columns=tuple(table.columns[column] for column in chosen), rows=rows)


def _natural(table: Table) -> list[int]:
    return [max(map(_length, cells)) for cells in zip(table.columns, *table.rows, strict=True)]


def _narrowed(table: Table, widest_words: int) -> list[int]:
    """Headings break between words and behind "="; so do the words of the first columns, but not the numbers."""
    widths = []
    for index, (heading, *cells) in enumerate(zip(table.columns, *table.rows, strict=True)):
        parts = [_length(part) for part in _breakable(heading).split()]
        if index < table.left:
            words = [_length(word) for cell in cells for word in cell.split()]
            parts += [*words, min(widest_words, max(map(_length, cells), default=0))]
        else:
            parts += map(_length, cells)
        widths.append(max(parts, default=1))
    return widths


def _breakable(heading: str) -> str:
    return re.sub(r"=(?=\S)", "= ", heading)


@dataclass(frozen=True)
class _Cell:
    """A cell in the lines that it takes."""

    lines: tuple[str, ...]

    def line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""


def _block(table: Table, widths: Sequence[int], gap: str, groups: dict[int, str] | None = None) -> list[str]:
    """Return heading, rule and rows, columns of words to the left, numbers to the right."""
    heading = [_wrapped(cell, width, is_heading=True) for cell, width in zip(table.columns, widths, strict=True)]
    height = max(len(cell.lines) for cell in heading)
    aligned = [_Cell(("",) * (height - len(cell.lines)) + cell.lines) for cell in heading]  # at the bottom
    indent = "    " if groups else "  "
    lines = _lines(aligned, widths, table.left, gap, indent)
    lines.append(indent[1:] + "─" * (sum(widths) + len(gap) * (len(widths) - 1) + 2))
    for number, row in enumerate(table.rows):
        if groups and number in groups:
            lines.append(f"  {groups[number]}")
        cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines += _lines(cells, widths, table.left, gap, indent)
    return [*lines, ""]


def _wrapped(cell: str, width: int, is_heading: bool = False) -> _Cell:
    if _length(cell) <= width:
        return _Cell((cell,))
    text = _breakable(cell) if is_heading else cell
    lines = textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return _Cell(tuple(lines or [""]))


def _lines(cells: Sequence[_Cell], widths: Sequence[int], left: int, gap: str, indent: str) -> list[str]:
    return [
        (indent + gap.join(_padded(cell.line(number), widths[i], i < left) for i, cell in enumerate(cells))).rstrip()
        for number in range(max(len(cell.lines) for cell in cells))
    ]


def _padded(text: str, width: int, is_left: bool) -> str:
    space = " " * (width - _length(text))
    return text + space if is_left else space + text


def _length(text: str) -> int:
    """How many places a text takes: two for a sign of Chinese or Japanese."""
    from rich.cells import cell_len

    return cell_len(text)


def _widest(lines: Sequence[str]) -> int:
    return max(map(_length, lines), default=0)
