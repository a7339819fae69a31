"""Rate-limit headers, in the spellings of the providers' own documentation."""

from __future__ import annotations

import datetime

import pytest

from selfinstruct.models.rates import Allowance, read_rates

NOTHING = Allowance(None, None, None)


def test_openais_headers() -> None:
    found = read_rates(
        {
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "6m0s",
        }
    )
    assert found is not None
    assert (found.requests, found.tokens) == (Allowance(500, 499, 0.12), Allowance(150_000, 0, 360.0))


def test_anthropics_headers_as_litellm_hands_them_on() -> None:
    reset = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    found = read_rates(
        {
            "x-ratelimit-limit-requests": "50",
            "llm_provider-anthropic-ratelimit-requests-remaining": "3",
            "llm_provider-anthropic-ratelimit-requests-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )
    assert found is not None
    assert (found.requests.per_minute, found.requests.left, found.tokens) == (50, 3, NOTHING)
    assert found.requests.reset_s == pytest.approx(30, abs=5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("2m59.56s", 179.56),
        ("1h0m1s", 3601.0),
        ("12ms", 0.012),
        ("0.5", 0.5),
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T00:00:00", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("nan", None),
        ("5 s", None),
    ],
)
def test_the_time_until_the_reset(text: str, seconds: float | None) -> None:
    found = read_rates({"x-ratelimit-reset-requests": text})
    assert found is not None
    assert found.requests.reset_s == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("text", ["", "many", "inf", "-5"])
def test_an_unreadable_limit_is_no_limit(text: str) -> None:
    found = read_rates({"x-ratelimit-limit-tokens": text})
    assert found is not None
    assert found.tokens == NOTHING


def test_other_headers_say_nothing() -> None:
    assert read_rates({"content-type": "application/json", "retry-after": "3"}) is None
