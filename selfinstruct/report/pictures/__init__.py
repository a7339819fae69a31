"""The pictures of a report: contents go in, PNG files come out, and beside each a page to point at.

draw_pictures(folder / "report" / "pictures", contents, ["funnel", "lengths"])     # [.../funnel.png, .../lengths.png]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from selfinstruct.figures import write_page
from selfinstruct.report.contents import Contents
from selfinstruct.report.options import PictureName
from selfinstruct.report.pictures.bdd import draw_bdd
from selfinstruct.report.pictures.funnel import draw_funnel
from selfinstruct.report.pictures.histograms import draw_lengths, draw_similarity
from selfinstruct.report.pictures.instances import draw_instances
from selfinstruct.report.pictures.saturation import draw_saturation
from selfinstruct.report.pictures.style import save
from selfinstruct.report.pictures.verb_nouns import draw_verb_nouns
from selfinstruct.report.sunburst import sunburst_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWINGS: dict[PictureName, Callable[[Contents], Figure]] = {
    "funnel": draw_funnel,
    "similarity": draw_similarity,
    "verb_nouns": draw_verb_nouns,
    "lengths": draw_lengths,
    "saturation": draw_saturation,
    "instances": draw_instances,
    "bdd": draw_bdd,
}


def draw_pictures(folder: Path, contents: Contents, names: Sequence[PictureName]) -> list[Path]:
    """Draw the named pictures and return their files, in the order of the names; "bdd" only in that domain."""
    wanted = [name for name in dict.fromkeys(names) if name != "bdd" or contents.bdd is not None]
    return [_draw(name, contents, folder / f"{name}.png") for name in wanted]


def _draw(name: PictureName, contents: Contents, path: Path) -> Path:
    figure, verb_nouns = DRAWINGS[name](contents), contents.diversity.verb_nouns
    if name != "verb_nouns" or not verb_nouns.verbs:
        return save(figure, path)
    write_page(path, sunburst_svg(verb_nouns.verbs, verb_nouns.found.n))  # the sunburst that was made for pages
    return save(figure, path, with_page=False)
