"""The sunburst of what the instructions ask for: verbs inside, their objects outside (Wang et al. 2023, figure 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from selfinstruct.report.contents import Contents
from selfinstruct.report.pictures import style
from selfinstruct.report.rings import rings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HOLE, _MIDDLE, _RIM = 0.34, 1.0, 1.22
_LEAST_FOR_A_WORD = 0.0062  # of the full turn


def draw_verb_nouns(contents: Contents) -> Figure:
    """Draw the most frequent verbs and their objects as two rings."""
    found = contents.diversity.verb_nouns
    shown = rings(found.verbs)
    covered = f"{found.covered.value:.1%}" if found.covered.value is not None else "none"
    subtitle = (
        f"{len(shown)} verbs and their most frequent objects: {covered} of {found.found.n:,} instructions; "
        f"found by {found.method}"
    )
    figure, (axis,) = style.new_figure("What the instructions ask for", height=8.4, is_empty=not shown)
    if not shown:
        reason = "there is none" if not found.found.n else "no verb with an object was found in them"
        style.say(axis, f"Undefined, because {reason}.")
        return figure
    style.caption(axis, subtitle)
    axis.set_axis_off()
    axis.set_aspect("equal")
    axis.set_xlim(-1.72, 1.72)
    axis.set_ylim(-1.66, 1.66)
    for ring in shown:
        _sector(axis, ring.start, ring.end, _HOLE, _MIDDLE, ring.colour)
        if ring.end - ring.start > _LEAST_FOR_A_WORD:
            _inside(axis, (ring.start + ring.end) / 2, style.shorten(ring.verb, 14))
        for sector in ring.sectors:
            _sector(axis, sector.start, sector.end, _MIDDLE, _RIM, ring.paler)
            if sector.end - sector.start > _LEAST_FOR_A_WORD:
                _outside(axis, (sector.start + sector.end) / 2, style.shorten(sector.noun, 16))
    return figure


def _degrees(share: float) -> float:
    """Shares run clockwise from the top, degrees the other way from the right."""
    return 90.0 - 360.0 * share


def _sector(axis: Axes, start: float, end: float, inner: float, outer: float, colour: str) -> None:
    from matplotlib.patches import Wedge

    wedge = Wedge(
        (0, 0), outer, _degrees(end), _degrees(start), width=outer - inner, facecolor=colour, edgecolor="white", lw=0.8
    )
    axis.add_patch(wedge)


def _inside(axis: Axes, share: float, text: str) -> None:
    degrees, flips = _readable(share)
    radius = (_HOLE + _MIDDLE) / 2 + 0.04
    _write(axis, degrees, radius, text, flips, "center", "white", 9)


def _outside(axis: Axes, share: float, text: str) -> None:
    degrees, flips = _readable(share)
    _write(axis, degrees, _RIM + 0.03, text, flips, "right" if flips else "left", style.INK, 8)


def _readable(share: float) -> tuple[float, bool]:
    """Return the angle, and whether text along it must be turned round so as not to stand on its head."""
    degrees = _degrees(share)
    return degrees, 90 < degrees % 360 < 270


def _write(
    axis: Axes, degrees: float, radius: float, text: str, flips: bool, side: str, colour: str, size: int
) -> None:
    radians = math.radians(degrees)
    axis.text(
        radius * math.cos(radians),
        radius * math.sin(radians),
        text,
        rotation=degrees + 180 if flips else degrees,
        rotation_mode="anchor",
        ha=side,
        va="center",
        color=colour,
        fontsize=size,
        parse_math=False,
    )
