"""The shipped seed set `general`: 112 tasks of our own, 28 of them classification.

Reads conf/seeds/general.jsonl. Semantic correctness needs a reader; what a machine can check is checked here.
"""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from rouge_score import rouge_scorer

from selfinstruct import jsonl
from selfinstruct.text import count_words

SEEDS = Path(__file__).resolve().parents[1] / "conf" / "seeds" / "general.jsonl"
TASKS: list[dict[str, Any]] = [task for _, task in jsonl.read(SEEDS)]
BLOCKED = ["image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps"]
BLOCKED += ["draw", "plot", "go to"]
FENCED_PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def python_snippets(task: dict[str, Any]) -> list[str]:
    """The whole Python snippets a task answers with: fenced as python, or all of the output of a `python_` task."""
    outputs = [pair["output"] for pair in task["instances"]]
    fenced = [snippet for output in outputs for snippet in FENCED_PYTHON.findall(output)]
    return fenced + (outputs if task["name"].startswith("python_") else [])


def test_there_are_112_tasks_28_of_them_classification() -> None:
    assert len(TASKS) == 112
    assert sum(task["is_classification"] for task in TASKS) == 28


def test_ids_count_up_and_names_are_unique() -> None:
    assert [task["id"] for task in TASKS] == [f"general_{number:03d}" for number in range(112)]
    assert len({task["name"] for task in TASKS}) == 112


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["id"])
def test_every_task_has_the_published_shape(task: dict[str, Any]) -> None:
    assert list(task) == ["id", "name", "instruction", "instances", "is_classification"]
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", task["name"])
    assert task["instances"]
    for pair in task["instances"]:
        assert list(pair) == ["input", "output"]
        assert pair["output"].strip()
        assert pair["input"] != pair["output"]
        assert not pair["input"].endswith(":")
        assert not pair["output"].endswith(":")


def test_a_third_of_the_other_tasks_need_no_input_and_a_quarter_have_two_instances() -> None:
    others = [task for task in TASKS if not task["is_classification"]]
    assert sum(task["instances"][0]["input"] == "" for task in others) == 84 // 3
    assert sum(len(task["instances"]) == 2 for task in others) == 84 // 4


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["id"])
def test_no_instruction_trips_the_published_rules(task: dict[str, Any]) -> None:
    instruction = task["instruction"]
    assert 4 <= count_words(instruction) <= 150
    assert [word for word in BLOCKED if re.search(rf"\b{word}\b", instruction, re.IGNORECASE)] == []
    assert not instruction.startswith("Write a program")
    assert re.match(r"[A-Za-z0-9]", instruction)  # neither punctuation nor a non-ASCII character


def test_no_two_instructions_score_above_0_7() -> None:
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    pairs = itertools.combinations([task["instruction"] for task in TASKS], 2)
    alike = [(a, b) for a, b in pairs if scorer.score(a, b)["rougeL"].fmeasure > 0.7]
    assert alike == []


@pytest.mark.shared
def test_no_instruction_retells_a_published_seed_task(shared_data: Path) -> None:
    published = [task["instruction"] for _, task in jsonl.read(shared_data / "self-instruct" / "seed_tasks.jsonl")]
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    for task in TASKS:
        assert max(scorer.score(task["instruction"], text)["rougeL"].fmeasure for text in published) < 0.5, task["id"]


@pytest.mark.parametrize("task", [t for t in TASKS if t["is_classification"]], ids=lambda task: task["id"])
def test_classification_tasks_show_several_inputs_and_short_one_line_labels(task: dict[str, Any]) -> None:
    labels = [pair["output"] for pair in task["instances"]]
    inputs = [pair["input"] for pair in task["instances"]]
    assert 2 <= len(labels) <= 4
    assert len(set(labels)) >= 2
    assert len(set(inputs)) == len(inputs) and "" not in inputs
    assert [label for label in labels if "\n" in label or count_words(label) > 3] == []


def test_most_classification_instructions_name_their_labels() -> None:
    classification = [task for task in TASKS if task["is_classification"]]
    naming = [
        task for task in classification if all(pair["output"] in task["instruction"] for pair in task["instances"])
    ]
    assert len(naming) > len(classification) / 2


def test_python_answers_are_whole_snippets_that_compile() -> None:
    snippets = [snippet for task in TASKS for snippet in python_snippets(task)]
    assert len(snippets) == 5  # run length, two repairs, docstring, pytest module: none is overlooked
    for snippet in snippets:
        ast.parse(snippet)
