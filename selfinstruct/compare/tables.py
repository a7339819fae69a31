"""A table once, and its faces: LaTeX, Markdown and CSV here, the terminal in terminal.py, HTML in page.py.

table = Table("arms", "High against mixed", ("criterion", "odds ratio"), (("singular", "2.42 (1.66-3.53)"),))
as_latex(table) -> "\\\\begin{tabular}{ll} ..."
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "[": "{[}",  # at the beginning of a row these two would be taken for arguments of the line break above
    "*": "{*}",
    "|": r"\textbar{}",
    "∞": r"$\infty$",
}

_BETWEEN = re.compile(r"(?<=\d)-(?=[\d$])")
_MINUS = re.compile(r"(?<![\w-])-(?=[\d$])")

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """Cells as text, row by row. `left`: how many columns, from the first, hold words and not numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    left: int = 1


def in_lines(table: Table) -> Table:
    """Return the table without line breaks and control characters, which would break a row or steer a terminal."""
    return replace(
        table,
        title=_in_line(table.title),
        columns=tuple(map(_in_line, table.columns)),
        rows=tuple(tuple(map(_in_line, row)) for row in table.rows),
    )


def _in_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def grouped(rows: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the rows with the first cell left empty where it repeats that of the row above."""
    found: list[tuple[str, ...]] = []
    first = None
    for row in rows:
        found.append(("" if row[0] == first else row[0], *row[1:]))
        first = row[0]
    return tuple(found)


def as_latex(table: Table) -> str:
    """Return a tabular that needs the package booktabs, with the note as a comment above it."""
    table = in_lines(table)
    alignment = "".join("l" if index < table.left else "r" for index in range(len(table.columns)))
    lines = [f"% {line}" for line in (table.title, *table.note.splitlines()) if line]
    lines += [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", _latex_row(map(_escaped, table.columns)), r"\midrule"]
    for row in table.rows:
        words, numbers = map(_escaped, row[: table.left]), map(_typeset, map(_escaped, row[table.left :]))
        lines.append(_latex_row([*words, *numbers]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _escaped(cell: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in cell)


def _typeset(number: str) -> str:
    """A hyphen in a number is a minus, or stands between the ends of an interval."""
    return _MINUS.sub("$-$", _BETWEEN.sub("--", number))


def as_markdown(table: Table) -> str:
    """Return the table in Markdown."""
    table = in_lines(table)
    rules = ["---" if index < table.left else "---:" for index in range(len(table.columns))]
    rows = [table.columns, rules, *table.rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


def as_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """Return records as CSV, columns in the order they are first met; None is an empty cell, floats are in full.

    A text that a spreadsheet would run as a formula ("=1+1") gets an apostrophe in front.
    """
    columns = list(dict.fromkeys(column for record in records for column in record))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({column: _harmless(value) for column, value in record.items()} for record in records)
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_BEGINS_A_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value  # -0.5 is a number
