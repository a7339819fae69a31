"""Prompts of the shipped benchmarks: definition, examples and input in chat and completion style."""

from __future__ import annotations

import pytest
import yaml

from selfinstruct import config as configs
from selfinstruct.errors import InputError
from selfinstruct.evaluation import BenchmarkOptions, Item
from selfinstruct.evaluation.rendering import prompt_sha256, render_item
from selfinstruct.records import Pair
from selfinstruct.shipped import data_root

EXAMPLES = (Pair("A bird sings.", "3"), Pair("Stop!", "1"), Pair("Go on.", "2"))
ITEM = Item("i", "task1", "c", "Count the words.\n", "I see.", ("2",), EXAMPLES)


def options(name: str, **changed: object) -> BenchmarkOptions:
    path = data_root() / "conf" / "benchmark" / f"{name}.yaml"
    plain = yaml.safe_load(path.read_text(encoding="utf-8")) | {"path": "x"} | changed
    return configs.build_section(BenchmarkOptions, plain, "benchmark")


def test_zero_shot_is_definition_and_input() -> None:
    request = render_item(options("superni"), "completion", ITEM)
    assert request.text == "Definition of the task: Count the words.\n\nInput: I see.\nOutput:"
    assert request.temperature == 0


def test_k_shot_shows_the_first_k_positive_examples_between_them() -> None:
    request = render_item(options("superni", shots=2), "chat", ITEM)
    assert request.messages[0].role == "system"
    assert request.messages[1].content == (
        "Definition of the task: Count the words.\n\nInput: A bird sings.\nOutput: 3\n\nInput: Stop!\nOutput: 1\n\n"
        "Input: I see.\nOutput:"
    )


def test_more_shots_than_a_task_has_examples_are_refused() -> None:
    with pytest.raises(InputError, match=r"benchmark\.shots=4: task1 has 3 positive examples"):
        render_item(options("superni", shots=4), "chat", ITEM)


@pytest.mark.parametrize(
    ("given", "chat", "completion"),
    [
        ("red", "Name a fruit.\n\nred", "Name a fruit.\n\nInput: red\nOutput:"),
        ("", "Name a fruit.", "Name a fruit.\n\nOutput:"),
    ],
)
def test_a_question_without_input_has_no_place_for_one(given: str, chat: str, completion: str) -> None:
    item = Item("i", "t", "c", "Name a fruit.", given, ())
    assert render_item(options("file"), "chat", item).messages[-1].content.strip() == chat
    assert render_item(options("file"), "completion", item).text == completion


def test_the_hash_of_a_prompt_tells_prompts_apart() -> None:
    zero, two = (render_item(options("superni", shots=shots), "chat", ITEM) for shots in (0, 2))
    assert prompt_sha256(zero) != prompt_sha256(two)
    assert prompt_sha256(zero) == prompt_sha256(render_item(options("superni"), "chat", ITEM))
