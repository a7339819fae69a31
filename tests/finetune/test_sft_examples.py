"""What a model is trained on, as tokens: prompts carry no loss, completions do, and the end of text is one of them."""

from __future__ import annotations

from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.finetune.data import CHAT, TEXT, Example
from selfinstruct.finetune.sft_examples import NO_LOSS, encode, ready_tokenizer, tokens_of
from selfinstruct.models.local_prompts import prompt_ids
from selfinstruct.records import Message, Request
from tests.tiny_model import make_tokenizer

pytest.importorskip("transformers", reason="fine-tuning needs selfinstruct[train]")

EXAMPLE = Example("Name the capital.\n\nInput: Peru\n\nOutput:", " Lima")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer()


def read(tokenizer: Any, tokens: Any) -> str:
    return str(tokenizer.decode(list(tokens)))


def test_the_loss_is_on_the_completion_and_its_end_and_nowhere_else(tokenizer: Any) -> None:
    row = encode([EXAMPLE], TEXT, tokenizer, most=1024, too_long="drop").rows[0]
    learned = [label for label in row.labels if label != NO_LOSS]
    assert read(tokenizer, learned) == " Lima<|endoftext|>"
    assert learned[-1] == tokenizer.eos_token_id
    asked = len(row.tokens) - len(learned)
    assert row.labels[:asked] == (NO_LOSS,) * asked
    assert row.labels[asked:] == row.tokens[asked:]
    assert read(tokenizer, row.tokens) == EXAMPLE.prompt + " Lima<|endoftext|>"


def test_an_end_of_text_that_is_already_there_is_not_put_twice(tokenizer: Any) -> None:
    ended = Example(EXAMPLE.prompt, " Lima<|endoftext|>")
    assert tokens_of(ended, TEXT, tokenizer) == tokens_of(EXAMPLE, TEXT, tokenizer)


def test_the_prompt_has_the_tokens_that_it_will_have_when_the_tuned_model_is_asked(tokenizer: Any) -> None:
    """Line breaks at the seam: together with the answer they might be other tokens than alone."""
    example = Example("Name the capital of Peru.\n\n", "Lima")
    asked = Request("x", (), example.prompt, 9, 0.0, 1.0, 0.0, 0.0, ())
    assert tokens_of(example, TEXT, tokenizer)[0] == prompt_ids(tokenizer, asked, "completion", {})


def test_a_chat_is_trained_in_the_models_template_from_where_the_assistant_begins(tokenizer: Any) -> None:
    prompt, completion = tokens_of(Example("Why?", "Because.", system="Be brief."), CHAT, tokenizer)
    assert read(tokenizer, prompt) == "<|system|>Be brief.<|user|>Why?<|assistant|>"
    assert read(tokenizer, completion) == "Because.<|endoftext|>"
    chat = (Message("system", "Be brief."), Message("user", "Why?"))
    asked = Request("x", chat, "", 9, 0.0, 1.0, 0.0, 0.0, ())
    assert prompt == prompt_ids(tokenizer, asked, "chat", {})


def test_a_base_model_gets_the_plain_layout_as_its_template() -> None:
    tokenizer = ready_tokenizer(make_tokenizer(has_chat_template=False), CHAT)
    prompt, completion = tokens_of(Example("Why?", "Because."), CHAT, tokenizer)
    assert read(tokenizer, prompt) == "User: Why?\n\nAssistant:"
    assert read(tokenizer, completion) == " Because.<|endoftext|>"
    assert ready_tokenizer(make_tokenizer(has_chat_template=False), TEXT).chat_template is None


def test_a_template_that_opens_the_answer_in_its_own_way_still_teaches_the_answer_and_its_end(tokenizer: Any) -> None:
    import copy

    thinking = copy.copy(tokenizer)
    thinking.chat_template = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|><think></think>{% endif %}"
    )
    prompt, completion = tokens_of(Example("Why?", "Because."), CHAT, thinking)
    assert read(thinking, prompt) == "<|user|>Why?\n<|assistant|><think></think>"
    assert read(thinking, completion) == "Because.<|endoftext|>"


def test_what_is_too_long_is_dropped_cut_or_refused_and_always_counted(tokenizer: Any) -> None:
    """Lengths in tokens: the short one L, the long one far more; at most L are allowed."""
    prompt, completion = tokens_of(EXAMPLE, TEXT, tokenizer)
    most = len(prompt) + len(completion)
    long = Example(EXAMPLE.prompt, " Lima" * 20)
    endless = Example("Name the capital." * 20, " Lima")
    examples = [EXAMPLE, long, endless]
    dropped = encode(examples, TEXT, tokenizer, most, "drop")
    assert (len(dropped.rows), dropped.dropped, dropped.cut) == (1, 2, 0)
    assert dropped.longest == max(sum(map(len, tokens_of(one, TEXT, tokenizer))) for one in examples)
    cut = encode(examples, TEXT, tokenizer, most, "cut")
    assert (len(cut.rows), cut.dropped, cut.cut) == (2, 1, 1)
    assert len(cut.rows[1].tokens) == most
    assert tokenizer.eos_token_id not in cut.rows[1].tokens
    with pytest.raises(InputError, match=r"training example 2 has \d+ tokens, finetune\.max_length="):
        encode(examples, TEXT, tokenizer, most, "refuse")
    assert encode(examples[:1], TEXT, tokenizer, most, "refuse").rows == dropped.rows
    assert encode(examples, TEXT, tokenizer, most - 1, "drop").rows == ()


@pytest.mark.parametrize("form", [TEXT, CHAT])
@pytest.mark.parametrize(
    "text", ["Größe: 5 µm", "水果的名字", "💧\u200d", "a\tb\u2028c", "<|endoftext|> in the middle"]
)
def test_any_text_is_learned_as_it_is(tokenizer: Any, form: str, text: str) -> None:
    prompt, completion = tokens_of(Example(f"{text}?", f" {text}!"), form, tokenizer)
    assert f"{text}?" in read(tokenizer, prompt)
    assert read(tokenizer, completion) == f" {text}!<|endoftext|>" and completion[-1] == tokenizer.eos_token_id


def test_tokens_are_counted(tokenizer: Any) -> None:
    prompt, completion = tokens_of(EXAMPLE, TEXT, tokenizer)
    encoded = encode([EXAMPLE, EXAMPLE], TEXT, tokenizer, 1024, "drop")
    assert encoded.tokens == 2 * (len(prompt) + len(completion))
    assert encoded.trained_tokens == 2 * len(completion)


def test_a_tokenizer_without_an_end_of_text_is_refused() -> None:
    tokenizer = make_tokenizer()
    tokenizer.eos_token = None
    with pytest.raises(InputError, match="no end-of-text token"):
        ready_tokenizer(tokenizer, TEXT)
