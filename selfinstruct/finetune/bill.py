"""What a training job will cost, before anything is sent: tokens of the training file x epochs x price per token.

    1,000 examples of 100 tokens, 2 epochs, $0.0000008 a token     200,000 tokens, $0.16

Both numbers are ranges. Low: the texts alone, counted with the model's tokenizer. High: with the signs that a chat puts
around each turn, and a fifth more where LiteLLM does not carry the model's tokenizer and OpenAI's counts instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from selfinstruct.errors import InputError, LimitReached
from selfinstruct.finetune.data import CHAT, Example, Form
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.prices import count_tokens
from selfinstruct.records import Message, Request

REMEDY = "set finetune.cost_per_training_token (US dollars; LiteLLM lists no prices for training)"
FEWEST_EPOCHS, MOST_EPOCHS = 1, 25
"""What "auto" epochs become at OpenAI, by its published guide to preparing data: 1 for many examples, 25 for few."""

_TOKENIZER_OFF_BY = 0.2
_COUNTED_EXACTLY = ("openai", "azure", "text-completion-openai")


@dataclass(frozen=True)
class Bill:
    """The tokens that will be trained on, over all epochs, and their price in US dollars (None: not known).

    longest: tokens of the longest example, its texts alone.
    """

    examples: int
    longest: int
    epochs: tuple[int, int]
    tokens: tuple[int, int]
    usd_per_token: float | None

    @property
    def cost_usd(self) -> tuple[float, float] | None:
        """The lowest and the highest cost, None where the price is not known."""
        if self.usd_per_token is None:
            return None
        return self.tokens[0] * self.usd_per_token, self.tokens[1] * self.usd_per_token


def reckon(
    examples: tuple[Example, ...], form: Form, model: str, epochs: int | str, usd_per_token: float | None
) -> Bill:
    """Return what training on these examples takes."""
    low, high, longest = file_tokens(examples, form, model)
    fewest, most = (epochs, epochs) if isinstance(epochs, int) else (FEWEST_EPOCHS, MOST_EPOCHS)
    return Bill(len(examples), longest, (fewest, most), (low * fewest, high * most), usd_per_token)


class FileTokens(NamedTuple):
    """The tokens of a training file for one epoch, the lowest and the highest number, and of its longest example."""

    low: int
    high: int
    longest: int


def file_tokens(
    examples: tuple[Example, ...], form: Form, model: str, count: Callable[[str, Request], int] = count_tokens
) -> FileTokens:
    """Return how many tokens a training file has."""
    texts = [count(model, _texts(example)) for example in examples]
    low = sum(texts)
    high = sum(count(model, _turns(example)) for example in examples) if form == CHAT else low
    is_exact = model.partition("/")[0] in _COUNTED_EXACTLY
    most = max(low, high) if is_exact else math.ceil(max(low, high) * (1 + _TOKENIZER_OFF_BY))
    return FileTokens(low, most, max(texts, default=0))


def refuse_too_long(bill: Bill, model: str, context: int | None) -> None:
    """Refuse examples that the model cannot read in one piece: a provider would cut them, or refuse the file.

    Args:
        context: how many tokens the model reads at most, None where nobody says.

    Raises:
        InputError: the longest example is longer.
    """
    if context is not None and bill.longest > context:
        raise InputError(
            f"the longest training example has {bill.longest:,} tokens, and {model} reads at most {context:,}: it "
            "would be cut, or the file refused. Tune a model with a larger context, or leave the long ones out: "
            "finetune.include_seed_tasks=false, or a run with lower prompts.<stage>.max_tokens"
        )


def paid_usd(bill: Bill | None, tokens: int | None) -> float | None:
    """Return what a provider was paid, by its own count of tokens; None: unknown; 0 without a bill, on this machine."""
    if bill is None:
        return 0.0
    return None if bill.usd_per_token is None or tokens is None else tokens * bill.usd_per_token


def refuse_over_cap(bill: Bill, limits: LimitOptions) -> None:
    """Refuse a job that may go over a cap; nothing was sent.

    Raises:
        InputError: a cap on cost is set, and the price is not known; or it is one that a job cannot keep.
        LimitReached: the highest figure is above a cap.
    """
    if limits.sweep_max_cost_usd is not None:
        raise InputError(
            "limits.sweep_max_cost_usd: fine-tuning has no purse that arms share; set limits.max_cost_usd, for each job"
        )
    if limits.max_tokens is not None and bill.tokens[1] > limits.max_tokens:
        raise LimitReached(
            f"limits.max_tokens={limits.max_tokens:,} would be reached: the job trains on up to {bill.tokens[1]:,} "
            "tokens; nothing was sent. Raise limits.max_tokens and repeat the command"
        )
    if limits.max_cost_usd is None:
        return
    cost = bill.cost_usd
    if cost is None:
        raise InputError(f"limits.max_cost_usd is set, but the price of training is not known; {REMEDY}")
    if cost[1] > limits.max_cost_usd:
        raise LimitReached(
            f"limits.max_cost_usd={limits.max_cost_usd:g} would be reached: the job may cost up to ${cost[1]:,.4f}; "
            "nothing was sent. Raise limits.max_cost_usd and repeat the command"
        )


def _texts(example: Example) -> Request:
    return _request(text=" ".join(part for part in (example.system, example.prompt + example.completion) if part))


def _turns(example: Example) -> Request:
    turns = [("system", example.system)] if example.system else []
    turns += [("user", example.prompt), ("assistant", example.completion)]
    return _request(messages=tuple(Message(role, content) for role, content in turns))


def _request(text: str = "", messages: tuple[Message, ...] = ()) -> Request:
    return Request("finetune", messages, text, 0, 0.0, 1.0, 0.0, 0.0, ())
