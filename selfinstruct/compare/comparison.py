"""What a comparison leaves: a folder with report.html, tables as CSV and LaTeX, pictures, and words for the terminal.

runs/compare-3f2a91c04b7d/
  report.html   comparisons.csv   comparisons.tex   forest.png   forest.html   shares.png   ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.page import Page, Picture, as_html
from selfinstruct.compare.style import unwritable
from selfinstruct.compare.tables import Table, as_csv, as_latex
from selfinstruct.compare.terminal import as_text
from selfinstruct.jsonl import canonical, write_text

REPORT = "report.html"


@dataclass(frozen=True)
class Comparison:
    """Where a comparison was written, its files in the order in which to look at them, and its words."""

    folder: Path
    files: tuple[Path, ...]
    summary: str


@dataclass(frozen=True)
class Options:
    """How to compare; these defaults are what a sweep uses, and conf/compare.yaml says the same (a test compares them).

    level: of every interval and test. margin: what a share may be off by, for the sample-size help.
    """

    level: float = 0.95
    resamples: int = 2_000
    random_seed: int = 42
    margin: float = 0.05


STANDARD = Options()


def folder_for(out: Path | None, what: Any) -> Path:
    """Return `out`, or runs/compare-<digest of what is compared> below the working directory; absolute."""
    digest = hashlib.sha256(canonical(what).encode()).hexdigest()[:12]
    return (out.expanduser() if out else Path("runs") / f"compare-{digest}").absolute()


def write(
    folder: Path,
    page: Page,
    tables: Sequence[Table],
    records: Mapping[str, Sequence[Mapping[str, Any]]],
    pictures: Sequence[Picture],
    printed: Collection[str],
) -> Comparison:
    """Write report, LaTeX tables and CSV files beside the pictures, each in one step.

    Args:
        printed: the names of the tables that are shown in the terminal, where the finding follows them.

    Raises:
        InputError: the folder cannot be written.
    """
    files = [folder / REPORT]
    try:
        write_text(files[0], as_html(page))
        for name, rows in records.items():
            files.append(folder / f"{name}.csv")
            write_text(files[-1], as_csv(rows))
        for table in tables:
            files.append(folder / f"{table.name}.tex")
            write_text(files[-1], as_latex(table))
    except OSError as error:
        raise unwritable(folder, error) from error
    shown = [as_text(table) for table in tables if table.name in printed]
    summary = "\n\n".join([*shown, *([page.finding] if page.finding else [])])
    return Comparison(folder, (*files, *(path for picture in pictures for path in picture.files)), summary)
