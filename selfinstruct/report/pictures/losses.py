"""How a training went: its loss at each step, and that of the examples held out.

draw_losses({1: {"loss": 7.6}, 2: {"loss": 7.1, "validation_loss": 7.3}}, "tuned-9abc")       a figure
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from selfinstruct.figures import say
from selfinstruct.report.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 40
_APART = 0.06  # of the height of the picture
_WINDOWS = 25  # a long curve is shown with its mean over a 25th of all steps
Points = Sequence[tuple[int, float]]


def write_losses(curve: Mapping[int, Mapping[str, float]], name: str, folder: Path) -> None:
    """Write report/losses.png into the folder of a tuned model, unless nobody told a loss of the training."""
    if _points(curve, "loss"):
        style.save(draw_losses(curve, name), folder / "report" / "losses.png")


def draw_losses(curve: Mapping[int, Mapping[str, float]], name: str) -> Figure:
    """Draw the losses of a curve ({step: {name: value}}) against the optimizer steps; `name` is the tuned model's."""
    from matplotlib.ticker import MaxNLocator

    trained, held_out = _points(curve, "loss"), _points(curve, "validation_loss")
    figure, (axis,) = style.new_figure(
        f"Is it learning?  {style.shorten(name, 70)}", height=3.4, is_empty=not (trained or held_out)
    )
    if not trained and not held_out:
        style.say(axis, "Undefined, because nobody told a loss.")
        return figure
    mean = running_mean(trained)
    if mean:
        axis.plot(*zip(*trained, strict=True), color=style.BLUE, linewidth=0.8, alpha=0.35)
    shown = (mean or trained, held_out)
    highest = max(value for _, value in [*trained, *held_out])
    above, below = _places(shown, highest)
    _line(axis, shown[0], "training loss" + (", running mean" if mean else ""), style.BLUE, len(trained) <= _FEW, above)
    _line(axis, shown[1], "loss of the examples held out", style.ORANGE, True, below)
    axis.set_ylim(0, highest * 1.08 or 1)
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axis.grid(axis="y", color=style.LINE, linewidth=0.6)
    axis.legend(frameon=False, fontsize=8.5, labelcolor=style.INK, loc="upper right")
    style.label(axis, "optimizer step", "loss (cross-entropy a token)")
    return figure


def running_mean(points: Points) -> Points:
    """Return the mean of each value and those around it; nothing for a curve that is short enough to be read."""
    if len(points) <= _FEW:
        return []
    values, reach = [value for _, value in points], len(points) // _WINDOWS // 2 or 1
    around = [values[max(0, place - reach) : place + reach + 1] for place in range(len(values))]
    return [(step, sum(window) / len(window)) for (step, _), window in zip(points, around, strict=True)]


def _points(curve: Mapping[int, Mapping[str, float]], name: str) -> Points:
    return [(step, values[name]) for step, values in sorted(curve.items()) if name in values]


def _places(lines: tuple[Points, Points], highest: float) -> tuple[str, str]:
    """How the last values are placed beside their points: apart where they would lie over each other."""
    if not all(lines) or abs(lines[0][-1][1] - lines[1][-1][1]) > highest * _APART:
        return "center", "center"
    return ("bottom", "top") if lines[0][-1][1] > lines[1][-1][1] else ("top", "bottom")


def _line(axis: Axes, points: Points, label: str, colour: str, has_marks: bool, place: str) -> None:
    """A line whose last value is written beside its end."""
    if not points:
        return
    axis.plot(*zip(*points, strict=True), color=colour, linewidth=1.6, label=label)
    for step, value in points if has_marks else ():
        (mark,) = axis.plot(step, value, color=colour, marker="o", markersize=3.5)
        say(mark, f"step {step:,}: {label} {value:,.4g}")
    step, value = points[-1]
    axis.annotate(f"  {value:,.2f}", (step, value), color=colour, fontsize=9, va=place, annotation_clip=False)
