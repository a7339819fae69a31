"""The shipped presets with answers bound to JSON schemas."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.models.structured import settle
from selfinstruct.prompts import (
    Templates,
    check_templates,
    render_classification,
    render_instances,
    render_instructions,
)
from tests.prompts.templates import (
    STAGES,
    plain_preset,
    shown,
    typed,
)


def settled(name: str) -> Templates:
    """A preset as it is sent with schemas."""
    return settle(replace(typed(plain_preset(name)), structured="always"), "openai/any")


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_every_chat_preset_can_be_sent_with_schemas(name: str) -> None:
    templates = settled(name)
    check_templates(templates)
    assert templates.structured == "always" and templates.schemas is None and not templates.continues_list


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_with_schemas_sampling_stays_and_nothing_stops_an_answer(name: str, presets: dict[str, Templates]) -> None:
    for key in STAGES:
        text, bound = getattr(presets[name], key), getattr(settled(name), key)
        assert (text is None) == (bound is None)
        if text:
            assert replace(bound, system=text.system, template=text.template, stop=text.stop) == text
            assert bound.stop == ()


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_each_prompt_with_a_schema_names_the_fields_of_that_schema(name: str) -> None:
    templates = settled(name)
    requests = [render_instructions(templates, shown("Bake.", "Sing."), False)]
    if name == "chat":
        requests.append(render_instructions(templates, shown("Bake.", "Sing."), True))
    if name != "alpaca":
        requests.append(render_classification(templates, "Bake."))
        requests += [render_instances(templates, "Bake.", is_classification) for is_classification in (False, True)]
    for request in requests:
        system = request.messages[0].content
        assert "JSON" in system
        for field in fields_of(json.loads(request.schema)):
            assert f'"{field}"' in system, request.stage


def fields_of(schema: dict[str, Any]) -> list[str]:
    inner = [schema["items"]] if "items" in schema else list(schema.get("properties", {}).values())
    return [*schema.get("properties", {}), *(name for part in inner for name in fields_of(part))]


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_texts_for_schemas_hold_no_logic_but_loops(name: str) -> None:
    plain = plain_preset(name)["schemas"]
    texts = [plain[key][part] for key in STAGES if plain[key] for part in ("system", "template")]
    tags = {tag for text in texts for tag in re.findall(r"\{%-?\s*(\w+)", text)}
    assert tags <= {"for", "endfor"}
    assert not any("|" in part for text in texts for part in re.findall(r"\{\{(.*?)\}\}", text))
