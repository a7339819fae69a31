"""What the offline model reads in a prompt."""

from __future__ import annotations

import pytest

from selfinstruct.models.offline.reading import LIST, OTHER, TASKS, read_prompt
from selfinstruct.prompts import render_classification, render_instances
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, OUTPUT_FIRST
from tests.models.offline_requests import (
    EXAMPLES,
    SCENARIO,
    new_tasks,
    preset,
    prompt_of,
)


@pytest.mark.parametrize(
    ("name", "kind", "open_at", "last"),
    [("paper", LIST, "5.", 16), ("chat", LIST, "", 12), ("bdd", LIST, "", 12), ("alpaca", TASKS, "", 19)],
)
def test_bootstrapping_prompts_of_every_preset_are_read(name: str, kind: str, open_at: str, last: int) -> None:
    request = new_tasks(name)
    reading = read_prompt(prompt_of(request), request.stop)
    assert (reading.kind, reading.open_at) == (kind, open_at)
    assert reading.examples == EXAMPLES
    assert (reading.next_number, reading.last_number) == (5, last)


def test_scenarios_stay_whole_in_the_examples_of_a_chat_prompt() -> None:
    request = new_tasks("bdd", (SCENARIO, SCENARIO))
    reading = read_prompt(prompt_of(request), request.stop)
    assert reading.examples == (SCENARIO, SCENARIO) and reading.has_blank_lines


@pytest.mark.parametrize("name", ("paper", "chat", "bdd"))
@pytest.mark.parametrize("task", ("Name three fruits.", SCENARIO, "Sort:\n\n1. a\n2. b"))
def test_the_prompts_of_the_later_stages_are_read(name: str, task: str) -> None:
    templates = preset(name)
    for request, kind in (
        (render_classification(templates, task), CLASSIFICATION),
        (render_instances(templates, task, False), INPUT_FIRST),
        (render_instances(templates, task, True), OUTPUT_FIRST),
    ):
        reading = read_prompt(prompt_of(request), request.stop)
        assert (reading.kind, reading.target) == (kind, task)


@pytest.mark.parametrize(
    ("prompt", "kind", "examples", "numbers"),
    [
        ("1) Name a fruit.\n2) Bake.\n3)", LIST, ("Name a fruit.", "Bake."), (3, 10)),
        ("**1.** Name a fruit.\n**2.** Bake.\n\nPlease add 3 more tasks.", LIST, ("Name a fruit.", "Bake."), (3, 5)),
        ("1. Do:\n1. a\n2. b\n2. Bake.\n3. Sing.\n4.", LIST, ("Do:\n1. a\n2. b", "Bake.", "Sing."), (4, 11)),
        ("Rules:\n1. Be short.\n\n###\n1. Instruction: Bake\n1. Input:\nx\n1. Output:\ny\n###\n2. Instruction: Sing\n"
         "2. Input:\nx\n2. Output:\n###\n3. Instruction:", TASKS, ("Bake", "Sing"), (3, 10)),
        ("What is love?", OTHER, (), (1, 8)),
    ],
)  # fmt: skip
def test_variants_of_prompts_are_read(
    prompt: str, kind: str, examples: tuple[str, ...], numbers: tuple[int, int]
) -> None:
    reading = read_prompt(prompt, ())
    assert (reading.kind, reading.examples) == (kind, examples)
    assert (reading.next_number, reading.last_number) == numbers
