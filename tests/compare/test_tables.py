"""Tables: escaping in LaTeX, Markdown and HTML, and files that other programs read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from selfinstruct.compare.page import Page, Picture, Section, as_html, sections
from selfinstruct.compare.tables import Table, as_csv, as_latex, as_markdown, grouped
from selfinstruct.compare.terminal import as_text

TABLE = Table("t", "A & B", ("arm", "share"), (("max_rouge_l=0.5", "50.0 % (< 3)"), ("a|b", "∞")), left=1)


def test_latex_escapes_what_latex_reads_as_markup() -> None:
    assert as_latex(TABLE).splitlines() == [
        "% A & B",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"arm & share \\",
        r"\midrule",
        r"max\_rouge\_l=0.5 & 50.0 \% ($<$ 3) \\",
        r"a\textbar{}b & $\infty$ \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_latex_has_a_minus_before_numbers_and_a_dash_in_intervals_and_leaves_names_alone() -> None:
    cells = ("a-1", "2.42 (1.66-3.53)", "-1.8 (-6.6 to +3.1)", "∞ (1.20-∞)", "bootstrap-t", "-")
    assert as_latex(Table("t", "", ("x",) * 6, (cells,))).splitlines()[4] == (
        r"a-1 & 2.42 (1.66--3.53) & $-$1.8 ($-$6.6 to +3.1) & $\infty$ (1.20--$\infty$) & bootstrap-t & - \\"
    )


def test_markdown_escapes_the_bar() -> None:
    assert as_markdown(TABLE).splitlines()[-1] == r"| a\|b | ∞ |"


def test_csv_keeps_every_digit_and_leaves_none_empty() -> None:
    text = as_csv([{"a": 1 / 3, "b": None}, {"a": "x,y", "c": 2}])
    assert list(csv.DictReader(io.StringIO(text))) == [
        {"a": "0.3333333333333333", "b": "", "c": ""},
        {"a": "x,y", "b": "", "c": "2"},
    ]


def test_a_line_break_or_an_escape_sequence_in_a_name_breaks_no_row_and_steers_no_terminal() -> None:
    table = Table("t", "A\n\\input{x}", ("arm",), (("one\ntwo",), ("\x1b[31mred",)))
    assert as_latex(table).splitlines()[0] == r"% A \input{x}"
    assert r"one two \\" in as_latex(table)
    assert "| one two |" in as_markdown(table)
    assert "\x1b" not in as_text(table) and len(as_text(table).splitlines()) == 6


def test_csv_holds_no_text_that_a_spreadsheet_would_run() -> None:
    texts = ["=1+1", "+sum", "-x", "@x", "\tx", "-0.5", "a=1", ""]
    read = csv.DictReader(io.StringIO(as_csv([{"arm": text, "share": -0.25} for text in texts])))
    assert [(row["arm"], row["share"]) for row in read] == [
        (text, "-0.25") for text in ["'=1+1", "'+sum", "'-x", "'@x", "'\tx", "-0.5", "a=1", ""]
    ]


def test_a_row_that_begins_with_a_bracket_or_a_star_is_no_argument_of_the_line_break_before_it() -> None:
    table = Table("t", "", ("arm", "n"), (("first", "1"), ("[0.5]", "2"), ("*", "3")))
    assert as_latex(table).splitlines()[5:7] == [r"{[}0.5] & 2 \\", r"{*} & 3 \\"]


def test_repeated_first_cells_are_left_empty() -> None:
    assert grouped([("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")]) == (("a", "1"), ("", "2"), ("b", "3"), ("a", "4"))


def test_the_page_shows_markup_in_names_and_does_not_run_it(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    path = tmp_path / "p.png"
    path.write_bytes(b"\x89PNG")
    table = Table("t", evil, (evil,), ((evil,),), evil)
    page = as_html(Page(evil, [evil], evil, [Section(evil, [evil], [Picture(path, evil)], [table])], [evil]))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 11  # title twice, lead, finding, heading, text, alt, th, td, note, foot
    assert "data:image/png;base64,iVBORw==" in page
    assert "://" not in page  # nothing is loaded from anywhere


def test_a_section_without_anything_to_show_is_left_out() -> None:
    plan = (("One", "words", ("t",)), ("Two", "words", ("other",)))
    assert [section.title for section in sections(plan, [], [TABLE])] == ["One"]
