"""A table once, and its four faces: terminal, HTML (by the page), LaTeX and Markdown. Numbers for machines go to CSV.

table = Table("arms", "High against mixed", ("criterion", "odds ratio"), (("singular", "2.42 (1.66-3.53)"),))
as_latex(table) -> "\\\\begin{tabular}{ll} ..."
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    "∞": r"$\infty$",
}


@dataclass(frozen=True)
class Table:
    """Cells as text, row by row. `left`: how many columns, from the first, hold words and not numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    left: int = 1


def grouped(rows: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the rows with the first cell left empty where it repeats that of the row above."""
    found: list[tuple[str, ...]] = []
    first = None
    for row in rows:
        found.append(("" if row[0] == first else row[0], *row[1:]))
        first = row[0]
    return tuple(found)


def as_text(table: Table) -> str:
    """Return the table for the terminal, as wide as that is; where there is none, 160 columns."""

    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    shown = RichTable(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", title_style="bold")
    for index, column in enumerate(table.columns):
        shown.add_column(column, justify="left" if index < table.left else "right", overflow="fold")
    for row in table.rows:
        shown.add_row(*row)
    buffer = io.StringIO()
    Console(
        file=buffer,
        width=max(80, shutil.get_terminal_size((160, 50)).columns),
        color_system=None,
        markup=False,
        highlight=False,
    ).print(shown)
    return "\n".join(line.rstrip() for line in buffer.getvalue().strip("\n").splitlines())


def as_latex(table: Table) -> str:
    """Return a tabular that needs the package booktabs, with the note as a comment above it."""
    alignment = "".join("l" if index < table.left else "r" for index in range(len(table.columns)))
    lines = [f"% {line}" for line in (table.title, *table.note.splitlines()) if line]
    lines += [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", _latex_row(table.columns), r"\midrule"]
    lines += [_latex_row(row) for row in table.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join("".join(_LATEX.get(sign, sign) for sign in cell) for cell in cells) + r" \\"


def as_markdown(table: Table) -> str:
    """Return the table in Markdown."""
    rules = ["---" if index < table.left else "---:" for index in range(len(table.columns))]
    rows = [table.columns, rules, *table.rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


def as_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """Return records as CSV, columns in the order they are first met; None is an empty cell, floats are in full."""
    columns = list(dict.fromkeys(column for record in records for column in record))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(records)
    return buffer.getvalue()
