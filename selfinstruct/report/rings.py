"""The two rings of a sunburst: verbs inside, their nouns outside, each as wide as it is frequent.

    rings([VerbCount("write", 9, (("poem", 2), ("story", 1)))])
    # [Ring("write", 3, 0.0, 1.0, colour "#...", [Sector("poem", 2, 0.0, 0.666...), Sector("story", 1, 0.666..., 1.0)])]

Angles are shares of the full turn (0..1), clockwise from the top. Only the nouns that are shown take room, as in the
paper's figure; what share of the instructions they are must be said beside it.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.diversity.verb_nouns import VerbCount

_GOLDEN = 0.618033988749895  # neighbours get colours far apart
_VIVID = 0.48
_READABLE = 4.5  # WCAG 2.2, level AA


@dataclass(frozen=True)
class Sector:
    """A noun: how often it is the object of its verb, and where it stands."""

    noun: str
    count: int
    start: float
    end: float


@dataclass(frozen=True)
class Ring:
    """A verb: how often it is shown with a noun, where it stands, its colour, a paler one for its nouns, its nouns."""

    verb: str
    count: int
    start: float
    end: float
    colour: str
    paler: str
    sectors: tuple[Sector, ...]


def rings(verbs: Sequence[VerbCount]) -> list[Ring]:
    """Return where every verb and noun stands; empty without verbs."""
    total = sum(times for verb in verbs for _, times in verb.nouns)
    found: list[Ring] = []
    reached = 0
    for number, verb in enumerate(verbs):
        start = reached
        sectors = []
        for noun, times in verb.nouns:
            sectors.append(Sector(noun, times, reached / total, (reached + times) / total))
            reached += times
        hue = (0.58 + number * _GOLDEN) % 1.0
        found.append(
            Ring(
                verb.verb,
                reached - start,
                start / total,
                reached / total,
                _under_white(hue),
                _colour(hue, 0.79, 0.55),
                tuple(sectors),
            )
        )
    return found


def _under_white(hue: float) -> str:
    """The lightest of a hue's colours, up to a middling one, on which white words can be read."""
    lightness = next(part / 100 for part in range(45, 0, -1) if _contrast(hue, part / 100) >= _READABLE)
    return _colour(hue, lightness, _VIVID)


def _contrast(hue: float, lightness: float) -> float:
    """Return the contrast of white to a colour, 1 to 21. Source: WCAG 2.2, contrast ratio."""
    parts = colorsys.hls_to_rgb(hue, lightness, _VIVID)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _colour(hue: float, lightness: float, saturation: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))
