"""Reading pairs: the published reading stated again, and the released instances of the domain study."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from selfinstruct import jsonl
from selfinstruct.parsing import read_input_first, read_output_first, read_tasks
from selfinstruct.records import Pair, PairItem

WORDS = ["two", "NASA", "été", "a\nb", "7 - 3", "Sentence: I slept.", "(x, y)", "no"]


def pairs(items: list[PairItem]) -> list[Pair]:
    return [item.pair for item in items]


def made_pairs(seed: int) -> list[Pair]:
    rng = random.Random(seed)
    return [
        Pair(" ".join(rng.sample(WORDS, rng.randint(1, 4))), " ".join(rng.sample(WORDS, rng.randint(1, 4))))
        for _ in range(rng.randint(1, 5))
    ]


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("compatibility", ["own", "published"])
def test_both_readings_give_back_the_pairs_of_a_well_formed_input_first_answer(seed: int, compatibility: str) -> None:
    expected = made_pairs(seed)
    answer = "\n".join(f"Example {n}\nInput: {pair.input}\nOutput: {pair.output}" for n, pair in enumerate(expected, 1))
    assert pairs(read_input_first(answer, "stop", (), compatibility)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("compatibility", ["own", "published"])
def test_both_readings_give_back_the_pairs_of_a_well_formed_output_first_answer(seed: int, compatibility: str) -> None:
    expected = [Pair(pair.input, pair.output.replace("\n", " ")) for pair in made_pairs(seed)]
    answer = "\n".join(f"Class label: {pair.output}\n{pair.input}" for pair in expected)
    assert pairs(read_output_first(answer, "stop", (), compatibility)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("compatibility", ["own", "published"])
def test_both_readings_give_back_well_formed_whole_tasks(seed: int, compatibility: str) -> None:
    expected = made_pairs(seed)
    parts = [f"{n}. Instruction: Do {n}.\nInput: {p.input}\nOutput: {p.output}\n" for n, p in enumerate(expected, 1)]
    items = read_tasks("###\n".join(parts), "stop", (), compatibility)  # type: ignore[arg-type]
    assert [item.pairs[0] for item in items] == expected
    assert [item.text for item in items] == [f"Do {n}." for n in range(1, len(expected) + 1)]


def test_the_raw_part_of_each_pair_is_kept() -> None:
    answer = "Example 1\nInput: 2\nOutput: 4\n\nExample 2\nInput: 3\nOutput: 6"
    own = read_input_first(answer, "stop", (), "own")
    assert [item.text for item in own] == ["Example 1\nInput: 2\nOutput: 4", "Example 2\nInput: 3\nOutput: 6"]


def test_an_unreadable_answer_keeps_all_its_text() -> None:
    [item] = read_input_first("An oak.", "stop", (), "own")
    assert (item.pair, item.text, item.verdict.rule, item.verdict.saw) == (
        Pair("", ""),
        "An oak.",
        "unreadable",
        "An oak.",
    )


@pytest.mark.shared
def test_leaked_tasks_are_cut_from_the_domain_study_instances(shared_data: Path) -> None:
    """821 of the 1,046 outputs hold a leaked `Task:`. Own cuts all but one, which is nothing but such a line.

    Where the released *input* holds the leak already (the model ran on before any `Output:`), the answer had no output
    and is unreadable: 18. Nothing else is lost: every answer gives exactly one item.
    """
    path = shared_data / "selfbehave" / "high_quality_generated_instances.jsonl"
    records = [record for _, record in jsonl.read(path)]
    assert (len(records), sum("Task:" in record["output"] for record in records)) == (1046, 821)
    rules: Counter[str] = Counter()
    leaking = 0
    for record in records:
        label = f"Input: {record['input']}\n" if record["input"] else ""
        [item] = read_input_first(f"{label}Output: {record['output']}", "stop", (), "own")
        rules[item.verdict.rule] += 1
        leaking += "Task:" in item.pair.output
        if "Task:" not in record["input"] + record["output"]:
            assert item.pair == Pair(record["input"].strip(), record["output"].strip())
    assert rules == {"kept": 1028, "unreadable": 18}
    assert leaking == 1


@pytest.mark.shared
def test_the_seed_tasks_survive_being_written_and_read(shared_data: Path) -> None:
    """All 175 tasks of the paper, through each reader in the form it asks for."""
    for _, task in jsonl.read(shared_data / "self-instruct" / "seed_tasks.jsonl"):
        given = [Pair(str(pair["input"]).strip(), str(pair["output"]).strip()) for pair in task["instances"]]
        _check_input_first(given)
        _check_tasks(task["instruction"].strip(), given)
        if task["is_classification"]:
            answer = "".join(f"Class label: {pair.output}\n{pair.input}\n" for pair in given)
            assert pairs(read_output_first(answer, "stop", (), "own")) == given, json.dumps(task)


def _check_input_first(given: list[Pair]) -> None:
    parts = [
        f"Example {number}\nInput: {pair.input}\nOutput: {pair.output}" if pair.input else f"Output: {pair.output}"
        for number, pair in enumerate(given, start=1)
    ]
    assert pairs(read_input_first("\n\n".join(parts), "stop", (), "own")) == given


def _check_tasks(instruction: str, given: list[Pair]) -> None:
    parts = [
        f"Instruction: {instruction}\nInput: {pair.input or '<noinput>'}\nOutput: {pair.output}\n" for pair in given
    ]
    items = read_tasks("###\n".join(parts), "stop", (), "own")
    assert [(item.text, *item.pairs) for item in items] == [(instruction, pair) for pair in given]
