"""What raters said as CSV, in the format of compare/sheets.py: one line for each answer and rater.

    Scenario ID,Reviewer ID,arm,Essential,Singular,Complete,Integrous,High-quality,Name,Ill-formed,note
    17,anna,high,yes,no,yes,yes,no,log in,no,

Yes and no are words; what was not answered is an empty cell. Where items have several answers, the questions about the
item as a whole stand in a file of their own, since they belong to no arm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from selfinstruct.jsonl import write_text
from selfinstruct.rating.cells import guarded
from selfinstruct.rating.entries import Entry, Value, Values, overall
from selfinstruct.rating.forms import NOTE, Form
from selfinstruct.rating.items import Answer, Item
from selfinstruct.rating.study import CONSENSUS, Study

RATINGS = "ratings.csv"
ABOUT_ITEMS = "ratings_about_items.csv"


def write_ratings(study: Study) -> tuple[Path, ...]:
    """Write ratings.csv, and what is about items as a whole where that stands apart; returns the paths."""
    rows = list(_everything(study))
    is_plain = all(len(item.answers) == 1 for item in study.items)
    about_items = study.form.about("item")
    files = {RATINGS: as_csv(_answer_rows(study.form, rows, is_plain))}
    if about_items and not is_plain:
        files[ABOUT_ITEMS] = as_csv(_item_rows(study.form, rows))
    for name, text in files.items():
        write_text(study.folder / name, text)
    return tuple(study.folder / name for name in files)


def criteria(form: Form, is_plain: bool) -> tuple[str, ...]:
    """Return the columns of ratings.csv that are yes/no or graded, for `selfinstruct compare criteria=`."""
    asked = form.questions if is_plain else form.about("answer")
    rated = tuple(name for name, question in asked.items() if question.kind != "text")
    return (*rated, form.overall.name) if form.overall else rated


def _everything(study: Study) -> Iterator[tuple[str, Item, Entry]]:
    """Yield who said what about which item, by rater; what was settled comes last."""
    items = {item.id: item for item in study.items}
    said = study.said()
    for rater in dict.fromkeys((*study.raters, *(rater for by_rater in said.values() for rater in by_rater))):
        if rater != CONSENSUS:
            for item in study.items:
                entry = said.get(item.id, {}).get(rater)
                if entry and not entry.is_empty:
                    yield rater, item, entry
    if CONSENSUS in study.raters:
        for item_id, entry in study.settled(said).items():
            yield CONSENSUS, items[item_id], entry


def _answer_rows(form: Form, rows: Sequence[tuple[str, Item, Entry]], is_plain: bool) -> Iterator[list[str]]:
    asked = list(form.questions if is_plain else form.about("answer"))
    names = _with_overall(form, asked)
    yield [form.item_column, form.rater_column, "arm", *names, NOTE]
    for rater, item, entry in rows:
        for answer, values in zip(item.answers, entry.about_answers, strict=True):
            given = {**values, **(entry.about_item if is_plain else {})}
            yield [*_keys(answer, rater), *_cells(form, names, given), guarded(entry.note)]


def _item_rows(form: Form, rows: Sequence[tuple[str, Item, Entry]]) -> Iterator[list[str]]:
    names = list(form.about("item"))
    yield [form.item_column, form.rater_column, *names, NOTE]
    for rater, item, entry in rows:
        yield [item.answers[0].source, rater, *_cells(form, names, entry.about_item), guarded(entry.note)]


def _keys(answer: Answer, rater: str) -> tuple[str, str, str]:
    return guarded(answer.source), rater, guarded(answer.arm)


def _with_overall(form: Form, asked: Sequence[str]) -> list[str]:
    """Put the overall criterion behind the last of those that it is made of."""
    if form.overall is None:
        return list(asked)
    last = max(asked.index(name) for name in form.overall.all_of)
    return [*asked[: last + 1], form.overall.name, *asked[last + 1 :]]


def _cells(form: Form, names: Sequence[str], values: Values) -> list[str]:
    whole: Mapping[str, Value | None] = values
    if form.overall is not None:
        whole = {**values, form.overall.name: overall(form, values)}
    return [cell(whole.get(name)) for name in names]


def cell(value: Value | None) -> str:
    """Return a value as it stands in a file: yes, no, a grade or a text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else guarded(value)


def as_csv(rows: Iterator[list[str]]) -> str:
    """Return the rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
