"""What stands in the rows of sheets: one row for each answer that a rater sees, blind and in the rater's order.

    study,rater,item,answer,instruction,input,output,valid_task,appropriate_input,correct_output,note
    3f2a91c04b7d,anna,17,1,Name a fruit.,,A pear,,,,

`answer` is the place at which this rater sees the answer, not a model. What the rater has said so far is filled in. The
one who settles disagreements has the disputed items only, and beside each question a column with what was said:

    ...,output,said: valid_task,valid_task,...      ...,A pear,"Rater 1: no
    Rater 2: yes",,...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.rating.cells import fitting
from selfinstruct.rating.disagreements import Place, value_at
from selfinstruct.rating.entries import Entry, Value, reordered
from selfinstruct.rating.forms import NOTE, Form
from selfinstruct.rating.items import Item
from selfinstruct.rating.study import CONSENSUS, Study

KEYS = ("study", "rater", "item", "answer")
SAID = "said: "  # no question can be called so: a colon is not allowed in their names


@dataclass(frozen=True)
class Asked:
    """One cell behind the texts: its column, what stands in it so far, and whether the rater is to fill it in."""

    column: str
    value: Value | None
    is_open: bool


@dataclass(frozen=True)
class SheetRow:
    """One row: where it belongs, the texts that the rater reads, and the cells behind them, as the header has them."""

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    asked: tuple[Asked, ...]


def columns(study: Study, rater: str) -> tuple[str, ...]:
    """Return the header of a rater's sheet."""
    filled_in = asked(study.form)
    if rater == CONSENSUS:
        filled_in = tuple(name for column in filled_in for name in (SAID + column, column))
    return (*KEYS, *text_columns(study), *filled_in)


def text_columns(study: Study) -> tuple[str, ...]:
    """Return the columns that raters read."""
    has_reference = any(item.reference for item in study.items)
    if study.form.unit == "instruction":
        return ("output",)
    return ("instruction", "input", *(("reference",) if has_reference else ()), "output")


def asked(form: Form) -> tuple[str, ...]:
    """Return the columns that raters fill in: about the answer, then about the item (in its first row only)."""
    return (*form.about("answer"), *form.about("item"), NOTE)


def sheet_rows(study: Study, rater: str) -> Iterator[SheetRow]:
    """Yield the rows of one rater's sheet."""
    own = study.ledger.current(rater)
    said = study.said() if rater == CONSENSUS else {}
    disputes = study.disputes() if rater == CONSENSUS else {}
    for item in study.order(rater):
        places = study.slots(rater, item)
        entry = own[item.id].entry if item.id in own else Entry(tuple({} for _ in item.answers))
        opinions = [reordered(one, places) for one in study.opinions(item, said.get(item.id, {}))]
        differing = {(_slot(places, number), name) for number, name in disputes.get(item.id, ())}
        for slot, place in enumerate(places):
            keys = (study.identity, rater, item.id, str(slot + 1))
            cells = tuple(_asked(study.form, reordered(entry, places), slot))
            if rater == CONSENSUS:
                cells = tuple(
                    shown for cell in cells for shown in _settled(study.form, cell, slot, differing, opinions)
                )
            yield SheetRow(keys, texts_of(study, item, place), cells)


def texts_of(study: Study, item: Item, place: int) -> tuple[str, ...]:
    """Return the texts of one row, as they stand in its cells."""
    whole = {"instruction": item.instruction, "input": item.input, "reference": item.reference}
    return tuple(fitting(whole.get(name, item.answers[place].text)) for name in text_columns(study))


def as_word(value: Value | None) -> str:
    """Return a value as raters write it: yes, no, a grade or a text; "" where there is none."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value or ""


def _slot(places: Sequence[int], number: int | None) -> int | None:
    return None if number is None else places.index(number)


def _asked(form: Form, seen: Entry, slot: int) -> Iterator[Asked]:
    for name in form.about("answer"):
        yield Asked(name, seen.about_answers[slot].get(name), True)
    about_item: Mapping[str, Value | None] = {**seen.about_item, NOTE: seen.note or None} if slot == 0 else {}
    for name in (*form.about("item"), NOTE):
        yield Asked(name, about_item.get(name), slot == 0)


def _settled(
    form: Form, cell: Asked, slot: int, differing: set[Place], opinions: Sequence[Entry]
) -> tuple[Asked, Asked]:
    """Return what was said, and the cell: open where raters differ, or where words are asked for."""
    question = form.questions.get(cell.column)
    place: Place = (slot if question and question.about == "answer" else None, cell.column)
    values = [value_at(one, place) if question else one.note or None for one in opinions]
    is_words = question is None or question.kind == "text"
    if not cell.is_open or (is_words and not any(values)):
        return Asked(SAID + cell.column, None, False), cell
    if is_words or place in differing:
        return Asked(SAID + cell.column, _listed(values), False), cell
    agreed = next((value for value in values if value is not None), None)
    return Asked(SAID + cell.column, f"agreed: {_word(agreed)}", False), Asked(cell.column, None, False)


def _listed(values: Sequence[Value | None]) -> str:
    """Say who said what by number; a number stands for the same rater in all rows of an item, and in no others."""
    return fitting("\n".join(f"Rater {number}: {_word(value)}" for number, value in enumerate(values, start=1)))


def _word(value: Value | None) -> str:
    return "no answer" if value is None else as_word(value)
