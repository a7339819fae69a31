"""The report of a run: report/ in its folder, written from what the folder holds, at any time and as often as you like.

report.html          everything on one page, pictures inside that tell their numbers when they are pointed at
pictures/*.png       the same pictures as files, and each as a page (*.html)
findings.json        every number with its n, what is missing, and the reason where there is none
statistics.md        the paper's table
verb_nouns.json      verbs and their objects, counted
bdd.jsonl            in that domain: what was found about every instance
contamination.jsonl  where evaluation sets are named: everything that is shared with them

write_report(folder, manifest, seeds, options, metrics).metrics["diversity.vendi_score"]     # 83.67
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfinstruct import jsonl
from selfinstruct.findings import as_metrics, as_records
from selfinstruct.quality.bdd import as_lines as bdd_lines
from selfinstruct.quality.contamination import as_lines as contamination_lines
from selfinstruct.quality.dataset_table import as_markdown
from selfinstruct.records import SeedSet
from selfinstruct.report.contents import REVIEW, Contents, measure_contents, read_evaluation_sets
from selfinstruct.report.options import ReportOptions
from selfinstruct.report.page import render_page
from selfinstruct.report.pictures import draw_pictures

__all__ = ["REVIEW", "Report", "ReportOptions", "check_report", "write_report"]

FOLDER = "report"
_PICTURES = "pictures"
_SOMETIMES = ("bdd.jsonl", "contamination.jsonl", "report.html")


@dataclass(frozen=True)
class Report:
    """What a report found, by metric name (numbers that do not exist are absent), and the files that it wrote."""

    metrics: dict[str, float]
    files: tuple[Path, ...]


def check_report(options: ReportOptions) -> None:
    """Refuse what cannot work before a run starts: evaluation sets that cannot be read, a parser that is not there.

    Raises:
        InputError: names the key and what to do.
    """
    if options.enabled:
        from selfinstruct.diversity.verb_nouns import count_verb_nouns

        read_evaluation_sets(options)
        count_verb_nouns((), options.parser)


def write_report(
    folder: Path,
    manifest: Mapping[str, Any],
    seeds: SeedSet,
    options: ReportOptions,
    metrics: Mapping[str, float],
    tokenizer: str = "rouge",
) -> Report:
    """Measure a run folder and write its report; pictures and files of an earlier report are replaced.

    Args:
        manifest: that of the folder, as it is or as it is about to be written.
        metrics: what the run computed itself (`selfinstruct.metrics.measure`); shown on the page, not returned.
        tokenizer: the one that judged novelty.

    Raises:
        InputError: a file of the run folder or an evaluation set cannot be read, or the parser is not installed.
    """
    if not options.enabled:
        return Report({}, ())
    contents = measure_contents(folder, manifest, seeds, options, metrics, tokenizer)
    target = folder / FOLDER
    _clear(target)
    pictures = draw_pictures(target / _PICTURES, contents, options.pictures)
    files = [*_tables(target, contents), *pictures, *(path.with_suffix(".html") for path in pictures)]
    if options.html:
        jsonl.write_text(target / "report.html", render_page(contents, pictures, options))
        files.append(target / "report.html")
    return Report(as_metrics(contents.findings()), tuple(files))


def _clear(target: Path) -> None:
    """Remove what this report may not write again, so that nothing of an earlier one stays beside it."""
    for path in [
        *(target / _PICTURES).glob("*.png"),
        *(target / _PICTURES).glob("*.html"),
        *(target / name for name in _SOMETIMES),
    ]:
        path.unlink(missing_ok=True)


def _tables(target: Path, contents: Contents) -> list[Path]:
    texts = {
        "findings.json": _json(as_records(contents.findings())),
        "statistics.md": as_markdown(contents.table),
        "verb_nouns.json": _json(
            {
                "method": contents.diversity.verb_nouns.method,
                "verbs": [asdict(verb) for verb in contents.diversity.verb_nouns.verbs],
            }
        ),
    }
    for name, text in texts.items():
        jsonl.write_text(target / name, text)
    files = [target / name for name in texts]
    for name, lines in (
        ("bdd.jsonl", bdd_lines(contents.bdd) if contents.bdd is not None else None),
        ("contamination.jsonl", contamination_lines(contents.contaminations) if contents.contaminations else None),
    ):
        if lines is not None:
            jsonl.write(target / name, lines)
            files.append(target / name)
    return files


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
