"""How LiteLLM is called: the name, the switches, and errors that say the same on every way."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import pytest

from selfinstruct.models import route
from selfinstruct.models.calls import arguments
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.library import import_litellm
from selfinstruct.models.prices import Prices
from selfinstruct.records import Message, Request
from tests.servers.process import serving

HERE = "http://127.0.0.1:8000/v1"


@pytest.fixture(scope="module")
def litellm() -> Any:
    return import_litellm()


@pytest.mark.parametrize(
    ("name", "api_base", "mode", "called"),
    [
        ("openai/my-model", HERE, "chat", "hosted_vllm/my-model"),
        ("openai/mistralai/Mistral-7B", HERE, "chat", "hosted_vllm/mistralai/Mistral-7B"),
        ("openai/gpt-oss-20b", HERE, "chat", "hosted_vllm/gpt-oss-20b"),
        ("openai/my-model", None, "chat", "openai/my-model"),
        ("openai/my-model", HERE, "completion", "openai/my-model"),
        ("openai/gpt-4.1-mini", HERE, "chat", "openai/gpt-4.1-mini"),
        ("openai/o7-not-yet-known", HERE, "chat", "openai/o7-not-yet-known"),
        ("openai/ft:gpt-4.1-mini:me::1", HERE, "chat", "openai/ft:gpt-4.1-mini:me::1"),
        ("groq/llama-3.3-70b-versatile", HERE, "chat", "groq/llama-3.3-70b-versatile"),
        ("hosted_vllm/my-model", HERE, "chat", "hosted_vllm/my-model"),
    ],
)
def test_only_other_peoples_models_on_other_peoples_servers_go_without_openais_client(
    litellm: Any, name: str, api_base: str | None, mode: str, called: str
) -> None:
    options = ModelOptions(name, mode, api_base, None, "", None, None, {})  # type: ignore[arg-type]
    assert route.called_as(litellm, options) == called


def test_a_header_that_only_openais_client_sends_is_sent(litellm: Any) -> None:
    options = ModelOptions("openai/my-model", "chat", HERE, None, "", None, None, {"organization": "mine"})
    assert route.called_as(litellm, options) == "openai/my-model"


def test_the_request_that_arrives_is_the_same_on_both_ways(litellm: Any) -> None:
    """With everything that a template and `model.options` can ask for."""
    extra = {"top_k": 5, "seed": 1, "extra_body": {"min_p": 0.1}, "logit_bias": {"5": 1}, "repetition_penalty": 1.1}
    messages = (Message("system", "Be kind."), Message("user", "Say something."))
    request = Request("instructions", messages, "", 16, 0.7, 0.5, 0.1, 0.2, ("\n\n",), schema='{"type": "object"}')

    async def ask(address: str) -> None:
        for name in ("openai/m", "hosted_vllm/m"):
            options = ModelOptions(name, "chat", f"{address}/v1", None, "", None, None, extra)
            await litellm.acompletion(model=name, api_key="key", **arguments(request, options, 5.0))
        await route.close_all(None)

    with serving("openai_server", "--key", "key") as address:
        asyncio.run(ask(address))
        with urllib.request.urlopen(f"{address}/asked") as answer:
            by_openais_client, by_litellms = json.load(answer)
    assert by_openais_client["authorised"]
    assert by_openais_client["body"]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert by_openais_client == by_litellms


def test_a_registered_price_replaces_none_that_is_known(litellm: Any) -> None:
    before = dict(litellm.model_cost["gpt-4.1-mini"])
    route.register_price(litellm, "gpt-4.1-mini", Prices(1.0, 1.0))
    route.register_price(litellm, "openai/gpt-4.1-mini", Prices(1.0, 1.0))
    assert litellm.model_cost["gpt-4.1-mini"] == before
    route.register_price(litellm, "hosted_vllm/mine", Prices(0.1, 0.2))
    assert litellm.model_cost["hosted_vllm/mine"]["output_cost_per_token"] == 0.2


@pytest.mark.parametrize("has_callback", [True, False])
def test_log_entries_are_prepared_only_where_somebody_registered_a_callback(
    litellm: Any, monkeypatch: pytest.MonkeyPatch, has_callback: bool
) -> None:
    from litellm.litellm_core_utils.litellm_logging import Logging

    said: list[str] = []
    prepared: list[Any] = []
    prepare = Logging.async_success_handler

    async def callback(_: Any, response: Any, *__: Any) -> None:
        said.append(response.choices[0].message.content)

    async def recording(self: Any, *arguments: Any, **named: Any) -> None:
        await prepare(self, *arguments, **named)
        prepared.append(self)

    async def work() -> None:
        with route.unlogged(litellm):
            await litellm.acompletion("openai/m", [{"role": "user", "content": "x"}], mock_response="said")
        for _ in range(50):
            await asyncio.sleep(0.01)

    monkeypatch.setattr(Logging, "async_success_handler", recording)
    monkeypatch.setattr(litellm, "_async_success_callback", [callback] if has_callback else [])
    asyncio.run(work())
    # what earlier tests left in LiteLLM's queue of log entries may come out here, too
    assert ("said" in said, bool(prepared)) == (has_callback, has_callback)


class Failed(Exception):
    """As LiteLLM's errors: attributes, some of them not there."""

    def __init__(self, message: str, **attributes: Any) -> None:
        super().__init__(message)
        self.message = message
        vars(self).update(attributes)


def test_the_providers_error_object_is_found_in_the_message() -> None:
    text = 'litellm.BadRequestError: Hosted_vllmException - {"error":{"message":"filtered","code":"content_filter"}} .'
    error: Any = route.spelled_out(Failed(text, status_code=400, body=None))
    assert (error.code, error.body["message"], error.status_code) == ("content_filter", "filtered", 400)


def test_an_answer_that_is_no_json_is_a_fault_that_may_pass() -> None:
    error: Any = route.spelled_out(Failed("Unable to get json response", status_code=200))
    assert error.status_code == 502


@pytest.mark.parametrize("message", ["no object", "{broken", '{"other": 1}', '{"error": "text"}', "[1]"])
def test_other_messages_stay_as_they_are(message: str) -> None:
    error: Any = route.spelled_out(Failed(message, status_code=400))
    assert not hasattr(error, "body")


def test_what_openais_client_has_read_is_left_alone() -> None:
    error: Any = route.spelled_out(Failed('{"message": "b"}', status_code=400, body={"message": "a"}, code="x"))
    assert (error.body, error.code) == ({"message": "a"}, "x")
