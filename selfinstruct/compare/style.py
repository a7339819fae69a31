"""How every picture looks: colours and shapes that colour-blind people tell apart, one size of type, no time stamp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct import figures
from selfinstruct.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette, ordered for contrast on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = ("o", "D", "s", "^", "v", "P", "X")
INK = "#222222"
FAINT = "#6b6b6b"  # dark enough to be read as text
GRID = "#e3e3e3"
DPI = 160
_EDGE_IN = 0.08


def new_figure(width_in: float, height_in: float, gap_in: float = 0.04) -> Figure:
    """Return an empty figure, `gap_in` between its panels; constrained layout keeps labels inside, off the edges."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    left, low = _EDGE_IN / width_in, _EDGE_IN / height_in
    layout = ConstrainedLayoutEngine(w_pad=gap_in, rect=(left, low, 1 - 2 * left, 1 - 2 * low))
    return Figure(figsize=(width_in, height_in), layout=layout, facecolor="white")


def tidy(axes: Any, grid: str = "x") -> None:
    """Take off the frame, put a light grid behind the marks of one direction."""
    for side in ("top", "right", "left" if grid == "x" else "bottom"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, labelsize=9)


def save(figure: Figure, path: Path, with_page: bool = True) -> Path:
    """Write the figure as PNG and as a page to point at beside it; return the path of the PNG.

    Names are shown as they are: a $ in one begins no formula, and a sign that the font lacks becomes a box.

    Args:
        with_page: False writes the PNG alone.

    Raises:
        InputError: the folder cannot be written.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    try:
        return (figures.save if with_page else figures.save_png)(figure, path, DPI)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def unwritable(folder: Path, error: OSError) -> InputError:
    """Return the error for a folder that a comparison cannot write."""
    return InputError(f"out={folder}: cannot be written ({error.strerror or error}); choose another out=")
