"""A report as one HTML file that needs nothing else: sections of words, pictures and tables go in, its text comes out.

Pictures are embedded, as the drawing that tells its numbers where there is one. Every word is escaped, so that a name
such as `<script>` is shown and does nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.compare.tables import Table
from selfinstruct.figures import STYLE, drawing_of

_TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Picture:
    """A PNG file and what it shows, in words."""

    path: Path
    alt: str

    @property
    def data(self) -> str:
        """The file as base64."""
        return base64.b64encode(self.path.read_bytes()).decode("ascii")

    @property
    def drawing(self) -> str:
        """The same picture as SVG; "" where it was written as PNG alone."""
        return drawing_of(self.path)

    @property
    def files(self) -> tuple[Path, ...]:
        """The PNG file and, where there is one, the page beside it."""
        page = self.path.with_suffix(".html")
        return (self.path, page) if page.is_file() else (self.path,)


@dataclass(frozen=True)
class Section:
    """A part of the report, in the order: words, pictures, tables."""

    title: str
    text: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Page:
    """A report: what is compared, what was found, the sections, and how it was made."""

    title: str
    lead: Sequence[str]
    finding: str
    sections: Sequence[Section]
    foot: Sequence[str]


def sections(
    plan: Sequence[tuple[str, str, Sequence[str]]], pictures: Sequence[Picture], tables: Sequence[Table]
) -> list[Section]:
    """Return the planned sections (title, words, names of pictures and tables) that have something to show."""
    found = []
    for title, words, names in plan:
        shown = [picture for picture in pictures if picture.path.stem in names]
        listed = [table for table in tables if table.name in names]
        if shown or listed:
            found.append(Section(title, [words] if words else [], shown, listed))
    return found


def as_html(page: Page) -> str:
    """Return the page as one self-contained HTML document."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        page=page, drawing_style=STYLE.strip("\n")
    )
