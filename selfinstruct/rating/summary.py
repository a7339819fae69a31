"""What the owner of a study is told when the page ends: how far everybody is, how far they agree, what comes next.

    anna       200 of 200 rated
    ben         37 of 200 rated, 2 skipped

Raters are never told any of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.compare.comparison import STANDARD
from selfinstruct.compare.rated import RatingOptions
from selfinstruct.compare.raters import agreements
from selfinstruct.compare.rating_tables import agreement_table
from selfinstruct.compare.sheets import read_sheets
from selfinstruct.compare.terminal import as_text
from selfinstruct.rating.study import CONSENSUS, Study
from selfinstruct.rating.table import criteria


@dataclass(frozen=True)
class Progress:
    """How far one rater is. The one who settles has as many items as are disputed so far."""

    rater: str
    done: int
    skipped: int
    total: int


def progress(study: Study) -> tuple[Progress, ...]:
    """Return how far every rater is."""
    said = study.said()
    found = []
    for rater in study.raters:
        own, items = study.ledger.current(rater), study.order(rater)
        done = {item.id for item in items if study.is_done(rater, item, own.get(item.id), said.get(item.id, {}))}
        skipped = sum(item.id in own and own[item.id].entry.is_skipped and item.id not in done for item in items)
        found.append(Progress(rater, len(done), skipped, len(items)))
    return tuple(found)


def progress_text(found: Sequence[Progress]) -> str:
    """Return one line for each rater."""
    width = max(len(one.rater) for one in found)
    return "\n".join(
        f"{one.rater:{width}}  {one.done:>5,} of {one.total:,} {'settled' if one.rater == CONSENSUS else 'rated'}"
        + (f", {one.skipped:,} skipped" if one.skipped else "")
        for one in found
    )


def agreement_text(study: Study, ratings: Path) -> str:
    """Return the table of agreement so far; "" where no two raters have rated anything."""
    asked = criteria(study.form, _is_plain(study))
    if not asked or len(ratings.read_text(encoding="utf-8").splitlines()) < 2:
        return ""
    options = RatingOptions(
        consensus=CONSENSUS, criteria=asked, grades=tuple(study.form.grades), acceptable=study.form.acceptable
    )
    sheet = read_sheets([ratings], criteria=options.criteria, grades=options.grades)
    found = agreements(sheet, options, STANDARD)
    return as_text(agreement_table(found, STANDARD.level)) if found else ""


def next_command(study: Study, shown: str) -> str:
    """Return the command that compares the ratings; `shown`: the path of ratings.csv as the user may type it."""
    asked = criteria(study.form, _is_plain(study))
    words = [f"ratings=[{shown}]", f"criteria=[{','.join(asked)}]"]
    if CONSENSUS in study.raters and study.settled(study.said()):
        words.append(f"consensus={CONSENSUS}")
    if study.form.overall is not None:
        words.append(f"overall={study.form.overall.name}")
    if study.form.grades and tuple(study.form.grades) != tuple(RatingOptions().grades):
        words.append(f"grades=[{','.join(study.form.grades)}]")
    if study.form.grades and study.form.acceptable != tuple(RatingOptions().acceptable):
        words.append(f"acceptable=[{','.join(study.form.acceptable)}]")
    return "selfinstruct compare " + " ".join(_quoted(word) for word in words)


def _is_plain(study: Study) -> bool:
    return all(len(item.answers) == 1 for item in study.items)


def _quoted(word: str) -> str:
    return f"'{word}'" if re.search(r"[^\w\[\],.=/@%:+-]", word) else word
