"""A provider's response as our completion."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from selfinstruct.models.calls import read_answer
from selfinstruct.models.gateway import ModelOptions

OPTIONS = ModelOptions("openai/m", "chat", None, None, "", None, None, {})


def response(said: str) -> SimpleNamespace:
    choice = SimpleNamespace(message=SimpleNamespace(content=said), finish_reason="length")
    usage = SimpleNamespace(prompt_tokens=3, completion_tokens=4)
    return SimpleNamespace(choices=[choice], usage=usage, model="m-2")


@pytest.mark.parametrize(("said", "text"), [("so \ud83d", "so \ufffd"), ("so \U0001f600", "so \U0001f600")])
def test_an_answer_cut_in_the_middle_of_a_character_can_be_stored(said: str, text: str) -> None:
    found = read_answer(response(said), OPTIONS, 0.1)
    assert (found.text, found.completion_tokens) == (text, 4)
    found.text.encode("utf-8")
