"""What can go wrong between a request and its answer, in our words: each LiteLLM exception mapped to one of ours.

`read_fault(error, secret)` gives a TransientError (worth another try), a ProviderError (for good), or an `Outcome`:
refusals and overlong prompts are answers of the provider, not faults, and become recorded completions.
"""

from __future__ import annotations

from dataclasses import dataclass

from selfinstruct.errors import ProviderError, TransientError

_LONGEST_MESSAGE = 400
_OUT_OF_CREDIT = ("insufficient_quota", "exceeded your current quota", "billing", "credit balance")
_REFUSED = ("content_policy_violation", "content_filter")
_TOO_LONG = ("context_length_exceeded",)
_PASSING_STATUS = {408, 409, 425, 429}


@dataclass(frozen=True)
class Outcome:
    """An answer that is no text: "content_filter" (refused) or "context_overflow" (the prompt was too long)."""

    finish_reason: str


def read_fault(error: Exception, secret: str | None, model: str) -> TransientError | ProviderError | Outcome:
    """Return what an exception raised by LiteLLM means; the message never holds the API key."""
    import litellm.exceptions as faults

    message = _clean(error, secret)
    if isinstance(error, faults.ContentPolicyViolationError) or _says(error, _REFUSED):
        return Outcome("content_filter")
    if isinstance(error, faults.ContextWindowExceededError) or _says(error, _TOO_LONG):
        return Outcome("context_overflow")
    if any(sign in message.lower() for sign in _OUT_OF_CREDIT) or _says(error, _OUT_OF_CREDIT):
        return ProviderError(f"{model}: {message}; add credit with the provider, then repeat the command")
    if _may_pass(error):
        return TransientError(f"{model}: {message}", _retry_after_s(error))
    return ProviderError(f"{model}: {message}; {_remedy(error)}")


def _says(error: Exception, signs: tuple[str, ...]) -> bool:
    """True when the provider's own error code is one of these."""
    codes = {str(getattr(error, name, None)) for name in ("code", "type")}
    return bool(codes & set(signs))


def _may_pass(error: Exception) -> bool:
    """True for faults of the network and of overload. LiteLLM raises APIError for statuses that it has no class for."""
    import httpx
    import litellm.exceptions as faults

    status = getattr(error, "status_code", None)
    if isinstance(error, faults.APIConnectionError | faults.Timeout | faults.APIResponseValidationError):
        return True
    if isinstance(status, int):
        return status in _PASSING_STATUS or status >= 500
    return isinstance(error, httpx.TransportError | TimeoutError | OSError | faults.OpenAIError)


def _remedy(error: Exception) -> str:
    remedies = {
        401: "the provider refused the key: check the variable that model.api_key_env names",
        403: "the key may not do this: check model.api_key_env and the rights of the key",
        404: "check model.name and model.api_base",
    }
    return remedies.get(getattr(error, "status_code", 0), "the provider refused the request: check model and prompts")


def _clean(error: Exception, secret: str | None) -> str:
    text = " ".join(str(getattr(error, "message", None) or error).split()) or type(error).__name__
    if secret:
        text = text.replace(secret, "***")
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + " ..."


def _retry_after_s(error: Exception) -> float | None:
    headers = getattr(error, "litellm_response_headers", None) or {}
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        return None
