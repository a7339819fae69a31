"""Requests as tokens, and tokens as text, for a model in this process.

    prompt_ids(tokenizer, request, "chat", {})        the messages in the model's own chat template
    prompt_ids(tokenizer, request, "completion", {})  the text as it is
    written(tokenizer, prompt, [464, 3139])           " The capital"

A model without a chat template is asked in a plain layout, which ends where it has to go on:

    You are a careful assistant.

    User: Name the capital of Peru.

    Assistant:
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.errors import ProviderError
from selfinstruct.records import Message, Request

PLAIN_LAYOUT = (
    "{% for message in messages %}"
    "{% if message.role == 'user' %}User: {{ message.content }}\n\n"
    "{% elif message.role == 'assistant' %}Assistant: {{ message.content }}{{ eos_token }}\n\n"
    "{% else %}{{ message.content }}\n\n{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
PLAIN_STOP = "\n\nUser:"
_BEFORE = 6  # prompt tokens that are read with the answer, so that a space at its beginning is kept


def prompt_ids(tokenizer: Any, request: Request, mode: str, template_options: Mapping[str, Any]) -> list[int]:
    """Return the tokens that the model is given; never none at all.

    Raises:
        ProviderError: the chat template refuses the messages.
    """
    if mode == "completion":
        found = tokenizer(request.text).input_ids
    else:
        messages = (Message("user", request.text),) if request.text else request.messages
        found = tokenizer(chat_text(tokenizer, messages, template_options), add_special_tokens=False).input_ids
    first = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    return list(found) or [first or 0]


def stops_of(tokenizer: Any, request: Request, mode: str) -> tuple[str, ...]:
    """Return what ends the answer: the request's stop sequences, and in the plain layout the next turn."""
    has_layout = mode == "chat" and not tokenizer.chat_template
    stops = (*request.stop, PLAIN_STOP) if has_layout else request.stop
    return tuple(stop for stop in stops if stop)


def chat_text(
    tokenizer: Any, messages: Sequence[Message], template_options: Mapping[str, Any], is_open: bool = True
) -> str:
    """Return a chat as the text that the model reads; `is_open` leaves the assistant's turn to be written.

    A template that takes no system message gets it at the beginning of the user's.

    Raises:
        ProviderError: the template refuses the messages.
    """
    from jinja2 import TemplateError

    try:
        return _rendered(tokenizer, messages, template_options, is_open)
    except TemplateError as refusal:
        folded = _without_system(messages)
        try:
            return _rendered(tokenizer, folded, template_options, is_open)
        except TemplateError:
            raise ProviderError(
                f"the chat template of this model refuses the messages ({refusal}); set model.mode=completion with "
                "prompts=paper, or choose another model"
            ) from None


def written(tokenizer: Any, prompt: Sequence[int], tokens: Sequence[int]) -> str:
    """Return the text of an answer's tokens; a tokenizer that drops a leading space reads them after the prompt."""
    before = list(prompt[-_BEFORE:])
    start, whole = _text(tokenizer, before), _text(tokenizer, [*before, *tokens])
    return whole[len(start) :] if whole.startswith(start) else _text(tokenizer, list(tokens))


def _text(tokenizer: Any, tokens: list[int]) -> str:
    return str(tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _rendered(tokenizer: Any, messages: Sequence[Message], template_options: Mapping[str, Any], is_open: bool) -> str:
    return str(
        tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            chat_template=None if tokenizer.chat_template else PLAIN_LAYOUT,
            tokenize=False,
            add_generation_prompt=is_open,
            **template_options,
        )
    )


def _without_system(messages: Sequence[Message]) -> list[Message]:
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    if not others or not system:
        return list(messages)
    return [Message(others[0].role, f"{system}\n\n{others[0].content}"), *others[1:]]
