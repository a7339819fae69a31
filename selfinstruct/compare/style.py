"""How every picture looks: colours that colour-blind people tell apart, one size of type, PNG without a time stamp."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette, ordered for contrast on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#222222"
FAINT = "#8a8a8a"
GRID = "#e3e3e3"
DPI = 160


def new_figure(width_in: float, height_in: float, gap_in: float = 0.04) -> Figure:
    """Return an empty figure, `gap_in` between its panels; constrained layout keeps labels inside it."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=gap_in)
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


def save(figure: Figure, path: Path) -> Path:
    """Write the figure as PNG, in one step, and return its path. Raises InputError where it cannot be written.

    Names are shown as they are: a $ in one begins no formula, and a sign that the font lacks becomes a box.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    temporary = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    return path


def unwritable(folder: Path, error: OSError) -> InputError:
    """Return the error for a folder that a comparison cannot write."""
    return InputError(f"out={folder}: cannot be written ({error.strerror or error}); choose another out=")
