"""The offline model as a LiteLLM provider, so that it is reached in the same way as every other model.

    register()
    await litellm.acompletion(model="offline/grammar", messages=[...], max_tokens=64, repeat=0,
                              imitation=0.5, breadth=1.0, latency_s=0.0, rates={...})

LiteLLM hands keyword arguments that it does not know to the provider as `optional_params`; that is how the options and
`repeat` arrive. Completions (`atext_completion`) arrive as one user message with the prompt as its content.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.models.offline.answer import answer
from selfinstruct.models.offline.options import OfflineOptions, option_names, read_options
from selfinstruct.records import Completion, Message, Request

PROVIDER = "offline"
_NAME = "grammar"
_PRICES = (  # all four, or LiteLLM warns about the missing ones
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_creation_input_token_cost",
    "cache_read_input_token_cost",
)
_SPREAD = 0.5  # log-normal: the slowest one in a hundred takes three times the median


def register() -> None:
    """Make LiteLLM know the provider and that it costs nothing. May be called again."""
    import litellm

    if any(item["provider"] == PROVIDER for item in litellm.custom_provider_map):
        return
    litellm.custom_provider_map.append({"provider": PROVIDER, "custom_handler": _handler()})
    free = dict.fromkeys(_PRICES, 0.0)
    litellm.register_model({f"{PROVIDER}/{_NAME}": {"litellm_provider": PROVIDER, "mode": "chat", **free}})


def _handler() -> Any:
    """The class is made here, since its base class takes seconds to import."""
    from litellm.llms.custom_llm import CustomLLM

    class OfflineLLM(CustomLLM):
        """Answers synchronous and asynchronous calls alike, after the latency that the options ask for."""

        def completion(self, *_: Any, **call: Any) -> Any:
            completion, latency_s = _answer_call(call)
            time.sleep(latency_s)
            return _response(call["model_response"], completion)

        async def acompletion(self, *_: Any, **call: Any) -> Any:
            completion, latency_s = _answer_call(call)
            await asyncio.sleep(latency_s)
            return _response(call["model_response"], completion)

    return OfflineLLM()


def _answer_call(call: dict[str, Any]) -> tuple[Completion, float]:
    from litellm.llms.custom_llm import CustomLLMError

    sent = call["optional_params"]
    try:
        options = read_options({name: sent[name] for name in option_names() & sent.keys()})
    except InputError as error:
        raise CustomLLMError(400, str(error)) from None  # type: ignore[no-untyped-call]
    completion = answer(_request(call["messages"], sent), call["model"], options)
    return completion, _latency_s(completion, options)


def _request(messages: list[dict[str, Any]], sent: dict[str, Any]) -> Request:
    stop = sent.get("stop") or ()
    return Request(
        stage="",
        messages=tuple(Message(message["role"], message["content"] or "") for message in messages),
        text="",
        max_tokens=sent.get("max_tokens") or 1024,
        temperature=_number(sent, "temperature", 1.0),
        top_p=_number(sent, "top_p", 1.0),
        frequency_penalty=_number(sent, "frequency_penalty", 0.0),
        presence_penalty=_number(sent, "presence_penalty", 0.0),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        repeat=sent.get("repeat", 0),
    )


def _number(sent: dict[str, Any], name: str, default: float) -> float:
    value = sent.get(name)
    return default if value is None else float(value)


def _latency_s(completion: Completion, options: OfflineOptions) -> float:
    """Seconds to wait, the same for the same answer; never part of it."""
    if not options.latency_s:
        return 0.0
    return options.latency_s * math.exp(_SPREAD * random.Random(completion.text).gauss(0.0, 1.0))


def _response(response: Any, completion: Completion) -> Any:
    from litellm import Usage

    prompt_tokens, completion_tokens = completion.prompt_tokens or 0, completion.completion_tokens or 0
    response.choices[0].message.content = completion.text
    response.choices[0].finish_reason = completion.finish_reason
    response.model = completion.model
    response.usage = Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
    )
    return response
