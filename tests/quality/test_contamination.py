"""What a dataset shares with evaluation sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.findings import Finding
from selfinstruct.quality.contamination import Overlap, as_lines, find_contamination, read_evaluation_set
from selfinstruct.records import Instance

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen"


def _set(tmp_path: Path, tasks: list[dict[str, object]], name: str = "exam.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(task) + "\n" for task in tasks), encoding="utf-8")
    return path


def _tasks(*instructions: str) -> list[dict[str, object]]:
    return [{"instruction": instruction} for instruction in instructions]


def test_a_run_of_exactly_13_words_overlaps_and_one_of_12_does_not(tmp_path: Path) -> None:
    exam = read_evaluation_set(_set(tmp_path, _tasks(f"Please read {LONG} aloud.")))
    (found,) = find_contamination([exam], [f"Now say {LONG.upper()}!"], [], 13)
    assert found.overlaps == (Overlap("exam", 0, "instruction", "ngram", LONG, "instruction", 0),)
    shorter = LONG.rpartition(" ")[0]
    (none,) = find_contamination([exam], [f"Now say {shorter} only."], [], 13)
    assert none.overlaps == ()


def test_short_instructions_overlap_when_they_are_equal_word_by_word(tmp_path: Path) -> None:
    exam = read_evaluation_set(_set(tmp_path, _tasks("Name a fruit.", "Name a tree.")))
    (found,) = find_contamination([exam], ["Sing.", "name a FRUIT", "Name a fruit you like."], [], 13)
    assert found.overlaps == (Overlap("exam", 0, "instruction", "exact", "name a fruit", "instruction", 1),)
    assert found.findings() == {
        "contamination.exam.share": Finding(1 / 2, 2),
        "contamination.exam.tasks": Finding(1.0, 1),
        "contamination.exam.exact_tasks": Finding(1.0, 1),
    }


def test_short_inputs_and_outputs_are_not_compared(tmp_path: Path) -> None:
    task = {"instruction": "Is it spam?", "instances": [{"input": "Buy now", "output": "Yes"}]}
    exam = read_evaluation_set(_set(tmp_path, [task]))
    (found,) = find_contamination([exam], ["Sort it."], [Instance("Sort it.", "Buy now", "Yes", True)], 13)
    assert found.overlaps == ()


def test_long_inputs_and_outputs_are_compared_with_every_text_of_the_dataset(tmp_path: Path) -> None:
    task = {
        "instruction": "Is it spam?",
        "instances": [{"input": "", "output": LONG}, {"input": f"x {LONG}", "output": "No"}],
    }
    exam = read_evaluation_set(_set(tmp_path, [task]))
    (found,) = find_contamination([exam], ["a", "b"], [Instance("b", f"{LONG} y", "z", False)], 13)
    assert [(one.field, one.found_in, one.instruction) for one in found.overlaps] == [
        ("input", "input", 1),
        ("output", "input", 1),
    ]
    assert found.touched_tasks == 1


def test_an_equal_instruction_is_exact_however_long_it_is(tmp_path: Path) -> None:
    exam = read_evaluation_set(_set(tmp_path, _tasks(f"{LONG} fourteen")))
    (found,) = find_contamination([exam], [f"Say {LONG}", f"{LONG}, fourteen."], [], 13)
    assert [(one.how, one.instruction) for one in found.overlaps] == [("exact", 1)]


def test_several_sets_are_told_apart_and_listed(tmp_path: Path) -> None:
    first = read_evaluation_set(_set(tmp_path, _tasks("Name a fruit."), "one.jsonl"))
    second = read_evaluation_set(_set(tmp_path, _tasks("Sing.", "Name a fruit."), "my-exam.v2.jsonl"))
    found = find_contamination([first, second], ["Name a fruit."], [], 13)
    assert [(one.name, one.touched_tasks, one.tasks) for one in found] == [("one", 1, 1), ("my_exam", 1, 2)]
    assert [(line["set"], line["task"]) for line in as_lines(found)] == [("one", 0), ("my_exam", 1)]
    assert find_contamination([], ["Name a fruit."], [], 13) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"exam\.jsonl: holds no task"),
        ('{"input": "x"}\n', r'exam\.jsonl:1: "instruction" is no text'),
        (
            '{"instruction": "a"}\n{"instruction": "a", "instances": 3}\n',
            r"exam\.jsonl:2: .*write evaluation sets like seed",
        ),
    ],
)
def test_a_faulty_set_is_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "exam.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_evaluation_set(tmp_path / "exam.jsonl")


def test_one_published_seed_is_also_an_evaluation_task(shared_data: Path) -> None:
    """Wang et al. 2023: of the instructions of the 252 user-oriented tasks, one is identical to that of a seed task."""
    exam = read_evaluation_set(shared_data / "self-instruct" / "user_oriented_instructions.jsonl")
    assert len(exam.tasks) == 252
    lines = (shared_data / "self-instruct" / "seed_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    (found,) = find_contamination([exam], [json.loads(line)["instruction"] for line in lines], [], 13)
    exact = [one for one in found.overlaps if one.how == "exact"]
    assert {one.shared for one in exact} == {"answer the following question"}
    assert [one.task for one in exact] == [89, 124]  # two tasks of the set have that one instruction
