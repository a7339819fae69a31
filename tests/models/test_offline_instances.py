"""Classification answers and instances of the offline model."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from selfinstruct.models.offline import answer
from selfinstruct.models.offline.general import is_classification, needs_input
from selfinstruct.models.offline.instances import read_labels
from selfinstruct.prompts import render_classification, render_instances
from tests.models.offline_requests import (
    CONF,
    EXAMPLES,
    SCENARIO,
    new_tasks,
    options_with,
    preset,
)


@pytest.mark.parametrize("name", ("paper", "chat"))
@pytest.mark.parametrize(
    ("task", "word"), [("Classify the email as spam or ham.", "Yes"), ("Bake bread.", "No"), (SCENARIO, "No")]
)
def test_classification_is_answered_plausibly(name: str, task: str, word: str) -> None:
    request = render_classification(preset(name), task)
    assert answer(request, "grammar", options_with()).text == word
    wrong = answer(request, "grammar", options_with(wrong_answer=1.0)).text
    assert {word, wrong} == {"Yes", "No"}


def test_nine_in_ten_shipped_seeds_are_told_apart() -> None:
    path = CONF / "seeds" / "general.jsonl"
    tasks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    right = [is_classification(task["instruction"]) == task["is_classification"] for task in tasks]
    assert sum(right) / len(right) > 0.9


def test_chatter_says_more_than_one_word() -> None:
    request = render_classification(preset("chat"), "Bake bread.")
    texts = {answer(replace(request, repeat=i), "grammar", options_with(chatter=1.0)).text for i in range(40)}
    assert len(texts) == 6 and "No" not in texts


def instances(task: str, is_classification_task: bool = False, **rates: float) -> str:
    request = render_instances(preset("chat"), task, is_classification_task)
    return answer(request, "grammar", options_with(**rates)).text


def test_a_task_with_input_gets_examples_and_a_task_without_gets_its_output() -> None:
    assert needs_input(EXAMPLES[1]) and not needs_input(EXAMPLES[0])
    assert re.match(r"Example 1\nInput: \S.+\nOutput: \S", instances(EXAMPLES[1]))
    assert re.fullmatch(r"Output: \S.+", instances(EXAMPLES[0]))
    compile(instances(SCENARIO).removeprefix("Output: "), "steps.py", "exec")


def test_classification_tasks_get_an_input_for_each_label() -> None:
    text = instances(EXAMPLES[3], True)
    assert re.findall(r"Class label: (\w+)\n\S", text) == ["positive", "negative", "neutral"]


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("Classify this tweet on snow as sport, politics or science.", ["sport", "politics", "science"]),
        ("Is the given mail spam or not spam?", ["spam", "not spam"]),
        ("Detect sarcasm.", ["yes", "no"]),
        ("Label it with one of these categories: red, green or dark blue.", ["red", "green", "dark blue"]),
    ],
)
def test_labels_are_read_from_the_task(task: str, labels: list[str]) -> None:
    assert read_labels(task) == labels


def test_each_fault_of_an_instance_is_made() -> None:
    task = EXAMPLES[1]
    assert re.search(r"Output: (\n|$)", instances(task, empty_output=1.0))
    same = instances(task, input_equals_output=1.0)
    assert any(given == output for given, output in re.findall(r"Input: (.*)\nOutput: (.*)", same))
    assert re.search(r":(\n|$)", instances(task, colon_ending=1.0))
    doubled = re.findall(r"Input: (.*)\nOutput: (.*)", instances(task, duplicate_instance=1.0))
    assert len(set(doubled)) == len(doubled) - 1
    conflicting = re.findall(r"Input: (.*)\nOutput: (.*)", instances(task, conflicting_outputs=1.0))
    assert len({given for given, _ in conflicting}) == len(conflicting) - 1 == len(set(conflicting)) - 1
    assert "Output:" not in instances(task, unreadable=1.0)
    assert "Class label:" not in instances(EXAMPLES[3], True, unreadable=1.0)
    with pytest.raises(SyntaxError):
        compile(instances(SCENARIO, broken_code=1.0).removeprefix("Output: "), "steps.py", "exec")


def test_the_tasks_form_holds_instruction_input_and_output() -> None:
    text = answer(new_tasks("alpaca"), "grammar", options_with()).text
    parts = text.split("\n###\n")
    assert len(parts) == 15
    for number, part in enumerate(parts, start=5):
        assert re.fullmatch(rf"{number}\. Instruction: .+\nInput: .+\nOutput: .+", part), part
    assert any("Input: <noinput>" in part for part in parts)
    broken = answer(new_tasks("alpaca"), "grammar", options_with(unreadable=1.0)).text
    assert "Output:" not in broken
