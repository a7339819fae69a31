"""Texts in the cells of spreadsheets: none becomes a formula, each comes back as it was.

    guarded("=1+1") -> "'=1+1"          bare("'=1+1") -> "=1+1"          guarded("'tis") -> "'tis"

Spreadsheet programs take a cell that begins with = + - or @ for a formula, and a model may write one. In CSV files such
a text gets an apostrophe in front; in XLSX files the cell is declared to be text.
"""

from __future__ import annotations

import re

_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
LONGEST_CELL = 32_767  # Excel's limit on characters
CUT = " [... cut here; the page shows the whole text]"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return "'" + text if _FORMULA.match(text) else text


def bare(text: str) -> str:
    """Return what `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text


def fitting(text: str) -> str:
    """Return the text as long as a cell may be: a longer one is cut, and says so."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    return whole if len(whole) < LONGEST_CELL else whole[: LONGEST_CELL - len(CUT) - 1] + CUT


def escaped(text: str) -> str:
    """Return the text as XLSX files spell it: control characters as _x0001_, and its look-alikes as _x005F_x0001_."""
    return _NOT_IN_XML.sub(lambda sign: f"_x{ord(sign[0]):04X}_", text)
