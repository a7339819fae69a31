"""The gateway over real HTTP: outcomes are recorded, passing faults are tried again, lasting ones are raised once."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.models import gateway
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.gateway import ModelOptions, build, check_options
from selfinstruct.models.limits import LimitOptions
from selfinstruct.records import Completion, Message, Request
from tests.servers.process import serving

# LiteLLM leaves its text-completion clients to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

KEY = "sk-planted-0123456789abcdef"
LIMITS = LimitOptions(8, None, None, None, None, None, max_attempts=4, timeout_s=1.0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("scripted_server", "--key", KEY) as address:
        yield address


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setenv("TEST_KEY", KEY)
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def options(server: str, mode: str = "chat") -> ModelOptions:
    provider = "openai" if mode == "chat" else "text-completion-openai"
    return ModelOptions(f"{provider}/m", mode, f"{server}/v1", "TEST_KEY", "", 0.001, 0.002, {})  # type: ignore[arg-type]


def ask(server: str, name: str, *steps: str, mode: str = "chat", limits: LimitOptions = LIMITS) -> Completion:
    script = json.dumps({"id": f"{name}-{mode}", "steps": steps})
    is_chat = mode == "chat"
    messages = (Message("user", script),) if is_chat else ()
    request = Request("instructions", messages, "" if is_chat else script, 16, 0.7, 0.5, 0.0, 2.0, ("\n\n",))

    async def work() -> Completion:
        model = build(options(server, mode), limits, Budget(limits))
        try:
            return await model.complete(request)
        finally:
            await model.close()

    return asyncio.run(work())


def tries(server: str) -> dict[str, int]:
    import urllib.request

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
