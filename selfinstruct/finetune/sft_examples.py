"""Training examples as tokens, with the loss on what the model shall answer and on nothing else.

    encoded = encode(data.train, "prompt_completion", tokenizer, most=1024, too_long="drop")
    encoded.rows[0]     Row(tokens=(9642, 25, 9334, 0), labels=(-100, -100, 9334, 0))

Prompt and completion are tokenized apart, since that is how the tuned model will meet a prompt; the last token is the
tokenizer's end of text. -100 is what PyTorch leaves out of the loss (the paper's prompt_loss_weight 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.finetune.data import CHAT, Example
from selfinstruct.models.local_prompts import PLAIN_LAYOUT, chat_text
from selfinstruct.records import Message

NO_LOSS = -100


@dataclass(frozen=True)
class Row:
    """One example: its tokens, and as many labels."""

    tokens: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Encoded:
    """The rows that are trained on, how many examples were too long, and the length of the longest of all in tokens."""

    rows: tuple[Row, ...]
    dropped: int
    cut: int
    longest: int

    @property
    def tokens(self) -> int:
        """How many tokens all rows have together."""
        return sum(len(row.tokens) for row in self.rows)

    @property
    def trained_tokens(self) -> int:
        """How many of them the loss is computed on."""
        return sum(label != NO_LOSS for row in self.rows for label in row.labels)


def ready_tokenizer(tokenizer: Any, form: str) -> Any:
    """Return the tokenizer with what training needs: an end of text, and for chats a template (the plain layout).

    Raises:
        InputError: it has no end-of-text token.
    """
    if tokenizer.eos_token_id is None:
        raise InputError(
            "model: its tokenizer has no end-of-text token, so no answer could learn to end; set one there"
        )
    if form == CHAT and not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_LAYOUT
    return tokenizer


def encode(examples: Sequence[Example], form: str, tokenizer: Any, most: int, too_long: str) -> Encoded:
    """Return the examples as rows, in the same order.

    Args:
        most: how many tokens an example may have.
        too_long: "drop" leaves longer ones out, "cut" takes the end of their completion away (examples of which no
            completion would be left are dropped), "refuse" raises.

    Raises:
        InputError: an example is too long and `too_long` is "refuse".
    """
    rows: list[Row] = []
    dropped = cut = longest = 0
    for number, example in enumerate(examples, start=1):
        prompt, completion = tokens_of(example, form, tokenizer)
        length = len(prompt) + len(completion)
        longest = max(longest, length)
        if length > most and too_long == "refuse":
            raise InputError(
                f"training example {number} has {length} tokens, finetune.max_length={most}; raise it, or set "
                "finetune.too_long=drop or cut"
            )
        is_cut = length > most and too_long == "cut" and len(prompt) < most
        if length > most and not is_cut:
            dropped += 1
            continue
        cut += is_cut
        rows.append(_row(prompt, completion, most))
    return Encoded(tuple(rows), dropped, cut, longest)


def tokens_of(example: Example, form: str, tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the tokens of prompt and completion; the completion ends with an end-of-text token."""
    if form == CHAT:
        prompt, completion = _chat_texts(example, tokenizer)
        after = tokenizer(completion, add_special_tokens=False).input_ids
        return list(tokenizer(prompt, add_special_tokens=False).input_ids), _turn(after, tokenizer.eos_token_id)
    completion = example.completion.removesuffix(tokenizer.eos_token)
    after = tokenizer(completion, add_special_tokens=False).input_ids
    return list(tokenizer(example.prompt).input_ids), [*after, tokenizer.eos_token_id]


def _row(prompt: list[int], completion: list[int], most: int) -> Row:
    tokens = (*prompt, *completion)[:most]
    labels = (*(NO_LOSS for _ in prompt), *completion)[:most]
    return Row(tokens, labels)


def _turn(tokens: Sequence[int], end: int) -> list[int]:
    """What a template puts after the end of the turn is left away, and an end is put where there is none."""
    places = [place for place, token in enumerate(tokens) if token == end]
    return list(tokens[: places[-1] + 1]) if places else [*tokens, end]


def _chat_texts(example: Example, tokenizer: Any) -> tuple[str, str]:
    """The chat up to where the assistant begins, and what it then writes, both as the template has them.

    A template that opens the assistant's turn in another way than it writes a past one (some add a field for thoughts)
    gives no text that continues the prompt; there the answer itself is what is learned.
    """
    turns = [Message("system", example.system)] if example.system else []
    turns.append(Message("user", example.prompt))
    prompt = chat_text(tokenizer, turns, {})
    whole = chat_text(tokenizer, [*turns, Message("assistant", example.completion)], {}, is_open=False)
    continues = whole.startswith(prompt) and example.completion.strip() in whole[len(prompt) :]
    return prompt, whole[len(prompt) :] if continues else example.completion
