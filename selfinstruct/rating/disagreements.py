"""Where raters disagree about an item, and what stands for it once somebody has settled that.

    disputed(form, item, {"anna": ..., "ben": ...})   -> ((0, "valid_task"),)      answer 0, this question
    settled(form, item, entries, consensus)           -> one entry: what they agree on, and else what was settled

A text is never disputed: two raters never word a thing alike. What nobody answered stays unanswered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from selfinstruct.randomness import generator
from selfinstruct.rating.entries import Entry, Value, is_complete
from selfinstruct.rating.forms import Form
from selfinstruct.rating.items import Item

Place = tuple[int | None, str]  # which answer, from 0 (None: the item as a whole), and which question


def places(form: Form, item: Item) -> Iterator[Place]:
    """Yield every place of the form where an answer can stand."""
    for name in form.about("item"):
        yield None, name
    for number in range(len(item.answers)):
        for name in form.about("answer"):
            yield number, name


def value_at(entry: Entry, place: Place) -> Value | None:
    """Return what stands at a place, or None."""
    number, name = place
    return (entry.about_item if number is None else entry.about_answers[number]).get(name)


def disputed(form: Form, item: Item, entries: Mapping[str, Entry]) -> tuple[Place, ...]:
    """Return the places at which raters differ; none before two raters have rated the item in full."""
    full = [entry for entry in entries.values() if is_complete(form, entry)]
    if len(full) < 2:
        return ()
    return tuple(
        place
        for place in places(form, item)
        if form.questions[place[1]].kind != "text" and len(set(_given(full, place))) > 1
    )


def settled(form: Form, item: Item, entries: Mapping[str, Entry], consensus: Entry | None) -> Entry | None:
    """Return what stands for the item: agreed values, and at disputed places what the third rater said, if anything.

    None: fewer than two raters have rated it in full.
    """
    full = [entry for entry in entries.values() if is_complete(form, entry)]
    if len(full) < 2:
        return None
    open_places = set(disputed(form, item, entries))
    found: dict[Place, Value] = {}
    for place in places(form, item):
        agreed = _agreed(full, place) if place not in open_places else None
        value = agreed if agreed is not None else value_at(consensus, place) if consensus else None
        if value is not None:
            found[place] = value
    return entry_of(item, found, consensus.note if consensus else "")


def entry_of(item: Item, values: Mapping[Place, Value], note: str = "") -> Entry:
    """Return the entry that holds these values."""
    about: dict[int | None, dict[str, Value]] = {
        number: {name: value for (_, name), value in group}
        for number, group in groupby(values.items(), key=lambda pair: pair[0][0])
    }
    return Entry(tuple(about.get(number, {}) for number in range(len(item.answers))), about.get(None, {}), note)


def opinions(entries: Mapping[str, Entry], item: Item, random_seed: int) -> list[Entry]:
    """Return what the raters said, in an order that does not tell who said it."""
    shuffled = [entries[rater] for rater in sorted(entries)]
    if len(shuffled) > 1:
        generator(random_seed, "rate", "opinions", item.id).shuffle(shuffled)
    return shuffled


def _agreed(entries: Sequence[Entry], place: Place) -> Value | None:
    """A value that everybody gave; a text that only one rater wrote is taken over, too."""
    given = _given(entries, place)
    return given[0] if given and len(set(given)) == 1 else None


def _given(entries: Sequence[Entry], place: Place) -> list[Value]:
    return [value for entry in entries if (value := value_at(entry, place)) is not None]
