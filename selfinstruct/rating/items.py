"""What is rated: an item is a task with the answers that raters judge; one line of items.jsonl.

    {"id": "17", "instruction": "Name a fruit.", "input": "", "reference": "", "answers":
     [{"arm": "davinci", "source": "user_oriented_task_3", "text": "A pear"}, {"arm": "tuned", ...}]}

The id is a number that a seeded shuffle gave, so that it tells raters nothing; `source` is where the answer came from
(the number of the instance in its run, or the id of the prediction) and goes to ratings.csv.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from selfinstruct import jsonl
from selfinstruct.errors import InputError
from selfinstruct.randomness import generator

FILE = "items.jsonl"
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Answer:
    """One answer: the arm that gave it (raters never see this), its id there, and its text."""

    arm: str
    source: str
    text: str


@dataclass(frozen=True)
class Item:
    """A task and its answers, in the order of the arms; `reference` is "" where raters are shown none."""

    id: str
    instruction: str
    input: str
    reference: str
    answers: tuple[Answer, ...]


def write_items(folder: Path, items: Iterable[Item]) -> None:
    """Write items.jsonl in one step."""
    jsonl.write(folder / FILE, (asdict(item) for item in items))


def read_items(folder: Path) -> tuple[Item, ...]:
    """Return the items of a study, in file order. Raises InputError where the file is missing or damaged."""
    found = []
    for number, record in jsonl.read(folder / FILE):
        try:
            found.append(Item(**{**record, "answers": tuple(Answer(**answer) for answer in record["answers"])}))
        except (KeyError, TypeError) as error:
            raise InputError(f"{folder / FILE}:{number}: no item ({error}); restore the file from a copy") from error
    return tuple(found)


def order_for(items: Sequence[Item], random_seed: int, rater: str) -> tuple[Item, ...]:
    """Return the items in the order in which this rater sees them."""
    shuffled = list(items)
    generator(random_seed, "rate", "order", rater).shuffle(shuffled)
    return tuple(shuffled)


def slots_for(item: Item, random_seed: int, rater: str) -> tuple[int, ...]:
    """Return which answer of the item stands in each place, from the first, for this rater."""
    places = list(range(len(item.answers)))
    if len(places) > 1:  # a generator for nothing takes most of the time of a large sheet
        generator(random_seed, "rate", "answers", rater, item.id).shuffle(places)
    return tuple(places)


def clean(text: str) -> str:
    """Return text that can be written as UTF-8: halves of surrogate pairs become U+FFFD; outer white space goes."""
    return _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n")).strip()
