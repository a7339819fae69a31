"""The shipped presets: what they say, what they hold, and what a preset may not hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from selfinstruct.prompts import (
    Templates,
    check_templates,
    render_classification,
    render_instructions,
)
from tests.prompts.templates import (
    PRESETS,
    STAGES,
    plain_preset,
    shown,
    typed,
)


@pytest.mark.parametrize("name", PRESETS)
def test_every_shipped_preset_composes_and_renders(name: str, presets: dict[str, Templates]) -> None:
    assert presets[name].name == name
    check_templates(presets[name])


@pytest.mark.parametrize("name", PRESETS)
def test_shipped_templates_hold_no_logic_but_loops(name: str) -> None:
    plain = plain_preset(name)
    texts = [plain[key][part] for key in STAGES if plain[key] for part in ("system", "template")]
    tags = {tag for text in texts for tag in re.findall(r"\{%-?\s*(\w+)", text)}
    assert tags <= {"for", "endfor"}
    assert not any("|" in part for text in texts for part in re.findall(r"\{\{(.*?)\}\}", text))


@pytest.mark.parametrize("name", PRESETS)
def test_continues_list_says_whether_the_prompt_ends_with_an_open_number(
    name: str, presets: dict[str, Templates]
) -> None:
    request = render_instructions(presets[name], shown("Bake.", "Sing."), False)
    prompt = request.text or request.messages[-1].content
    assert presets[name].continues_list == prompt.endswith("\n3.")


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_chat_templates_do_not_stop_at_a_blank_line(name: str, presets: dict[str, Templates]) -> None:
    stages = [getattr(presets[name], key) for key in STAGES]
    assert all("\n\n" not in part.stop and "\n" not in part.stop for part in stages if part)


def test_the_paper_preset_has_the_sampling_values_of_the_paper(presets: dict[str, Templates]) -> None:
    """Wang et al. 2023, section 3 and the code released with it; a top-p of 0 is written as temperature 0, top-p 1."""
    paper = presets["paper"]
    values = {
        key: (part.max_tokens, part.temperature, part.top_p, part.frequency_penalty, part.presence_penalty)
        for key in STAGES
        if (part := getattr(paper, key))
    }
    assert values == {
        "instructions": (1024, 0.7, 0.5, 0, 2),
        "classification_only": (1024, 0.7, 0.5, 0, 2),
        "classification": (3, 0, 1, 0, 0),
        "input_first": (350, 0, 1, 0, 1.5),
        "output_first": (300, 0, 1, 0, 1.5),
    }


def test_the_alpaca_preset_has_its_published_sampling_values(presets: dict[str, Templates]) -> None:
    part = presets["alpaca"].instructions
    assert (part.max_tokens, part.temperature, part.top_p, part.frequency_penalty) == (3072, 1, 1, 0)
    assert "\n20." in part.stop


@pytest.mark.parametrize(
    ("key", "value", "is_accepted"),
    [
        ("temperature", 2, True),
        ("temperature", 2.01, False),
        ("top_p", 0.01, True),
        ("top_p", 0, False),
        ("top_p", 1.01, False),
        ("presence_penalty", -2, True),
        ("presence_penalty", -2.01, False),
        ("max_tokens", 1, True),
        ("max_tokens", 0, False),
        ("stopp", [], False),
    ],
)
def test_values_out_of_range_and_unknown_keys_are_refused(key: str, value: Any, is_accepted: bool) -> None:
    plain = plain_preset("chat")
    plain["instructions"][key] = value
    if is_accepted:
        typed(plain)
    else:
        with pytest.raises(ValidationError, match=key):
            typed(plain)


def test_plain_text_requests_carry_no_schema(presets: dict[str, Templates]) -> None:
    assert render_instructions(presets["chat"], shown("Bake."), False).schema == ""
    assert render_classification(presets["chat"], "Bake.").schema == ""


@pytest.mark.parametrize("name", PRESETS)
def test_shipped_presets_ask_for_plain_text(name: str, presets: dict[str, Templates]) -> None:
    assert presets[name].structured == "off"
