"""The gateway over real HTTP: outcomes are recorded, passing faults are tried again, lasting ones are raised once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.models import gateway
from selfinstruct.models.askable import check_options
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.gateway import ModelOptions, build
from selfinstruct.models.limits import LimitOptions
from selfinstruct.records import Completion, Message, Request
from tests.servers.process import serving

KEY = "sk-planted-0123456789abcdef"
LIMITS = LimitOptions(8, None, None, None, None, None, None, max_attempts=4, timeout_s=3.0, patience_s=60.0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("scripted_server", "--key", KEY) as address:
        yield address


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setenv("TEST_KEY", KEY)
    yield
    gc.collect()  # a connection that was left open is an error now, and of this test


def options(server: str, mode: str = "chat") -> ModelOptions:
    provider = "openai" if mode == "chat" else "text-completion-openai"
    return ModelOptions(f"{provider}/m", mode, f"{server}/v1", "TEST_KEY", "", 0.001, 0.002, {})  # type: ignore[arg-type]


def ask(
    server: str, name: str, *steps: str, mode: str = "chat", limits: LimitOptions = LIMITS, budget: Budget | None = None
) -> Completion:
    script = json.dumps({"id": f"{name}-{mode}", "steps": steps})
    is_chat = mode == "chat"
    messages = (Message("user", script),) if is_chat else ()
    request = Request("instructions", messages, "" if is_chat else script, 16, 0.7, 0.5, 0.0, 2.0, ("\n\n",))

    async def work() -> Completion:
        model = build(options(server, mode), limits, budget or Budget(limits))
        try:
            return await model.complete(request)
        finally:
            await model.close()

    return asyncio.run(work())


def tries(server: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{server}/tries") as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


@pytest.mark.parametrize("mode", ["chat", "completion"])
def test_an_answer_comes_with_tokens_cost_and_finish_reason(server: str, mode: str) -> None:
    completion = ask(server, "plain", "ok:hello", mode=mode)
    # 7 prompt tokens at $0.001 and 3 completion tokens at $0.002 = 0.007 + 0.006
    assert (completion.text, completion.finish_reason) == ("hello", "stop")
    assert (completion.prompt_tokens, completion.completion_tokens) == (7, 3)
    assert completion.cost_usd == pytest.approx(0.013)
    assert completion.latency_s is not None


@pytest.mark.parametrize("mode", ["chat", "completion"])
def test_an_answer_that_does_not_say_what_it_used_is_booked_at_its_worst_case(server: str, mode: str) -> None:
    budget = Budget(LIMITS)
    completion = ask(server, "untold", "untold:hello", mode=mode, budget=budget)
    assert (completion.prompt_tokens, completion.completion_tokens, completion.cost_usd) == (None, None, None)
    assert budget.spent.requests == 1
    assert budget.spent.tokens > 16 + 32  # the whole answer that was allowed, and a prompt of more than 32 bytes
    assert budget.spent.cost_usd == pytest.approx(0.001 * (budget.spent.tokens - 16) + 0.002 * 16)


def test_a_try_that_nobody_waited_for_may_be_billed_and_is_booked(server: str) -> None:
    """A server that is told to hang has the request; one that breaks off or rejects has not answered it."""
    booked = {}
    for step in ("hang", "reset", "500", "429"):
        budget = Budget(LIMITS)
        ask(server, f"billed {step}", step, "ok:hello", budget=budget)
        booked[step] = budget.spent.requests
    assert booked == {"hang": 2, "reset": 1, "500": 1, "429": 1}


def test_a_truncated_answer_says_so(server: str) -> None:
    assert ask(server, "length", "length:cut of").finish_reason == "length"


@pytest.mark.parametrize(("step", "outcome"), [("filter", "content_filter"), ("overflow", "context_overflow")])
def test_refusals_and_overlong_prompts_are_outcomes_and_not_tried_again(server: str, step: str, outcome: str) -> None:
    completion = ask(server, f"{step} once", step)
    assert (completion.text, completion.finish_reason, completion.cost_usd) == ("", outcome, 0.0)
    assert tries(server)[f"{step} once-chat"] == 1


@pytest.mark.parametrize("step", ["429", "429:0", "500", "503", "502", "reset", "truncated", "empty", "html", "hang"])
def test_a_passing_fault_is_tried_again_and_never_becomes_data(server: str, step: str) -> None:
    name = f"passing {step}"
    assert ask(server, name, step, "ok:after all").text == "after all"
    assert tries(server)[f"{name}-chat"] == 2


@pytest.mark.parametrize("step", ["400", "403", "404", "422", "quota"])
def test_a_lasting_fault_is_raised_at_once(server: str, step: str) -> None:
    with pytest.raises(ProviderError):
        ask(server, f"lasting {step}", step, "ok:never reached")
    assert tries(server)[f"lasting {step}-chat"] == 1


def test_tries_are_bounded_and_logged(server: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(ProviderError, match="gave up after 4 tries"):
        ask(server, "always", "500")
    assert tries(server)["always-chat"] == 4
    assert sum("try" in record.message for record in caplog.records) == 3


def test_retry_after_is_waited_for(server: str) -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.to_thread(ask, server, "wait", "429:0.3", "ok:x")
        return loop.time() - started

    assert asyncio.run(work()) >= 0.3


def test_a_busy_provider_costs_no_tries(server: str) -> None:
    limits = replace(LIMITS, max_attempts=2)
    assert ask(server, "busy", *["429:0"] * 5, "500", "429", "ok:at last", limits=limits).text == "at last"
    assert tries(server)["busy-chat"] == 8


def test_patience_with_a_busy_provider_ends(server: str) -> None:
    with pytest.raises(ProviderError, match=r"does nothing but reject for \d s \(limits\.patience_s=2\)"):
        ask(server, "busy for ever", "429", limits=replace(LIMITS, patience_s=2.0))
    assert tries(server)["busy for ever-chat"] > LIMITS.max_attempts


@pytest.mark.parametrize(("step", "says"), [("429:3600", "reject for 3,600 s"), ("503:3600", "gave up after 1 tries")])
def test_a_wait_beyond_patience_is_not_begun(server: str, step: str, says: str) -> None:
    with pytest.raises(ProviderError, match=says):
        ask(server, f"wait {step}", step, "ok:never reached")
    assert tries(server)[f"wait {step}-chat"] == 1


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("openai/m", "chat"),
        ("openai/gpt-4.1-mini", "chat"),
        ("hosted_vllm/m", "chat"),
        ("text-completion-openai/m", "completion"),
    ],
)
@pytest.mark.parametrize("says", ["answers", "rejections"])
def test_limits_in_the_headers_are_kept_to(name: str, mode: str, says: str, caplog: pytest.LogCaptureFixture) -> None:
    """Also those in the headers of a rejection, which is all that there is when the first request is one too many."""
    window = [] if says == "answers" else ["--window", "0.05"]  # 0.05 s bring half a request: it rejects all

    async def work(address: str) -> None:
        limits = replace(LIMITS, patience_s=0.2)
        model = build(ModelOptions(name, mode, f"{address}/v1", "TEST_KEY", "", 0.0, 0.0, {}), limits, Budget(limits))  # type: ignore[arg-type]
        is_chat = mode == "chat"
        messages = (Message("user", "x"),) if is_chat else ()
        asked = Request("instructions", messages, "" if is_chat else "x", 16, 0.7, 0.5, 0.0, 2.0, ())
        with contextlib.suppress(ProviderError):
            await model.complete(asked)
        await model.close()

    limits = ["--requests-per-minute", "600", "--tokens-per-minute", "70000"]
    with serving("limited_server", "--headers", *limits, *window) as address, caplog.at_level(logging.INFO):
        asyncio.run(work(address))
    assert "limits are kept to: 600 requests per minute, 70,000 tokens per minute" in caplog.text


@pytest.mark.parametrize(("per_minute", "headers"), [(3_000.0, []), (None, ["--headers"])])
def test_a_server_that_enforces_limits_rejects_next_to_nothing(per_minute: float | None, headers: list[str]) -> None:
    """50 requests a second, and 8 places for answers that take 0.05 s: three times as fast as allowed."""
    limits = replace(LIMITS, requests_per_minute=per_minute, timeout_s=20.0)

    async def work(address: str) -> None:
        named = ModelOptions("openai/m", "chat", f"{address}/v1", "TEST_KEY", "", 0.0, 0.0, {})
        model = build(named, limits, Budget(limits))
        asked = [
            Request("instructions", (Message("user", f"{n}"),), "", 16, 0.7, 0.5, 0.0, 2.0, ()) for n in range(150)
        ]
        await asyncio.gather(*(model.complete(request) for request in asked))
        await model.close()

    server = ["--requests-per-minute", "3000", "--latency", "0.05", "--window", "1", "--retry-after", "whole"]
    with serving("limited_server", *server, *headers) as address:
        asyncio.run(work(address))
        with urllib.request.urlopen(f"{address}/stats") as answer:
            counted = json.load(answer)
    assert counted["let_through"] == 150
    assert counted["rejected"] <= 1


def test_null_content_is_an_empty_answer(server: str) -> None:
    assert ask(server, "null", "null").text == ""


def test_a_refused_key_is_named_by_its_variable_and_never_shown(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-wrong-but-still-secret-value")
    with pytest.raises(ProviderError, match=r"model\.api_key_env") as caught:
        ask(server, "key", "ok:x")
    shown: Any = caught.value
    while shown is not None:
        assert "sk-wrong" not in str(shown)
        shown = shown.__cause__


def test_spending_is_settled_at_what_it_really_was(server: str) -> None:
    budget = Budget(LIMITS)

    async def work() -> None:
        script = json.dumps({"id": "settle", "steps": ["500", "ok:x"]})
        request = Request("instructions", (Message("user", script),), "", 16, 0.7, 0.5, 0.0, 2.0, ())
        model = build(options(server), LIMITS, budget)
        await model.complete(request)
        await model.close()

    asyncio.run(work())
    assert budget.spent == Spent(requests=1, tokens=10, cost_usd=pytest.approx(0.013))


@pytest.mark.parametrize(("declared", "cost"), [(0.001, pytest.approx(0.01)), (None, None)])
def test_a_price_that_nobody_knows_is_not_taken_for_nothing(
    server: str, declared: float | None, cost: float | None
) -> None:
    """7 prompt tokens and 3 completion tokens at $0.001 each."""
    named = replace(options(server), input_cost_per_token=declared, output_cost_per_token=declared)

    async def work() -> Completion:
        script = json.dumps({"id": f"price {declared}", "steps": ["ok:x"]})
        model = build(named, LIMITS, Budget(LIMITS))
        try:
            return await model.complete(Request("instructions", (Message("user", script),), "", 16, 0.7, 0.5, 0, 0, ()))
        finally:
            await model.close()

    assert asyncio.run(work()).cost_usd == cost


def test_a_cost_cap_needs_a_known_price(server: str) -> None:
    unknown = replace(options(server), input_cost_per_token=None, name="openai/nobody-knows-this-one")
    with pytest.raises(InputError, match=r"model\.input_cost_per_token"):
        build(unknown, replace(LIMITS, max_cost_usd=1.0), Budget(LIMITS))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"api_key_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE: this environment variable is not set"),
        ({"options": {"api_key": "x"}}, r"model\.options\.api_key: a secret may not stand in the config"),
        ({"options": {"extra_headers": {"Authorization": "x"}}}, r"extra_headers\.Authorization"),
        ({"name": "gpt-4"}, "<provider>/<model>"),
    ],
)
def test_unusable_options_are_refused_before_anything_is_sent(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_options(replace(options("http://127.0.0.1:1"), **changes))
