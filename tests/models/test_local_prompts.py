"""Requests as a model in this process reads them: its chat template, the plain layout, the text as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.errors import ProviderError
from selfinstruct.models.local_options import read_options
from selfinstruct.models.local_prompts import PLAIN_STOP, prompt_ids, stops_of
from selfinstruct.models.local_weights import LoadedModel, load_model
from selfinstruct.records import Message
from tests.models.local_requests import (
    request,
)
from tests.tiny_model import LOCAL_OPTIONS, make_tiny_model

pytest.importorskip("torch", reason="a model in this process needs selfinstruct[local]")
pytest.importorskip("transformers", reason="a model in this process needs selfinstruct[local]")
pytestmark = pytest.mark.usefixtures("in_one_thread")


def test_chat_goes_through_the_models_template_and_completion_mode_does_not(loaded: LoadedModel) -> None:
    chat = request(messages=(Message("system", "Be brief."), Message("user", "Why?")))
    text = loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, chat, "chat", {}))
    assert text == "<|system|>Be brief.<|user|>Why?<|assistant|>"
    plain = request(messages=(), text="Why?\nOutput:")
    assert loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, plain, "completion", {})) == "Why?\nOutput:"
    assert loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, plain, "chat", {})) == (
        "<|user|>Why?\nOutput:<|assistant|>"
    )


def test_a_model_without_a_chat_template_is_asked_in_the_plain_layout(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "base", has_chat_template=False)
    loaded = load_model(str(folder), "", None, read_options(LOCAL_OPTIONS))
    chat = request(messages=(Message("system", "Be brief."), Message("user", "Why?")), stop=("###",))
    text = loaded.tokenizer.decode(prompt_ids(loaded.tokenizer, chat, "chat", {}))
    assert text == "Be brief.\n\nUser: Why?\n\nAssistant:"
    assert stops_of(loaded.tokenizer, chat, "chat") == ("###", PLAIN_STOP)
    assert stops_of(loaded.tokenizer, chat, "completion") == ("###",)


def test_a_template_that_takes_no_system_message_gets_it_with_the_users(loaded: LoadedModel) -> None:
    import copy

    strict = copy.copy(loaded.tokenizer)
    strict.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "[{{ m.content }}]{% endfor %}"
    )
    chat = request(messages=(Message("system", "Be brief."), Message("user", "Why?")))
    assert strict.decode(prompt_ids(strict, chat, "chat", {})) == "[Be brief.\n\nWhy?]"
    strict.chat_template = "{{ raise_exception('never') }}"
    with pytest.raises(ProviderError, match=r"the chat template of this model refuses the messages \(never\)"):
        prompt_ids(strict, chat, "chat", {})
