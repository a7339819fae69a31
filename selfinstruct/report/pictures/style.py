"""How all pictures look: one set of colours, quiet axes, text that is never read as a formula.

figure, (left, right) = new_figure("How new the instructions are", columns=2)
save(figure, path)
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, LINE, PAPER = "#1b2733", "#66757f", "#d5dce1", "#ffffff"
BLUE, ORANGE, GREEN, GREY = "#2166ac", "#d9772b", "#3a8f6a", "#a9b6bf"
_DPI = 144
_WIDTH, _LOW = 9.0, 1.7  # inches
_FONT = "DejaVu Sans"


def new_figure(
    title: str, columns: int = 1, height: float = 3.6, is_empty: bool = False, **grid: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its title and a list of its axes, from left to right.

    height: inches. is_empty: nothing will be drawn but the reasons why, for which a low figure is enough.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells that it builds its font cache
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1, wspace=0.04, hspace=0.06)
    figure = Figure(figsize=(_WIDTH, _LOW if is_empty else height), dpi=_DPI, layout=layout, facecolor=PAPER)
    axes = list(figure.subplots(1, columns, squeeze=False, **grid).flat)
    figure.suptitle(title, x=0.012, ha="left", fontsize=12, color=INK, fontfamily=_FONT)
    for axis in axes:
        quieten(axis)
    return figure, axes


def quieten(axis: Axes) -> None:
    """Take away what carries no information."""
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color(LINE)
    axis.tick_params(colors=QUIET, labelsize=8, length=3, color=LINE)
    axis.set_axisbelow(True)


def caption(axis: Axes, text: str) -> None:
    """Write the title of one panel."""
    axis.set_title(text, loc="left", fontsize=9.5, color=INK, fontfamily=_FONT, parse_math=False, pad=8)


def label(axis: Axes, x: str = "", y: str = "") -> None:
    """Name the axes."""
    axis.set_xlabel(x, fontsize=8.5, color=QUIET, fontfamily=_FONT)
    axis.set_ylabel(y, fontsize=8.5, color=QUIET, fontfamily=_FONT)


def say(axis: Axes, text: str) -> None:
    """Write a sentence in the place of a panel that has nothing to show."""
    import textwrap

    axis.set_axis_off()
    axis.text(
        0.5,
        0.5,
        "\n".join(textwrap.wrap(text, 42)),
        ha="center",
        va="center",
        transform=axis.transAxes,
        fontsize=9,
        color=QUIET,
        style="italic",
        parse_math=False,
        linespacing=1.5,
    )


def save(figure: Figure, path: Path, with_page: bool = True) -> Path:
    """Write the figure as PNG and as a page to point at beside it, or as PNG alone; the same bytes every time."""
    return (figures.save if with_page else figures.save_png)(figure, path, _DPI)


def shorten(text: str, longest: int = 26) -> str:
    """Return a text on one line, cut where it is too long for a label."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
