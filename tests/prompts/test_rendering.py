"""What is sent, in every style and form, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfinstruct.errors import InputError
from selfinstruct.prompts import (
    Example,
    Templates,
    check_templates,
    render_classification,
    render_instances,
    render_instructions,
)
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST, Message
from tests.prompts.templates import (
    LIST,
    SCENARIO,
    STAGES,
    shown,
    small,
    stage,
)


def test_items_are_numbered_from_one_and_the_next_number_is_left_open() -> None:
    request = render_instructions(small(), shown("Name a fruit.", "Bake bread."), False)
    assert request.text == "Tasks:\n1. Name a fruit.\n2. Bake bread.\n3."


def test_a_request_carries_the_sampling_of_its_stage() -> None:
    request = render_instructions(small(), shown("Name a fruit."), False)
    assert (request.stage, request.stop, request.max_tokens, request.repeat) == (INSTRUCTIONS, ("\n\n",), 10, 0)
    assert (request.temperature, request.top_p) == (0.7, 0.5)
    assert (request.frequency_penalty, request.presence_penalty) == (0.0, 2.0)


def test_white_space_is_folded_and_a_trailing_colon_removed() -> None:
    request = render_instructions(small(), shown("  Name   a fruit: ", "Ratio 1:2"), False)
    assert request.text == "Tasks:\n1. Name a fruit\n2. Ratio 1:2\n3."


def test_own_prompts_keep_items_of_several_lines_whole() -> None:
    request = render_instructions(small(), shown(SCENARIO), False)
    assert request.text == f"Tasks:\n1. {SCENARIO}\n2."


def test_published_prompts_fold_items_of_several_lines() -> None:
    request = render_instructions(small(compatibility="published"), shown(SCENARIO), False)
    folded = "Implement these steps: ```gherkin Scenario: Tea Given 2 cups ```"
    assert request.text == f"Tasks:\n1. {folded}\n2."


def test_text_of_an_example_is_never_read_as_a_template() -> None:
    request = render_instructions(small(), shown("Explain {{ next_number }} and {% for %}."), False)
    assert request.text == "Tasks:\n1. Explain {{ next_number }} and {% for %}.\n2."


def test_a_chat_template_fills_messages_and_a_completion_template_fills_text() -> None:
    chat = render_instructions(small("chat"), shown("Bake bread."), False)
    assert chat.text == ""
    assert chat.messages == (Message("system", "You invent tasks."), Message("user", "Tasks:\n1. Bake bread.\n2."))
    completion = render_instructions(small("completion"), shown("Bake bread."), False)
    assert completion.messages == () and "You invent tasks." not in completion.text


def test_an_empty_system_text_sends_no_system_message() -> None:
    assert [message.role for message in render_classification(small("chat"), "Sing.").messages] == ["user"]


def test_the_classification_question_shows_answers_as_yes_and_no() -> None:
    request = render_classification(small(), " Name it. ")
    assert (request.stage, request.text) == (CLASSIFICATION, "Sort it. Yes\nSing. No\nName it.")


def test_tasks_without_input_show_their_answer_directly() -> None:
    request = render_instances(small(), "Count.", is_classification=False)
    assert request.stage == INPUT_FIRST
    assert request.text == "Task: Add.\n1|1 1|2\n2|2 2|4\nTask: Sing.\n=La.\nTask: Count.\n"


def test_classification_tasks_are_asked_output_first() -> None:
    request = render_instances(small(), "Sort.", is_classification=True)
    assert (request.stage, request.text) == (OUTPUT_FIRST, "spam|Win!\nham|Hi.\nSort.")


def test_the_tasks_form_marks_a_missing_input(presets: dict[str, Templates]) -> None:
    examples = [Example("Name a fruit:", "", "Kiwi\n"), Example("Add.", "1 1", "2")]
    text = render_instructions(presets["alpaca"], examples, False).messages[1].content
    assert "###\n1. Instruction: Name a fruit\nInput: <noinput>\nOutput: Kiwi\n###\n2. Instruction: Add.\n" in text
    assert "Input: 1 1\nOutput: 2\n###\n" in text and "numbered 3 to 19" in text


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ exmaples }}", "'exmaples' is undefined"),
        ("{% for example in examples %}", "line 1"),
        ("{{ ().__class__.__bases__ }}", "unsafe"),
        ("{{ next_number + 'x' }}", "unsupported operand"),
    ],
)
def test_a_template_that_cannot_be_rendered_names_key_and_remedy(template: str, says: str) -> None:
    templates = replace(small(), instructions=stage(template))
    with pytest.raises(InputError, match=r"prompts\.instructions\.template.*may use examples, next_number") as caught:
        check_templates(templates)
    assert says in str(caught.value)


def test_a_fault_in_any_stage_is_found_before_anything_is_sent() -> None:
    check_templates(small())
    for name in STAGES:
        with pytest.raises(InputError, match=rf"prompts\.{name}\.template"):
            check_templates(replace(small(), **{name: stage("{{ nothing }}")}))


def test_a_system_text_with_a_fault_is_named_as_such() -> None:
    with pytest.raises(InputError, match=r"prompts\.instructions\.system"):
        check_templates(replace(small("chat"), instructions=stage(LIST, system="{{ nothing }}")))


def test_asking_for_a_stage_that_a_preset_lacks_is_an_input_error(presets: dict[str, Templates]) -> None:
    with pytest.raises(InputError, match=r"prompts\.classification_only: the preset bdd has no such template"):
        render_instructions(presets["bdd"], shown("Bake."), classification_only=True)
    with pytest.raises(InputError, match=r"prompts\.input_first: the preset alpaca"):
        render_instances(presets["alpaca"], "Bake.", is_classification=False)
