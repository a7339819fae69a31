"""A figure and its page: the marks say their words, whatever stands in them is text, and nothing else is needed."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from selfinstruct.figures import as_svg, drawing_of, save, save_png, say

TITLE = "{http://www.w3.org/2000/svg}title"
WILD = [
    "<script>alert(1)</script>",
    "a & \"b\" 'c' ]]>",
    "a\x07b",
    "$\\frac{$",
    "水果 💧",
    "two\nlines",
    "says: x",
    "\ud800",
]


def _figure(told: str | None = None, label: str = "share") -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    bars = axes.bar([0, 1], [3, 5])
    axes.plot([0, 1], [1, 2], "o-")
    axes.set_title(label, parse_math=False)
    if told is not None:
        say(bars[1], told)
    return figure


def _titles(svg: str) -> list[str | None]:
    return [node.text for node in ElementTree.fromstring(svg).iter(TITLE)]


def test_a_mark_says_its_words_and_the_others_say_nothing() -> None:
    svg = as_svg(_figure("kept: 5 of 8"))
    assert _titles(svg) == ["kept: 5 of 8"]
    assert svg.count('class="told"') == 1
    assert _titles(as_svg(_figure())) == []


def test_words_leave_the_png_as_it_is(tmp_path: Path) -> None:
    plain, told = save_png(_figure(), tmp_path / "plain.png", 80), save(_figure("5"), tmp_path / "told.png", 80)
    assert plain.read_bytes() == told.read_bytes()
    assert (drawing_of(plain), _titles(drawing_of(told))) == ("", ["5"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain.png", "told.html", "told.png"]


def test_the_same_figure_gives_the_same_drawing() -> None:
    figures = [_figure("5") for _ in range(3)]  # all alive, so that nothing stands at the same address
    for figure in figures:
        figure.axes[0].axvline(0.5)
        figure.axes[0].set_clip_path(figure.axes[0].patch)
        figure.axes[0].lines[0].set_clip_path(figure.axes[0].patches[0])
    assert len({as_svg(figure) for figure in figures}) == 1
    assert as_svg(figures[0]) != as_svg(_figure("6"))


def test_drawings_of_one_page_share_no_id() -> None:
    one, other = (set(re.findall(r' id="([^"]+)"', as_svg(_figure("5", label)))) for label in ("share", "count"))
    assert one and not one & other


@pytest.mark.parametrize("text", WILD)
def test_whatever_is_said_or_drawn_is_text(text: str, tmp_path: Path) -> None:
    drawing = drawing_of(save(_figure(text, text.replace("\ud800", "?")), tmp_path / "wild.png", 60))
    (told,) = _titles(drawing)
    assert told == " ".join(text.replace("\x07", "\ufffd").replace("\ud800", "\ufffd").split())
    assert "<script" not in (tmp_path / "wild.html").read_text(encoding="utf-8")


def test_everything_that_a_drawing_refers_to_is_in_it_and_nothing_else_has_a_name() -> None:
    svg = as_svg(_figure("5"))
    referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    assert referred == set(re.findall(r' id="([^"]+)"', svg)) != set()
    assert "<style" not in svg  # it would hold for the page around it


def test_the_page_needs_nothing_else_and_forbids_scripts(tmp_path: Path) -> None:
    save(_figure("5"), tmp_path / "share_of.png", 60)
    page = (tmp_path / "share_of.html").read_text(encoding="utf-8")
    assert "<title>share of</title>" in page
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert re.findall(r"""(?:src|href)=["'](?!#)""", page) == []
