"""The 13 forms of the paper, the completion that belongs to each, and the published preprocessing of the input."""

from __future__ import annotations

from collections import Counter

import pytest

from selfinstruct.stages.training_forms import (
    FORMS_WITH_INPUT,
    FORMS_WITHOUT_INPUT,
    fill_form,
    in_random_form,
    simplify_input,
)

END = "<|endoftext|>"

# Wang et al. 2023, released code, as listed in the method's published facts; I = "Add.", X = "1 and 2", output "3".
WITH_INPUT = [
    ("Add.\nInput: 1 and 2\nOutput:", " 3<|endoftext|>"),
    ("Add.\n\nInput: 1 and 2\n\nOutput:", " 3<|endoftext|>"),
    ("Task: Add.\nInput: 1 and 2\nOutput:", " 3<|endoftext|>"),
    ("Add.\n\n1 and 2\n\nOutput:", " 3<|endoftext|>"),
    ("Add.\n\n1 and 2\n\n", "3<|endoftext|>"),
    ("Add.\n1 and 2\n\n", "3<|endoftext|>"),
    ("Task: Add.\n\n1 and 2\n\n", "3<|endoftext|>"),
]
WITHOUT_INPUT = [
    ("Add. Output:", " 3<|endoftext|>"),
    ("Add.\nOutput:", " 3<|endoftext|>"),
    ("Add.\n\nOutput:", " 3<|endoftext|>"),
    ("Add.\n", "3<|endoftext|>"),
    ("Add.\n\n", "3<|endoftext|>"),
    ("Task: Add.\n\n", "3<|endoftext|>"),
]


def test_there_are_seven_forms_with_input_and_six_without():
    assert (len(set(FORMS_WITH_INPUT)), len(set(FORMS_WITHOUT_INPUT))) == (7, 6)


@pytest.mark.parametrize(("form", "expected"), list(zip(FORMS_WITH_INPUT, WITH_INPUT, strict=True)))
def test_a_form_with_input_has_its_published_text(form, expected):
    filled = fill_form(form, "Add.", "1 and 2", "3", END)
    assert (filled.prompt, filled.completion) == expected


@pytest.mark.parametrize(("form", "expected"), list(zip(FORMS_WITHOUT_INPUT, WITHOUT_INPUT, strict=True)))
def test_a_form_without_input_has_its_published_text(form, expected):
    filled = fill_form(form, "Add.", "", "3", END)
    assert (filled.prompt, filled.completion) == expected


def test_white_space_at_the_ends_is_removed_and_braces_stay():
    filled = fill_form(FORMS_WITH_INPUT[5], " Fill {input}. \n", "\n{x: {}}\n", " {output} ", "</s>")
    assert filled.prompt == "Fill {input}.\n{x: {}}\n\n"
    assert filled.completion == "{output}</s>"


def test_an_instruction_that_ends_like_a_label_does_not_decide_the_space():
    filled = fill_form(FORMS_WITHOUT_INPUT[4], "Complete the word Output:", "", "x", END)
    assert filled.completion == "x<|endoftext|>"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Sentence: I am here.", "I am here."),  # one field name
        ("Sentence:", ""),  # nothing but the field name
        ("I am here.", "I am here."),  # no colon
        (": I am here.", ": I am here."),  # no word right before the colon
        ("Sentence : I am here.", "Sentence : I am here."),  # a space between word and colon
        ("Name: Ann\nAge: 9", "Name: Ann\nAge: 9"),  # two distinct words
        ("Line: a\nLine: b", "a\nLine: b"),  # one distinct word, twice: only the first goes
        ("line: a\nLine: b", "line: a\nLine: b"),  # case makes two words distinct
        ("Größe:3", "3"),  # words of any script
        ("We meet at 10:30", "30"),  # the published rule's fault: a time is taken for a field
        ("(aloud): no. Note: yes", "no. Note: yes"),  # its other fault: the cut is at the first colon, whosever it is
        ("a\n\nb", "a\nb"),
        ("a\nb", "a\nb"),
        ("a\n\n\nb", "a\n\nb"),
        ("Text:\n\na\n\nb\n", "a\nb"),
        ("  a  ", "a"),
    ],
)
def test_the_input_is_simplified_by_the_published_rule(given, expected):
    assert simplify_input(given) == expected


def _form_of(prompt: str, instruction: str, given: str) -> str:
    forms = FORMS_WITH_INPUT if given else FORMS_WITHOUT_INPUT
    found = [form for form in forms if fill_form(form, instruction, given, "", "").prompt == prompt]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("given", "forms"), [("some words", FORMS_WITH_INPUT), ("", FORMS_WITHOUT_INPUT)])
def test_every_form_occurs_about_equally_often(given, forms):
    names = [f"Task number {number}." for number in range(2000)]
    drawn = Counter(_form_of(in_random_form(name, given, "x", END, 42).prompt, name, given) for name in names)
    expected = 2000 / len(forms)
    # A count has a standard deviation of about sqrt(expected), here 17 or 18; five of them.
    assert set(drawn) == set(forms)
    assert all(abs(count - expected) < 90 for count in drawn.values())


def test_white_space_alone_is_no_input():
    prompts = {in_random_form("Add.", " \n", "3", END, seed).prompt for seed in range(200)}
    assert prompts == {prompt for prompt, _ in WITHOUT_INPUT}


def test_half_of_the_inputs_lose_their_field_name():
    prompts = [in_random_form(f"Task number {n}.", "Sentence: hello", "x", END, 42).prompt for n in range(2000)]
    kept = sum("Sentence:" in prompt for prompt in prompts)
    # 1,000 expected, standard deviation sqrt(2000 / 4) = 22.4; five of them.
    assert abs(kept - 1000) < 112


def test_half_of_the_inputs_with_two_field_names_lose_their_blank_lines_only():
    prompts = [in_random_form(f"Task {n}.", "A: 1\n\nB: 2", "x", END, 42).prompt for n in range(400)]
    assert {"A: 1\n\nB: 2" in prompt or "A: 1\nB: 2" in prompt for prompt in prompts} == {True}
    assert 150 < sum("A: 1\n\nB: 2" in prompt for prompt in prompts) < 250  # 200, standard deviation 10


def test_an_input_that_was_only_a_field_name_gets_a_form_without_input():
    prompts = {in_random_form("Add.", "Sentence:", "3", END, seed).prompt for seed in range(200)}
    without = {prompt for prompt, _ in WITHOUT_INPUT}
    assert without < prompts
    assert all("Sentence:" in prompt for prompt in prompts - without)


def test_the_same_seed_draws_the_same_form_and_another_seed_does_not_always():
    first = [in_random_form("Add.", "1 and 2", "3", END, seed) for seed in range(20)]
    assert first == [in_random_form("Add.", "1 and 2", "3", END, seed) for seed in range(20)]
    assert len(set(first)) > 1
