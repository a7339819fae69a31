"""What a model costs and how long a prompt is in tokens, as far as the config or LiteLLM knows.

known_prices("openai/gpt-4.1-mini", None, None)    # Prices(input_usd=4e-07, output_usd=1.6e-06); None: not known
count_tokens("openai/gpt-4.1-mini", request)       # 412
"""

from __future__ import annotations

from dataclasses import dataclass

from selfinstruct.models.library import import_litellm
from selfinstruct.records import Request

REMEDY = "set model.input_cost_per_token and model.output_cost_per_token (US dollars)"


DECLARED: set[str] = set()
"""Names whose price LiteLLM has from a config: what one run declares must not become another one's price."""


@dataclass(frozen=True)
class Prices:
    """US dollars per prompt token and per completion token."""

    input_usd: float
    output_usd: float

    def cost_usd(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Return what so many tokens cost."""
        return prompt_tokens * self.input_usd + completion_tokens * self.output_usd


def known_prices(name: str, input_usd: float | None, output_usd: float | None) -> Prices | None:
    """Return the declared prices where both are, else LiteLLM's for the model, else None."""
    if input_usd is not None and output_usd is not None:
        return Prices(input_usd, output_usd)
    litellm = import_litellm()
    known: dict[str, float | None] = {}
    for listed in (name, name.partition("/")[2], _base_of_tuned(name)):
        if not known and listed not in DECLARED:
            known = litellm.model_cost.get(listed) or {}
    per_input, per_output = known.get("input_cost_per_token"), known.get("output_cost_per_token")
    if per_input is None or per_output is None:
        return None
    return Prices(float(per_input), float(per_output))


def _base_of_tuned(name: str) -> str:
    """Return the list's name for a tuned model of OpenAI: ft:<base>, without whose it is and which."""
    model = name.partition("/")[2]
    return ":".join(model.split(":")[:2]) if model.startswith("ft:") else model


def count_tokens(name: str, request: Request) -> int:
    """Return the prompt tokens of a request, counted with LiteLLM's tokenizer for the model.

    For models whose tokenizer it does not carry it counts with OpenAI's, which may be a fifth off in English.
    """
    litellm = import_litellm()
    if request.text:
        return int(litellm.token_counter(model=name, text=request.text))
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    schema = int(litellm.token_counter(model=name, text=request.schema)) if request.schema else 0
    return int(litellm.token_counter(model=name, messages=messages)) + schema
