"""What a model is trained on: the examples of the exports, some whole instructions held out, the same every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.finetune.data import CHAT, TEXT, DataOptions, Form, as_record, training_data
from selfinstruct.records import Instance, Pair, SeedSet, SeedTask
from selfinstruct.stages.export import ExportOptions, write_exports

INSTANCES = [Instance(f"Task {i // 3}.", f"given {i}", f"answer {i}", False) for i in range(30)]
SEEDS = (SeedTask("seed_0", "a seed", "Name a fish.", (Pair("", "carp"), Pair("of the sea", "cod")), False),)


def options(form: Form = CHAT, share: float = 0.0, seeds: bool = True, system: str = "") -> DataOptions:
    return DataOptions(form, seeds, "<|endoftext|>", system, share)


@pytest.mark.parametrize(("form", "file"), [(CHAT, "openai_chat.jsonl"), (TEXT, "prompt_completion.jsonl")])
def test_the_examples_are_the_lines_of_the_runs_own_exports(tmp_path: Path, form: Form, file: str) -> None:
    exported = ExportOptions((form,), True, "<|endoftext|>", "Be brief.", True, "en", "other")
    write_exports(tmp_path, INSTANCES, SeedSet("tiny", "high", SEEDS), exported, 42, {})
    data = training_data(INSTANCES, SEEDS, options(form, system="Be brief."), 42)
    lines = [json.loads(line) for line in (tmp_path / "export" / file).read_text().splitlines()]
    assert [as_record(one, form) for one in data.train] == lines and len(lines) == 32


def test_seed_tasks_can_be_left_out() -> None:
    assert len(training_data(INSTANCES, SEEDS, options(seeds=False), 42).train) == 30


def test_whole_instructions_are_held_out_until_the_share_is_reached() -> None:
    """0.2 of 30 is 6 examples; each instruction has 3, so that two instructions of the ten are held out."""
    data = training_data(INSTANCES, (), options(share=0.2), 42)
    assert (len(data.train), len(data.validation)) == (24, 6)
    sides = [{one.prompt.partition("\n")[0] for one in side} for side in (data.train, data.validation)]
    assert not sides[0] & sides[1] and len(sides[1]) == 2


def test_the_smallest_share_holds_out_one_instruction() -> None:
    assert len(training_data(INSTANCES, (), options(share=0.001), 42).validation) == 3


def test_the_same_seed_gives_the_same_digest_and_another_one_another() -> None:
    first, again, other = (training_data(INSTANCES, SEEDS, options(share=0.2), seed) for seed in (1, 1, 2))
    assert first == again and first.sha256 != other.sha256
    assert first.sha256 != training_data(INSTANCES, SEEDS, options(TEXT, 0.2), 1).sha256


def test_what_is_held_out_is_part_of_the_digest() -> None:
    assert len({training_data(INSTANCES, SEEDS, options(share=share), 1).sha256 for share in (0.0, 0.1, 0.3)}) == 3


def test_nothing_to_train_on_is_refused_with_the_remedy() -> None:
    for instances, share in (([], 0.0), (INSTANCES[:3], 0.5)):
        with pytest.raises(InputError, match="no example is left to train on"):
            training_data(instances, (), options(share=share), 42)
