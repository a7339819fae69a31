"""Texts in the cells of spreadsheets: none becomes a formula, a number or a date, each comes back as it was.

    guarded("=1+1") -> "'=1+1"      shielded("1/2") -> "'1/2"      bare("'1/2") -> "1/2"    shielded("'tis") -> "'tis"

Spreadsheet programs take a cell that begins with = + - or @ for a formula, and a model may write one. They also make a
day of 1/2 and 7 of 007, and a rater would judge what no model wrote. In CSV files such a text gets an apostrophe in
front; in XLSX files the cell is declared to be text.
"""

from __future__ import annotations

import re

_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
LONGEST_CELL = 32_767  # Excel's limit on characters
CUT = " [... cut here; the page shows the whole text]"
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")  # the last four are wide forms of the others
_LONGEST_VALUE = 40  # characters; dates with times are shorter
_PART = r"[^\W\d]{1,12}\.?[\s,./-]*[\d\s.,:/-]*"  # January 2026
_VALUE = re.compile(
    rf"[^\w\s]{{0,2}}\s*\d[\d\s.,:/%-]*(?:{_PART}){{0,3}}[^\w\s]{{0,2}}"  # 1/2, $5, 3 January 2026 10:15 pm, 1e5
    r"|[^\W\d]{3,12}\.?[\s,-]*\d[\d\s.,:/-]*(?:[ap]m)?",  # January 3, 2026
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d\s.,]*\d[\d\s.,]*")


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return "'" + text if _FORMULA.match(text.lstrip("'")) else text


def shielded(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for anything but text."""
    return "'" + text if _is_taken(text) else text


def bare(text: str) -> str:
    """Return what `shielded` was given."""
    return text[1:] if text.startswith("'") and _is_taken(text) else text


def _is_taken(text: str) -> bool:
    """Return whether a spreadsheet would make something else of the text behind its apostrophes."""
    inner = text.lstrip("'")
    if _FORMULA.match(inner) or _NUMBER.fullmatch(inner) or inner.casefold() in {"true", "false"}:
        return True
    return len(inner) <= _LONGEST_VALUE and "\n" not in inner and _VALUE.fullmatch(inner) is not None


def fitting(text: str) -> str:
    """Return the text as long as a cell may be: a longer one is cut, and says so."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    return whole if len(whole) < LONGEST_CELL else whole[: LONGEST_CELL - len(CUT) - 1] + CUT


def escaped(text: str) -> str:
    """Return the text as XLSX files spell it: control characters as _x0001_, and its look-alikes as _x005F_x0001_."""
    return _NOT_IN_XML.sub(lambda sign: f"_x{ord(sign[0]):04X}_", text)
