"""A figure on disk twice: as PNG, and as a page that says what a mark is when it is pointed at.

    say(bar, "too similar: 12 of 64 candidates (18.8%)")
    save(figure, folder / "funnel.png", dpi=144)           # funnel.png, and funnel.html beside it
    drawing_of(folder / "funnel.png")                      # '<svg ...>', for a page that shows several

The page holds the same drawing as SVG, sharp at any size, its words selectable. It has no script, so it works in every
viewer that forbids them, and whatever stands in the drawing is text.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from selfinstruct.jsonl import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_SAYS = "says: "
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STYLE = """
  figure.drawn { margin: 8px 0; overflow-x: auto; }
  figure.drawn > svg { display: block; width: 100%; height: auto; }
  svg.drawing text { white-space: pre; }
  svg.drawing .told { pointer-events: all; }
  svg.drawing .told:hover { filter: brightness(.82) saturate(1.2); }
  @media (max-width: 760px) { figure.drawn > svg { width: 720px; } }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light; }}
  body {{ margin: 0 auto; max-width: 1200px; padding: 12px; background: #fff; color: #1b2733;
         font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif; }}
  {style}
</style>
</head>
<body>
<figure class="drawn">{drawing}</figure>
<p>Point at a mark to see its numbers.</p>
</body>
</html>
"""


def say(artist: Any, text: str) -> None:
    """Let a mark of a figure say something when it is pointed at, on one line; PNG files look as before."""
    artist.set_gid(_SAYS + " ".join(_NO_XML.sub("\ufffd", text).split()))


def save(figure: Figure, path: Path, dpi: int) -> Path:
    """Write the figure as PNG and the page beside it, each in one step, and return the path of the PNG.

    The same figure gives the same bytes. Characters without a glyph become boxes in the PNG.

    Raises:
        OSError: the folder cannot be written.
    """
    save_png(figure, path, dpi)
    figure.set_layout_engine("none")  # everything stays where the PNG has it, and is not laid out again
    write_page(path, as_svg(figure))
    return path


def save_png(figure: Figure, path: Path, dpi: int) -> Path:
    """Write the figure as PNG alone. Raises OSError as above."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*([Gg]lyph|font).*")
        figure.savefig(temporary, format="png", dpi=dpi, metadata={"Software": None})
    temporary.replace(path)
    return path


def write_page(picture: Path, drawing: str) -> Path:
    """Write a drawing (SVG text) as a page of its own beside its picture, and return the page's path."""
    page = picture.with_suffix(".html")
    write_text(page, _PAGE.format(title=escape(picture.stem.replace("_", " ")), style=STYLE.strip(), drawing=drawing))
    return page


def drawing_of(picture: Path) -> str:
    """Return the drawing in the page beside a picture; "" where there is none."""
    page = picture.with_suffix(".html")
    if not page.is_file():
        return ""
    text = page.read_text(encoding="utf-8")
    return text[text.index("<svg") : text.rindex("</svg>") + len("</svg>")]


def as_svg(figure: Figure) -> str:
    """Return the figure as SVG that can stand in a page: it scales, its marks say their words, its ids are few."""
    from io import BytesIO

    import matplotlib

    buffer = BytesIO()
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "selfinstruct", "svg.fonttype": "none"}):
        warnings.filterwarnings("ignore", message=".*([Gg]lyph|font).*")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _prepared(_NO_XML.sub("\ufffd", buffer.getvalue().decode("utf-8", "replace")))


def _prepared(svg: str) -> str:
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(svg)
    _without(root, f"{{{_SVG}}}metadata")
    _without(root, f"{{{_SVG}}}style")  # it would hold for the whole page; the root says the same below
    for element in root.iter():
        if (element.get("id") or "").startswith(_SAYS):
            title = ElementTree.Element(f"{{{_SVG}}}title")
            title.text = element.attrib.pop("id").removeprefix(_SAYS)
            element.insert(0, title)
            element.set("class", "told")
    _rename(root)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.set("class", "drawing")
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    return ElementTree.tostring(root, encoding="unicode")


def _rename(root: ElementTree.Element) -> None:
    """Number the ids that something refers to, and drop the others.

    Matplotlib makes some of them of memory addresses. The digest keeps apart the drawings of one page.
    """
    attributes = [(element, key, value) for element in root.iter() for key, value in element.attrib.items()]
    names = dict.fromkeys(name for _, key, value in attributes for name in _referred(key, value))
    shapes = "".join(value for _, key, value in attributes if key != "id" and not _referred(key, value))
    words = "".join(element.text or "" for element in root.iter())
    digest = hashlib.sha256((shapes + words).encode()).hexdigest()[:8]
    numbered = {name: f"d{digest}-{number}" for number, name in enumerate(names)}
    for element, key, value in attributes:
        for name in _referred(key, value):
            element.set(key, value.replace(f"#{name}", f"#{numbered[name]}"))
        if key == "id" and value in numbered:
            element.set(key, numbered[value])
        elif key == "id":
            del element.attrib[key]


def _referred(key: str, value: str) -> list[str]:
    """Return the id that an attribute refers to, if any: by a link, or as url(#id)."""
    if key == "id":
        return []
    return [value[1:]] if key.endswith("href") else re.findall(r"url\(#([^)]+)\)", value)


def _without(root: ElementTree.Element, tag: str) -> None:
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag == tag]:
            parent.remove(child)
