"""What can go wrong between a request and its answer, in our words: each LiteLLM exception mapped to one of ours.

`read_fault(error, secret)` gives a TransientError (worth another try), a ProviderError (for good), or an `Outcome`:
refusals and overlong prompts are answers of the provider, not faults, and become recorded completions.
"""

from __future__ import annotations

from dataclasses import dataclass

from selfinstruct.errors import ProviderError, TransientError

_LONGEST_MESSAGE = 400
_OUT_OF_CREDIT = ("insufficient_quota", "exceeded your current quota", "billing", "credit balance")


@dataclass(frozen=True)
class Outcome:
    """An answer that is no text: "content_filter" (refused) or "context_overflow" (the prompt was too long)."""

    finish_reason: str


def read_fault(error: Exception, secret: str | None, model: str) -> TransientError | ProviderError | Outcome:
    """Return what an exception raised by LiteLLM means; the message never holds the API key."""
    import litellm.exceptions as faults

    message = _clean(error, secret)
    if isinstance(error, faults.ContentPolicyViolationError):
        return Outcome("content_filter")
    if isinstance(error, faults.ContextWindowExceededError):
        return Outcome("context_overflow")
    if isinstance(error, faults.RateLimitError) and any(sign in message.lower() for sign in _OUT_OF_CREDIT):
        return ProviderError(f"{model}: {message}; add credit with the provider, then repeat the command")
    if isinstance(error, faults.AuthenticationError | faults.PermissionDeniedError):
        return ProviderError(f"{model}: the provider refused the key: {message}; check model.api_key_env")
    if isinstance(error, faults.NotFoundError):
        return ProviderError(f"{model}: not found: {message}; check model.name and model.api_base")
    if isinstance(error, faults.BadRequestError | faults.UnprocessableEntityError | faults.BudgetExceededError):
        return ProviderError(f"{model}: the provider refused the request: {message}; check model and prompts")
    if isinstance(error, _passing_faults()):
        return TransientError(f"{model}: {message}", _retry_after_s(error))
    return ProviderError(f"{model}: {type(error).__name__}: {message}")


def _passing_faults() -> tuple[type[Exception], ...]:
    import httpx
    import litellm.exceptions as faults

    return (
        faults.RateLimitError,
        faults.Timeout,
        faults.APIConnectionError,
        faults.InternalServerError,
        faults.ServiceUnavailableError,
        faults.BadGatewayError,
        faults.APIResponseValidationError,
        faults.APIError,
        faults.OpenAIError,
        httpx.TransportError,
        TimeoutError,
        OSError,
    )


def _clean(error: Exception, secret: str | None) -> str:
    text = " ".join(str(getattr(error, "message", None) or error).split()) or type(error).__name__
    if secret:
        text = text.replace(secret, "***")
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + " ..."


def _retry_after_s(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        return None
