"""Rows of sheets as programs of other countries save them: the header decides what separates the cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.compare.sheet_rows import rows_of
from selfinstruct.compare.sheets import Sheet, read_sheets
from selfinstruct.errors import InputError

COMMAS = 'item,rater,valid,note\n1,a,yes,"a, b; c\td"\n2,a,no,"she said ""no"""\n'
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
WRITTEN = {
    "as it is": lambda text: text.encode(),
    "with a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "with CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "with CR": lambda text: text.replace("\n", "\r").encode(),
    "as UTF-16": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "without a last line end": lambda text: text.rstrip("\n").encode(),
    "with empty columns behind": lambda text: text.replace("\n", "{0}{0}\n").encode(),
}


def separated(text: str, separator: str) -> str:
    """The sheet with another separator; cells that hold any of them are quoted already."""
    lines = []
    for line in text.splitlines(keepends=True):
        quoted = line.split('"')
        quoted[::2] = [part.replace(",", separator) for part in quoted[::2]]
        lines.append('"'.join(quoted))
    return "".join(lines)


def file(tmp_path: Path, content: bytes | str, name: str = "arm.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, *criteria: str) -> Sheet:
    return read_sheets([path], criteria=criteria, grades=("A", "B"))


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("written", WRITTEN)
def test_the_same_sheet_is_read_however_a_program_has_saved_it(tmp_path: Path, separator: str, written: str) -> None:
    sign = SEPARATORS[separator]
    content = WRITTEN[written](separated(COMMAS, sign)).replace(b"{0}", sign.encode())
    rows = [cells for _, cells in rows_of(file(tmp_path, content))]
    assert rows == [
        ["item", "rater", "valid", "note"],
        ["1", "a", "yes", "a, b; c\td"],
        ["2", "a", "no", 'she said "no"'],
    ]


def test_the_lines_of_a_sheet_with_semicolons_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = file(tmp_path, 'item;rater;valid;note\r\n1;a;yes;"two\r\nlines"\r\n2;a;maybe;\r\n3;a;no;\r\n4;a;no;\r\n')
    with pytest.raises(InputError, match=r'arm.csv:4: valid="maybe"'):
        read(path)


def test_other_separators_within_the_header_do_not_decide(tmp_path: Path) -> None:
    found = read(file(tmp_path, 'item;rater;"valid, and clear";"a\tb"\n1;a;yes;no\n'))
    assert [criterion.name for criterion in found.criteria] == ["valid, and clear", "a\tb"]
    found = read(file(tmp_path, "item,rater,valid;sound\n1,a,yes\n"))
    assert [criterion.name for criterion in found.criteria] == ["valid;sound"]


def test_where_two_separators_would_do_the_first_counts(tmp_path: Path) -> None:
    path = file(tmp_path, "item,rater,;item;rater;\n1,a,yes\n")
    assert [cells for _, cells in rows_of(path)] == [["item", "rater", ";item;rater;"], ["1", "a", "yes"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("item|rater|valid\n1|a|yes\n", r"arm.csv:1: no column for the item .* the header has item\|rater\|valid"),
        ("item;valid\n1;yes\n", "arm.csv:1: no column for the item .* the header has item;valid"),
        (
            "item;rater;valid\n1,a,yes\n",
            "arm.csv:2: 1 cells, but the header has 3; quote cells that hold the separator",
        ),
        ("item;rater;valid\n1;a;ja\n2;a;yes\n3;a;no\n", 'arm.csv:2: valid="ja": not yes or no'),
        ("item;rater;valid\n1;a;1,0\n2;a;yes\n3;a;no\n", 'arm.csv:2: valid="1,0": not yes or no'),
        ('item;rater;valid\n1;a;"yes";\n2;"a"x;no\n', "arm.csv:3: cannot be read"),
    ],
)
def test_what_is_no_sheet_by_any_separator_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(file(tmp_path, text))


def test_utf_16_that_breaks_off_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read .*; save it as UTF-8 CSV"):
        read(file(tmp_path, "item\trater\tvalid\n1\ta\tyes\n".encode("utf-16")[:-1]))


def test_a_line_may_end_before_empty_cells_that_are_no_criterion(tmp_path: Path) -> None:
    found = read(file(tmp_path, "item;rater;valid;note\n1;a;yes;x\n2;a;no\n"))
    assert [rating.values["valid"] for rating in found.ratings] == [True, False]


@pytest.mark.parametrize("criteria", [(), ("valid", "clear"), ("clear",)])
def test_a_line_that_ends_before_a_criterion_is_refused(tmp_path: Path, criteria: tuple[str, ...]) -> None:
    path = file(tmp_path, "item;rater;valid;clear;note\n1;a;yes;no;x\n2;a;no;no;x\n3;a;no\n")
    with pytest.raises(InputError, match=r"arm.csv:4: 3 cells, but the header has 5"):
        read(path, *criteria)
    assert len(read(path, "valid").ratings) == 3  # what lacks is not asked for
