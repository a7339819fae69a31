"""The list that all training files are written from."""

from __future__ import annotations

from selfinstruct.records import Instance, Pair, SeedTask
from selfinstruct.stages.training_records import TrainingRecord, training_records

LIMA = Instance("Name the capital.", "Peru", "Lima", False)
PARIS = Instance("Name the capital.", "France", "Paris", None)
SEEDS = (
    SeedTask("s0", "tone", "Is it kind?", (Pair("Thanks!", "yes"), Pair("Go away.", "no")), True),
    SeedTask("s1", "capital", "Name the capital.", (Pair("Peru", "Lima"),), False),
)


def test_instances_come_before_those_of_the_seed_tasks_and_keep_their_kind():
    assert training_records([PARIS, LIMA], SEEDS[:1], False, 42) == [
        TrainingRecord("Name the capital.", "France", "Paris", None, "machine"),
        TrainingRecord("Name the capital.", "Peru", "Lima", False, "machine"),
        TrainingRecord("Is it kind?", "Thanks!", "yes", True, "seed"),
        TrainingRecord("Is it kind?", "Go away.", "no", True, "seed"),
    ]


def test_of_equal_records_the_first_one_stays():
    records = training_records([LIMA, PARIS, LIMA], SEEDS[1:], False, 42)
    assert [(record.input, record.source) for record in records] == [("Peru", "machine"), ("France", "machine")]


def test_records_that_differ_in_one_text_only_all_stay():
    near = [
        LIMA,
        Instance("Name the capital!", "Peru", "Lima", False),
        Instance("Name the capital.", "", "Lima", False),
    ]
    assert len(training_records([*near, Instance("Name the capital.", "Peru", "Lima.", False)], (), False, 42)) == 4


def test_shuffling_is_seeded_and_loses_nothing():
    instances = [Instance(f"Task {number}.", "", "x", None) for number in range(50)]
    plain = training_records(instances, (), False, 42)
    shuffled = training_records(instances, (), True, 42)
    assert shuffled == training_records(instances, (), True, 42)
    assert shuffled != plain
    assert shuffled != training_records(instances, (), True, 43)
    assert sorted(shuffled, key=str) == sorted(plain, key=str)


def test_no_instances_and_no_seeds_are_no_records():
    assert training_records([], (), True, 42) == []
