"""What the training files are made of: kept instances and, if asked for, the seed tasks' own instances.

In come the instances of a run and its seed tasks; out comes one list that every training file is written from, so that
record n of alpaca.json is line n of openai_chat.jsonl and row n of dataset.parquet:

    TrainingRecord("Name the capital.", "Peru", "Lima", is_classification=False, source="machine")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selfinstruct.randomness import generator
from selfinstruct.records import Instance, SeedTask

MACHINE = "machine"
SEED = "seed"


@dataclass(frozen=True)
class TrainingRecord:
    """One training example; `source` says who wrote it, "machine" or "seed"."""

    instruction: str
    input: str
    output: str
    is_classification: bool | None
    source: str


def training_records(
    instances: Sequence[Instance], seeds: Sequence[SeedTask], shuffle: bool, random_seed: int
) -> list[TrainingRecord]:
    """Return the instances, then those of the seed tasks, without exact duplicates, shuffled if asked for.

    Of records with the same instruction, input and output the first one stays.

    Source: Wang et al. 2023, released code. There duplicates are looked for after the forms were drawn, so a pair that
    occurs twice may stay twice under two forms; here it never does.
    """
    first: dict[tuple[str, str, str], TrainingRecord] = {}
    for record in _in_order(instances, seeds):
        first.setdefault((record.instruction, record.input, record.output), record)
    records = list(first.values())
    if shuffle:
        generator(random_seed, "export", "shuffle").shuffle(records)
    return records


def _in_order(instances: Sequence[Instance], seeds: Sequence[SeedTask]) -> Iterator[TrainingRecord]:
    for instance in instances:
        yield TrainingRecord(instance.instruction, instance.input, instance.output, instance.is_classification, MACHINE)
    for task in seeds:
        for pair in task.instances:
            yield TrainingRecord(task.instruction, pair.input, pair.output, task.is_classification, SEED)
