"""What a benchmark holds: items with their references, and a digest of what makes two benchmarks the same.

Item(id="task1-0", task="task1_word_count", category="Word Analysis", instruction="Count the words of the sentence.",
     input="I see a bird.", references=("4", "four"), examples=(Pair("Sing.", "1"),))
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.jsonl import canonical
from selfinstruct.randomness import generator
from selfinstruct.records import Pair
from selfinstruct.text import whole_characters


@dataclass(frozen=True)
class Item:
    """One question of a benchmark. `references`: right answers, none where only people or a judge can tell.

    task: what its items have in common, and the cluster of every interval. examples: solved ones, best first.
    """

    id: str
    task: str
    category: str
    instruction: str
    input: str
    references: tuple[str, ...]
    examples: tuple[Pair, ...] = ()

    @property
    def sha256(self) -> str:
        """12 hexadecimal digits of what is asked and what is right; the examples are part of the prompt, not of it."""
        return _digest([self.instruction, self.input, list(self.references)])


@dataclass(frozen=True)
class Benchmark:
    """A benchmark's name and its items, in file order. `available`: how many there were before a sample was drawn."""

    name: str
    items: tuple[Item, ...]
    available: int

    @property
    def sha256(self) -> str:
        """12 hexadecimal digits of the items."""
        return _digest([[item.id, item.task, item.category, item.sha256] for item in self.items])


def id_of(record: Mapping[str, Any], default: str) -> str:
    """Return what a line calls itself, also where that is 0; `default` where it has no name."""
    given = record.get("id")
    return default if given is None or given == "" else str(given)


def with_whole_characters(item: Item) -> Item:
    """Return an item whose texts can be sent and written: half a character, as JSON may hold, becomes U+FFFD."""
    return replace(
        item,
        id=whole_characters(item.id),
        category=whole_characters(item.category),
        task=whole_characters(item.task),
        instruction=whole_characters(item.instruction),
        input=whole_characters(item.input),
        references=tuple(map(whole_characters, item.references)),
        examples=tuple(Pair(whole_characters(one.input), whole_characters(one.output)) for one in item.examples),
    )


def sampled(items: Sequence[Item], sample: int | None, random_seed: int, name: str) -> tuple[Item, ...]:
    """Return so many of the items, in file order; None: all. A larger sample holds every item of a smaller one."""
    if sample is None or sample >= len(items):
        return tuple(items)
    places = list(range(len(items)))
    generator(random_seed, "evaluation", name).shuffle(places)
    return tuple(items[place] for place in sorted(places[:sample]))


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]
