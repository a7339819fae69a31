"""The saturation curve: is it still worth asking?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from selfinstruct.diversity import SaturationPoint
from selfinstruct.figures import say
from selfinstruct.report.contents import Contents
from selfinstruct.report.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PRICE = "US dollars an accepted instruction"
_Value = Callable[[SaturationPoint], float | None]


def draw_saturation(contents: Contents) -> Figure:
    """Draw yield, share of new words and price of an accepted instruction against the bootstrap requests."""
    points = contents.diversity.points
    per_point = points[0].requests if points else 0
    each = f"  (each point: {per_point:,} requests)" if per_point > 1 else "  (each point: one request)"
    figure, axes = style.new_figure(
        "Is it still worth asking?" + (each if points else ""), columns=3, height=3.2, is_empty=not points
    )
    panels: tuple[tuple[str, _Value, str, str], ...] = (
        ("accepted instructions a request", lambda point: point.yield_per_request, style.BLUE, "no request was made"),
        ("new words by all accepted words", lambda point: point.new_word_share, style.GREEN, "nothing was accepted"),
        (
            _PRICE,
            lambda point: point.cost_per_accepted_usd,
            style.ORANGE,
            "nothing was accepted, or a price is not known",
        ),
    )
    for axis, (name, value, colour, nothing) in zip(axes, panels, strict=True):
        style.caption(axis, name)
        _line(axis, points, name, value, colour, nothing)
    return figure


def _line(axis: Axes, points: Sequence[SaturationPoint], name: str, value: _Value, colour: str, nothing: str) -> None:
    """Points without a value leave a gap."""
    from matplotlib.ticker import MaxNLocator

    values = [value(point) for point in points]
    if all(one is None for one in values):
        style.say(axis, f"Undefined, because {nothing}.")
        return
    if name == _PRICE and not any(values):
        style.say(axis, "0: no request cost anything.")
        return
    middles = [(point.first + point.last) / 2 for point in points]
    numbers = [float("nan") if one is None else one for one in values]
    axis.plot(middles, numbers, color=colour, linewidth=1.6)
    for point, middle, number in zip(points, middles, numbers, strict=True):
        (mark,) = axis.plot(middle, number, color=colour, marker="o", markersize=3.5)
        say(mark, f"{_requests(point)}: {number:,.4g} {name}; {point.accepted:,} accepted")
    highest = max(one for one in values if one is not None)
    axis.set_ylim(0, highest * 1.15 or 1)
    axis.set_xlim(left=min(0, middles[0]) - 0.03 * max(1, middles[-1]))  # the first mark is not cut off
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axis.grid(axis="y", color=style.LINE, linewidth=0.6)
    style.label(axis, "request")


def _requests(point: SaturationPoint) -> str:
    return f"request {point.first:,}" if point.requests == 1 else f"requests {point.first:,} to {point.last:,}"
