"""What a request may cost at most, and what its answer is booked at: the arithmetic behind the caps.

    reckoning = Reckoning(Prices(4e-07, 1.6e-06), options={})
    reckoning.worst_case(request)            # Spent(requests=1, tokens=5_412, cost_usd=0.0032)
    reckoning.booked(request, completion)    # Spent(requests=1, tokens=508, cost_usd=0.00032)

Where a provider does not say what an answer used, the answer is booked at its worst case: a cap then binds too soon,
never too late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from selfinstruct.models.budget import Spent
from selfinstruct.models.prices import Prices
from selfinstruct.records import Completion, Request

_AROUND_A_PROMPT, _AROUND_A_MESSAGE = 32, 16  # what chat templates add: role names, separators, a date
_LIKELY_BYTES_PER_TOKEN = 2
_OUTPUT_LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Reckoning:
    """Prices of a model (None: not known, nothing costs anything) and its `model.options`, which may ask for more."""

    prices: Prices | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def worst_case(self, request: Request) -> Spent:
        """Return what a request can need at most: no tokenizer makes more tokens than a text has bytes."""
        prompt_tokens = _bytes_of(request) + _AROUND_A_PROMPT + _AROUND_A_MESSAGE * len(request.messages)
        completion_tokens = self._most_output(request)
        cost_usd = self.prices.cost_usd(prompt_tokens, completion_tokens) if self.prices else 0.0
        return Spent(1, prompt_tokens + completion_tokens, cost_usd)

    def likely_tokens(self, request: Request) -> int:
        """Return how many tokens to expect at most of ordinary text, for pacing: half the worst case of the prompt."""
        return _bytes_of(request) // _LIKELY_BYTES_PER_TOKEN + _AROUND_A_MESSAGE + self._most_output(request)

    def booked(self, request: Request, completion: Completion) -> Spent:
        """Return what an answer used and cost; its worst case where the provider does not say."""
        if completion.prompt_tokens is None or completion.completion_tokens is None:
            worst = self.worst_case(request)
            return Spent(1, worst.tokens, worst.cost_usd if completion.cost_usd is None else completion.cost_usd)
        tokens = completion.prompt_tokens + completion.completion_tokens
        if completion.cost_usd is not None or self.prices is None:
            return Spent(1, tokens, completion.cost_usd or 0.0)
        return Spent(1, tokens, self.prices.cost_usd(completion.prompt_tokens, completion.completion_tokens))

    def _most_output(self, request: Request) -> int:
        limits = [int(self.options[name]) for name in _OUTPUT_LIMITS if self.options.get(name) is not None]
        return max([request.max_tokens, *limits]) * int(self.options.get("n") or 1)


def _bytes_of(request: Request) -> int:
    texts = (request.text, request.schema, *(message.content for message in request.messages))
    return sum(len(text.encode()) for text in texts)
