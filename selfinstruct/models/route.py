"""How LiteLLM is called so that it costs little and hides nothing: its switches, a name, prices, errors, connections.

    openai/my-model at http://127.0.0.1:8000/v1   is called as hosted_vllm/my-model: the same protocol in two thirds
                                                  of the time (docs/benchmarks_gateway.md), without OpenAI's client
    openai/gpt-4.1-mini                           stays what it is: OpenAI's own models have rules of their own

Everything that depends on how LiteLLM works inside stands in this file.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError
from selfinstruct.models.prices import DECLARED, Prices

if TYPE_CHECKING:
    from selfinstruct.models.gateway import ModelOptions

_OPENAIS_OWN = re.compile(r"(ft:)?(gpt-\d|chatgpt-|o\d|codex-|computer-use-)")
_UNREADABLE = 502  # what a proxy says when it cannot read the answer of the server behind it


def called_as(litellm: Any, options: ModelOptions) -> str:
    """Return the name by which LiteLLM is asked for a model. The request that arrives is the same."""
    name = options.name
    provider, _, model = name.partition("/")
    is_openais_own = _OPENAIS_OWN.match(model) or name in litellm.model_cost or model in litellm.model_cost
    needs_client = options.mode != "chat" or "organization" in options.options
    if provider != "openai" or not options.api_base or is_openais_own or needs_client:
        return name
    return f"hosted_vllm/{model}"


def check_provider(litellm: Any, options: ModelOptions) -> None:
    """Refuse a model whose provider LiteLLM does not know, before anything is sent. Raises InputError."""
    if options.name.startswith("offline/"):
        return
    try:
        litellm.get_llm_provider(options.name, api_base=options.api_base)
    except litellm.BadRequestError as error:
        provider = options.name.partition("/")[0]
        raise InputError(
            f"model.name={options.name}: LiteLLM knows no provider {provider}; for a server of your own write "
            f"openai/<model> with model.api_base, for others see docs.litellm.ai/docs/providers"
        ) from error


def register_price(litellm: Any, name: str, prices: Prices) -> None:
    """Tell LiteLLM a model's price; without one it searches its whole list for every answer, in vain."""
    if name in litellm.model_cost or name.partition("/")[2] in litellm.model_cost:
        return  # LiteLLM would put it in the place of its own price, for everybody in this process
    provider = name.partition("/")[0]
    per_token = {"input_cost_per_token": prices.input_usd, "output_cost_per_token": prices.output_usd}
    cached = dict.fromkeys(("cache_creation_input_token_cost", "cache_read_input_token_cost"), prices.input_usd)
    DECLARED.add(name)
    litellm.register_model({name: {"litellm_provider": provider, "mode": "chat", **per_token, **cached}})


@contextlib.contextmanager
def unlogged(litellm: Any) -> Iterator[None]:
    """Within this block LiteLLM prepares no log entries, as long as nobody has asked for any by a callback."""
    try:
        from litellm._internal_context import is_internal_call
    except ImportError:
        yield
        return
    if litellm.callbacks or litellm.success_callback or litellm._async_success_callback:
        yield
        return
    token = is_internal_call.set(True)
    try:
        yield
    finally:
        is_internal_call.reset(token)


def spelled_out(error: Exception) -> Exception:
    """Return an error of LiteLLM with the provider's code and message in the attributes `code`, `type` and `body`.

    LiteLLM's own HTTP client, unlike OpenAI's, leaves the provider's answer as text in the message, and takes an answer
    that is no JSON for a permanent fault with the status of a success.
    """
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 200 <= status < 300:
        error.status_code = _UNREADABLE  # type: ignore[attr-defined]
    if getattr(error, "body", None) is None and (body := _error_object(str(getattr(error, "message", "")))):
        for name in ("code", "type"):
            setattr(error, name, body.get(name) or getattr(error, name, None))
        error.body = body  # type: ignore[attr-defined]
    return error


def _error_object(message: str) -> dict[str, Any]:
    """The {"message": ..., "code": ...} in a message like `... - {"error": {...}}`."""
    start = message.find("{")
    if start < 0:
        return {}
    try:
        found, _ = json.JSONDecoder().raw_decode(message, start)
    except ValueError:
        return {}
    inner = found.get("error", found)
    return inner if isinstance(inner, dict) and "message" in inner else {}


def answer_headers(response: Any) -> Mapping[str, str]:
    """Return the HTTP headers that came with an answer, names in lower case."""
    hidden = getattr(response, "_hidden_params", None) or {}
    return hidden.get("additional_headers") or {}


def answer_cost_usd(response: Any) -> float | None:
    """Return what LiteLLM reckons that an answer cost, None where it does not know."""
    cost = (getattr(response, "_hidden_params", None) or {}).get("response_cost")
    return None if cost is None else float(cost)


def error_headers(error: Exception) -> Mapping[str, str]:
    """Return the HTTP headers that came with an error, names in lower case."""
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
    return {str(name).lower(): str(value) for name, value in headers.items()}


def text_client(api_base: str | None, api_key: str | None, on_headers: Callable[[Mapping[str, str]], None]) -> Any:
    """Return a client for the completions endpoint, to be given to every call.

    Left alone, LiteLLM makes a new one for every request, never closes it, and drops the headers of its answers.
    """
    import openai
    from litellm.llms.openai.common_utils import BaseOpenAILLM

    async def listen(response: Any) -> None:
        on_headers(response.headers)

    http_client: Any = BaseOpenAILLM.get_async_http_client()
    http_client.event_hooks = {"response": [listen]}
    return openai.AsyncOpenAI(api_key=api_key, base_url=api_base, http_client=http_client, max_retries=0)


async def close_all(client: Any | None) -> None:
    """Close the connections that LiteLLM keeps open, and those of our own client."""
    from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients

    if client is not None:
        await client.close()
    close: Callable[[], Awaitable[None]] = close_litellm_async_clients
    await close()
