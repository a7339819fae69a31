"""The sunburst as SVG for report.html: point at a part and it says what it is; no script, so it works everywhere.

sunburst_svg([VerbCount("write", 9, (("poem", 2),))], instructions=40)     # '<svg viewBox=...'
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from selfinstruct.diversity.verb_nouns import VerbCount
from selfinstruct.report.rings import Ring, rings

_HOLE, _MIDDLE, _RIM, _EDGE = 90.0, 250.0, 310.0, 430.0
_LEAST_FOR_A_WORD = 0.0062  # of the full turn
_STYLE = (
    "svg.sunburst{max-width:760px;margin:0 auto;font-family:system-ui,'DejaVu Sans',sans-serif}"
    "svg.sunburst path{stroke:#fff;stroke-width:1.2}"
    "svg.sunburst g:hover path{filter:brightness(1.06) saturate(1.25)}"
    "svg.sunburst path:hover{filter:brightness(.9)}"
    "svg.sunburst text{pointer-events:none;font-size:13px;fill:#1b2733}"
    "svg.sunburst text.verb{fill:#fff;font-size:14px}"
)


def sunburst_svg(verbs: Sequence[VerbCount], instructions: int) -> str:
    """Return the two rings as SVG text, every word escaped; "" without verbs."""
    shown = rings(verbs)
    if not shown:
        return ""
    body = "".join(_ring(ring, instructions) for ring in shown)
    box = f"{-_EDGE:.0f} {-_EDGE:.0f} {2 * _EDGE:.0f} {2 * _EDGE:.0f}"
    opening = f'<svg class="sunburst" viewBox="{box}" role="img" aria-label="verbs and their objects">'
    return f"{opening}<style>{_STYLE}</style>{body}</svg>"


def _ring(ring: Ring, instructions: int) -> str:
    told = f"{ring.verb}: {ring.count:,} of {instructions:,} instructions with these objects"
    parts = [_sector(ring.start, ring.end, _HOLE, _MIDDLE, ring.colour, told)]
    if ring.end - ring.start > _LEAST_FOR_A_WORD:
        parts.append(_text(ring.start, ring.end, (_HOLE + _MIDDLE) / 2 + 8, ring.verb, "verb", "middle"))
    for sector in ring.sectors:
        told = f"{ring.verb} … {sector.noun}: {sector.count:,}"
        parts.append(_sector(sector.start, sector.end, _MIDDLE, _RIM, ring.paler, told))
        if sector.end - sector.start > _LEAST_FOR_A_WORD:
            parts.append(_text(sector.start, sector.end, _RIM + 7, sector.noun, "noun", "start"))
    return f"<g>{''.join(parts)}</g>"


def _point(share: float, radius: float) -> str:
    angle = 2 * math.pi * share
    return f"{radius * math.sin(angle):.2f} {-radius * math.cos(angle):.2f}"


def _sector(start: float, end: float, inner: float, outer: float, colour: str, told: str) -> str:
    """An arc cannot go the whole way round, so a full ring stops just before it."""
    end = min(end, start + 0.99999)
    large = int(end - start > 0.5)
    path = (
        f"M {_point(start, outer)} A {outer} {outer} 0 {large} 1 {_point(end, outer)} "
        f"L {_point(end, inner)} A {inner} {inner} 0 {large} 0 {_point(start, inner)} Z"
    )
    return f'<path d="{path}" fill="{colour}"><title>{escape(told)}</title></path>'


def _text(start: float, end: float, radius: float, word: str, kind: str, anchor: str) -> str:
    """Text runs outwards; on the left half it is turned round, so as not to stand on its head."""
    share = (start + end) / 2
    degrees = 360 * share - 90
    flips = 0.5 < share < 1
    if flips:
        degrees += 180
        radius = -radius
        anchor = "end" if anchor == "start" else anchor
    place = f'transform="rotate({degrees:.2f}) translate({radius:.1f} 0)" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place} dy="0.35em">{escape(_short(word))}</text>'


def _short(word: str) -> str:
    return word if len(word) <= 16 else word[:15] + "…"
