"""What can go wrong between a request and its answer, in our words: each LiteLLM exception mapped to one of ours.

`read_fault(error, secret, model)` gives a TransientError (worth another try), a ProviderError (for good), or an
`Outcome`: refusals and overlong prompts are answers of the provider, not faults, and become recorded completions.
`spoken(choice, ...)` gives what an answer says, and a TransientError where it says nothing at all.

    openai/m: HTTP 503: the model is overloaded
    openai/m: the connection to http://127.0.0.1:8000/v1 failed (Connect call failed); see that the server runs, ...
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selfinstruct.errors import ProviderError, TransientError
from selfinstruct.models.structured import is_objection_to_schemas
from selfinstruct.records import CONTENT_FILTER, CONTEXT_OVERFLOW
from selfinstruct.secrecy import masked, secret_values

_LONGEST_MESSAGE = 400
_LONGEST_BEGINNING = 60
_LONGEST_CHAIN = 10
_KEPT = "What was paid is kept: repeat the command to go on"
_CHECK_BASE = "check model.api_base"
_OUT_OF_CREDIT = ("insufficient_quota", "exceeded your current quota", "billing", "credit balance")
_REFUSED = ("content_policy_violation", "content_filter")
_TOO_LONG = ("context_length_exceeded", "exceed_context_size_error")
_PASSING_STATUS = {408, 409, 425, 429}
_WRAPPING = re.compile(r"^(?:litellm\.\w+: |\w*(?:Error|Timeout|Exceeded|Exception)\w*(?: Error)?: |\w*Exception - )+")


@dataclass(frozen=True)
class Outcome:
    """An answer that is no text: "content_filter" (refused) or "context_overflow" (the prompt was too long)."""

    finish_reason: str


def read_fault(error: Exception, secret: str | None, model: str) -> TransientError | ProviderError | Outcome:
    """Return what an exception raised by LiteLLM means; the message holds no secret, encoded or in part."""
    import litellm.exceptions as faults

    chain = list(_chain(error))
    if isinstance(error, faults.ContentPolicyViolationError) or _says(chain, _REFUSED):
        return Outcome(CONTENT_FILTER)
    if isinstance(error, faults.ContextWindowExceededError) or _says(chain, _TOO_LONG):
        return Outcome(CONTEXT_OVERFLOW)
    text = f"{model}: {_clean(_describe(chain), secret)}"
    if _says(chain, _OUT_OF_CREDIT) or any(sign in text.lower() for sign in _OUT_OF_CREDIT):
        return ProviderError(f"{text}; add credit with the provider. {_KEPT}")
    if _is_unasked(chain):
        return ProviderError(f"{text}; name the variable that holds the key with model.api_key_env. {_KEPT}")
    if _may_pass(error):
        return TransientError(text, _retry_after_s(chain))
    return ProviderError(f"{text}; {_remedy(error, text)}. {_KEPT}")


def spoken(choice: Any, text: str | None, completion_tokens: int | None, model: str) -> tuple[str, str]:
    """Return text and finish reason of a choice.

    An empty text is an answer. No text at all (null) is one only where the provider says that it wrote something: it
    counted tokens for it (reasoning, a tool call), reached the token limit, or refused. Otherwise nothing was said and
    nothing is paid for, as when a gateway answers 200 in the place of a model that is down.

    Raises:
        TransientError: nothing was said.
    """
    finish_reason = getattr(choice, "finish_reason", None)
    if text is not None:
        return text, finish_reason or "stop"
    refusal = _refusal(choice)
    if refusal or finish_reason == CONTENT_FILTER:
        return refusal, CONTENT_FILTER
    if finish_reason == "length" or completion_tokens:
        return "", finish_reason or "stop"
    raise TransientError(f"{model}: the answer holds no text, and no token was counted for it")


def _refusal(choice: Any) -> str:
    message = getattr(choice, "message", None)
    fields = getattr(message, "provider_specific_fields", None) or {}
    return str(getattr(message, "refusal", None) or fields.get("refusal") or "")


def is_timeout(error: BaseException) -> bool:
    """True when nobody waited for the end of the answer."""
    import httpx
    import openai

    return any(isinstance(one, TimeoutError | httpx.TimeoutException | openai.APITimeoutError) for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from, outermost first: LiteLLM keeps the provider's own error below its own."""
    for _ in range(_LONGEST_CHAIN):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _says(chain: list[BaseException], signs: tuple[str, ...]) -> bool:
    """True when the provider's own error code is one of these."""
    return any(str(getattr(error, name, None)) in signs for error in chain for name in ("code", "type"))


def _describe(chain: list[BaseException]) -> str:
    """Say what happened, as far as the errors tell: the connection, the time, the form of the answer, or its words."""
    import httpx
    import openai

    words = next(filter(None, map(_provider_words, chain)), "")
    status = getattr(chain[0], "status_code", None)
    if words and isinstance(status, int):
        return f"HTTP {status}: {words}"
    for error in chain:
        if isinstance(error, TimeoutError | httpx.TimeoutException | openai.APITimeoutError):
            return "no answer within limits.timeout_s; raise it if the model is slow"
        if isinstance(error, openai.APIConnectionError | httpx.TransportError):
            return _lost_connection(error, _one_line(str(chain[-1])))
        if isinstance(error, json.JSONDecodeError):
            begins = _one_line(error.doc[:_LONGEST_BEGINNING])
            return f'the answer is not of the expected form (no whole JSON; it begins with "{begins}"); {_CHECK_BASE}'
        if isinstance(error, AttributeError | KeyError | TypeError):
            return f"the answer is not of the expected form ({error}); {_CHECK_BASE}"
    words = words or _WRAPPING.sub("", _one_line(str(chain[0]))) or type(chain[0]).__name__
    return f"HTTP {status}: {words}" if isinstance(status, int) else words


def _lost_connection(error: Any, cause: str) -> str:
    try:
        url = error.request.url
        where = f" to {url.scheme}://{url.netloc.decode().rpartition('@')[2]}{url.path}"
    except (RuntimeError, AttributeError):
        where = ""
    return f"the connection{where} failed ({cause}); see that the server runs, and {_CHECK_BASE}"


def _provider_words(error: BaseException) -> str:
    """The message in the provider's own error object, as the OpenAI client keeps it."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else {}
    return _one_line(str(inner.get("message") or "")) if isinstance(inner, dict) else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_unasked(chain: list[BaseException]) -> bool:
    """True when OpenAI's client could not even be made, for want of a key; LiteLLM calls that a fault of the server."""
    import openai

    return any(isinstance(error, openai.OpenAIError) and not isinstance(error, openai.APIError) for error in chain)


def _may_pass(error: Exception) -> bool:
    """True for faults of the network and of overload. LiteLLM raises APIError for statuses that it has no class for."""
    import httpx
    import litellm.exceptions as faults
    import openai

    status = getattr(error, "status_code", None)
    if isinstance(error, openai.APIConnectionError | faults.Timeout | faults.APIResponseValidationError):
        return True
    if isinstance(status, int):
        return status in _PASSING_STATUS or status >= 500
    return isinstance(error, httpx.TransportError | TimeoutError | OSError | json.JSONDecodeError | faults.OpenAIError)


def _remedy(error: Exception, text: str) -> str:
    if is_objection_to_schemas(text):
        return "the provider takes no JSON schema here: set prompts.structured=off"
    remedies = {
        401: "the provider refused the key: check the variable that model.api_key_env names",
        403: "the key may not do this: check model.api_key_env and the rights of the key",
        404: "check model.name and model.api_base",
    }
    return remedies.get(getattr(error, "status_code", 0), "the provider refused the request: check model and prompts")


def _clean(text: str, secret: str | None) -> str:
    text = masked(_one_line(text), [secret, *secret_values().values()])
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + " ..."


def _retry_after_s(chain: list[BaseException]) -> float | None:
    """The wait that the provider asked for: milliseconds, seconds or a date, in its headers."""
    for error in chain:
        response = getattr(error, "response", None)
        for headers in (getattr(error, "litellm_response_headers", None), getattr(response, "headers", None)):
            wait_s = _read_wait(headers or {})
            if wait_s is not None:
                return max(0.0, wait_s)
    return None


def _read_wait(headers: Mapping[str, str]) -> float | None:
    named = {str(name).lower(): str(value) for name, value in headers.items()}
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(named[name]) * unit_s
        except (KeyError, ValueError):
            continue
    try:
        moment = email.utils.parsedate_to_datetime(named["retry-after"])
        return (moment - datetime.datetime.now(moment.tzinfo)).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
