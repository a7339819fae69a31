"""What LiteLLM raises, read: which faults may pass, what their messages say, and when an answer says nothing."""

from __future__ import annotations

import datetime
import email.utils
import json
import os
from types import SimpleNamespace
from typing import Any

import httpx
import openai
import pytest

from selfinstruct.errors import ProviderError, TransientError
from selfinstruct.models.faults import Outcome, read_fault, spoken

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # as the gateway sets it before the first import
KEY = "sk-Planted+/Zq7=0123?456&789abcdefXYZ"
REQUEST = httpx.Request("POST", "http://user:pass@127.0.0.1:8000/v1/chat/completions")


def litellm_error(kind: str, message: str, cause: Exception | None = None, **more: Any) -> Exception:
    import litellm.exceptions as faults

    error: Exception = getattr(faults, kind)(message=message, llm_provider="openai", model="m", **more)
    error.__cause__ = cause
    return error


def status_error(status: int, message: str, code: str = "error", headers: dict[str, str] | None = None) -> Exception:
    """The error that the OpenAI client raises for an HTTP status."""
    response = httpx.Response(status, headers=headers, request=REQUEST)
    return openai.APIStatusError("wrapped", response=response, body={"message": message, "code": code})


def read(error: Exception) -> TransientError | ProviderError | Outcome:
    return read_fault(error, KEY, "openai/m")


def test_the_words_of_the_provider_are_shown_without_the_wrapping_of_litellm() -> None:
    fault = read(litellm_error("InternalServerError", "InternalServerError: OpenAIException - overloaded"))
    assert isinstance(fault, TransientError)
    assert str(fault) == "openai/m: HTTP 500: overloaded"


def test_the_words_in_the_error_object_of_the_provider_come_first() -> None:
    cause = status_error(503, "the model is loading")
    fault = read(litellm_error("ServiceUnavailableError", "noise", cause))
    assert str(fault) == "openai/m: HTTP 503: the model is loading"


def test_a_lost_connection_names_the_address_without_its_userinfo() -> None:
    cause = openai.APIConnectionError(request=REQUEST)
    cause.__cause__ = ConnectionRefusedError(111, "Connect call failed")
    fault = read(litellm_error("InternalServerError", "Connection error.", cause))
    assert isinstance(fault, TransientError)
    assert str(fault) == (
        "openai/m: the connection to http://127.0.0.1:8000/v1/chat/completions failed ([Errno 111] Connect call failed)"
        "; see that the server runs, and check model.api_base"
    )


@pytest.mark.parametrize("error", [TimeoutError(), httpx.ReadTimeout("slow"), openai.APITimeoutError(REQUEST)])
def test_a_time_out_names_the_limit(error: Exception) -> None:
    fault = read(error)
    assert isinstance(fault, TransientError)
    assert "no answer within limits.timeout_s" in str(fault)


def test_an_answer_that_is_no_json_may_pass_and_says_what_to_check() -> None:
    try:
        json.loads("<html>")
    except json.JSONDecodeError as error:
        fault = read(litellm_error("InternalServerError", "x", error))
    assert isinstance(fault, TransientError)
    assert "the answer is not of the expected form" in str(fault) and "check model.api_base" in str(fault)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_the_provider_asks_for_is_read(headers: dict[str, str], wait_s: float | None) -> None:
    fault = read(litellm_error("RateLimitError", "slow down", status_error(429, "slow down", headers=headers)))
    assert isinstance(fault, TransientError)
    assert fault.retry_after_s == wait_s


def test_a_wait_until_a_date_is_read_as_the_seconds_until_then() -> None:
    date = email.utils.format_datetime(
        datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=90), usegmt=True
    )
    fault = read(litellm_error("RateLimitError", "x", status_error(429, "x", headers={"retry-after": date})))
    assert isinstance(fault, TransientError) and fault.retry_after_s is not None
    assert 60 < fault.retry_after_s <= 90


@pytest.mark.parametrize("code", ["content_policy_violation", "content_filter"])
def test_a_refusal_is_an_outcome_also_where_only_the_inner_error_says_so(code: str) -> None:
    assert read(litellm_error("BadRequestError", "no", status_error(400, "no", code))) == Outcome("content_filter")


@pytest.mark.parametrize("code", ["context_length_exceeded", "exceed_context_size_error"])
def test_an_overlong_prompt_is_an_outcome_also_where_only_the_inner_error_says_so(code: str) -> None:
    assert read(litellm_error("BadRequestError", "no", status_error(400, "no", code))) == Outcome("context_overflow")


def test_no_credit_is_for_good_though_its_status_is_that_of_a_busy_provider() -> None:
    fault = read(litellm_error("RateLimitError", "x", status_error(429, "quota", "insufficient_quota")))
    assert not isinstance(fault, TransientError)
    assert "add credit with the provider. What was paid is kept" in str(fault)


def test_secrets_are_masked_in_every_form_before_a_message_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_API_KEY", "another-secret-value")
    long = "x" * 390
    fault = read(status_error(401, f"{long}{KEY} and another-secret-value"))
    assert "sk-" not in str(fault) and "another" not in str(fault)


def choice(finish_reason: str | None, **message: Any) -> Any:
    return SimpleNamespace(finish_reason=finish_reason, message=SimpleNamespace(**message))


@pytest.mark.parametrize(
    ("given", "text", "tokens", "expected"),
    [
        (choice("stop"), "words", 3, ("words", "stop")),
        (choice(None), "words", None, ("words", "stop")),
        (choice("stop"), "", 0, ("", "stop")),  # an empty text is an answer
        (choice("stop"), None, 5, ("", "stop")),  # tokens were counted: reasoning, a tool call
        (choice("length"), None, 0, ("", "length")),
        (choice("content_filter"), None, 0, ("", "content_filter")),
        (choice("stop", refusal="I may not."), None, 0, ("I may not.", "content_filter")),
        (choice("stop", provider_specific_fields={"refusal": "No."}), None, 4, ("No.", "content_filter")),
    ],
)
def test_what_an_answer_says(given: Any, text: str | None, tokens: int | None, expected: tuple[str, str]) -> None:
    assert spoken(given, text, tokens, "openai/m") == expected


@pytest.mark.parametrize("tokens", [0, None])
def test_no_text_for_which_no_token_was_counted_is_no_answer(tokens: int | None) -> None:
    with pytest.raises(TransientError, match="the answer holds no text, and no token was counted for it"):
        spoken(choice("stop"), None, tokens, "openai/m")
