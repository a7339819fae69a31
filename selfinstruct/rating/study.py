"""One study: its items and form, who rates, and what was said so far; everything the page and the sheets need.

runs/rate-3f2a91c04b7d/
  manifest.json    verb, identity, form, arms, raters, status, counts          config.yaml    the composed config
  items.jsonl      what is rated, with the arms that raters never see          ratings.sqlite everything they said
  ratings.csv      what `selfinstruct compare ratings=` reads                  sheets/        for raters offline
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.rating.disagreements import Place, disputed, opinions, places, settled, value_at
from selfinstruct.rating.entries import Entry, is_complete
from selfinstruct.rating.forms import Form
from selfinstruct.rating.items import Item, order_for, slots_for
from selfinstruct.rating.ledger import Ledger, Saved

CONSENSUS = "consensus"
_NAME = re.compile(r"\w[\w .-]{0,39}")


@dataclass(frozen=True)
class Study:
    """The study `identity`; `raters` includes "consensus" where disagreements are being settled."""

    identity: str
    folder: Path
    form: Form
    items: tuple[Item, ...]
    random_seed: int
    raters: tuple[str, ...]
    ledger: Ledger

    def order(self, rater: str) -> tuple[Item, ...]:
        """Return what this rater sees, in this rater's order; the one who settles sees what is disputed only."""
        items = order_for(self.items, self.random_seed, rater)
        if rater != CONSENSUS:
            return items
        disputes = self.disputes()
        return tuple(item for item in items if item.id in disputes)

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """The items by their ids."""
        return {item.id: item for item in self.items}

    def item(self, item_id: str) -> Item:
        """Return one item. Raises InputError where there is none."""
        if item_id not in self.by_id:
            raise InputError(f"item {item_id}: not in this study, whose items are 1 to {len(self.items)}")
        return self.by_id[item_id]

    def slots(self, rater: str, item: Item) -> tuple[int, ...]:
        """Return which answer stands in each place for this rater."""
        return slots_for(item, self.random_seed, rater)

    def said(self) -> dict[str, dict[str, Entry]]:
        """Return what the raters said, by item and rater, without the one who settles."""
        found: dict[str, dict[str, Entry]] = {}
        for (rater, item), saved in self.ledger.everything().items():
            if rater != CONSENSUS:
                found.setdefault(item, {})[rater] = saved.entry
        return found

    def said_about(self, item: Item) -> dict[str, Entry]:
        """Return what the raters said about one item, by rater, without the one who settles."""
        return {rater: one.entry for rater, one in self.ledger.about(item.id).items() if rater != CONSENSUS}

    def disputes(self) -> dict[str, tuple[Place, ...]]:
        """Return the places at which raters differ, by item; items without any are not in it."""
        said = self.said()
        found = {item.id: disputed(self.form, item, said[item.id]) for item in self.items if item.id in said}
        return {item: differing for item, differing in found.items() if differing}

    def is_done(self, rater: str, item: Item, saved: Saved | None, said: Mapping[str, Entry]) -> bool:
        """Return whether nothing is left to answer: what is required, or every place that was disputed."""
        if saved is None:
            return False
        if rater != CONSENSUS:
            return is_complete(self.form, saved.entry)
        return all(value_at(saved.entry, place) is not None for place in disputed(self.form, item, said))

    def opinions(self, item: Item, said: Mapping[str, Entry]) -> list[Entry]:
        """Return what was said about an item by those who rated it in full, in an order that does not tell who."""
        full = {rater: entry for rater, entry in said.items() if is_complete(self.form, entry)}
        return opinions(full, item, self.random_seed)

    def only_disputed(self, item: Item, entry: Entry, said: Mapping[str, Entry]) -> Entry:
        """Return an entry of the one who settles without what the raters agree on, which is not asked."""
        kept = set(disputed(self.form, item, said))
        kept |= {place for place in places(self.form, item) if self.form.questions[place[1]].kind == "text"}
        about = tuple(
            {name: value for name, value in values.items() if (number, name) in kept}
            for number, values in enumerate(entry.about_answers)
        )
        about_item = {name: value for name, value in entry.about_item.items() if (None, name) in kept}
        return Entry(about, about_item, entry.note, entry.is_skipped)

    def settled(self, said: Mapping[str, Mapping[str, Entry]]) -> dict[str, Entry]:
        """Return what stands for each item that two raters have rated in full, by item."""
        third = self.ledger.current(CONSENSUS)
        found = {}
        for item in self.items:
            own = third[item.id].entry if item.id in third else None
            entry = settled(self.form, item, said.get(item.id, {}), own)
            if entry is not None:
                found[item.id] = entry
        return found


def rater_names(given: Sequence[str], earlier: Sequence[str], adjudicate: bool) -> tuple[str, ...]:
    """Return who rates: those of earlier commands first, and at the end who settles disagreements, if anybody does.

    Raises:
        InputError: a name that could not stand in an address or a sheet, or that is given twice.
    """
    names = [name.strip() for name in given]
    for name in names:
        if not _NAME.fullmatch(name):
            raise InputError(
                f'raters: "{name}": give letters, digits, spaces, - . and _, at most 40, beginning with a letter'
            )
        if name != CONSENSUS and name.casefold() == CONSENSUS:
            raise InputError(f'raters: "{name}": who settles disagreements is called {CONSENSUS}, in small letters')
    people = [name for name in dict.fromkeys((*earlier, *names)) if name != CONSENSUS]
    folded = [name.casefold() for name in people]
    for name in names:
        if names.count(name) > 1 or folded.count(name.casefold()) > 1:
            raise InputError(f'raters: "{name}" is named twice (capital letters do not count); name each once')
    return (*people, CONSENSUS) if adjudicate or CONSENSUS in (*names, *earlier) else tuple(people)
