"""The offline model: the same answer for the same request, its limits, its options, and the way through LiteLLM."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.models.offline import answer, read_options, register
from selfinstruct.prompts import render_classification, render_instances
from selfinstruct.records import Message, Request
from tests.models.offline_requests import (
    CONF,
    EXAMPLES,
    SCENARIO,
    asked,
    new_tasks,
    options_with,
    preset,
    shipped_options,
)


def test_equal_requests_get_equal_answers_and_any_difference_counts() -> None:
    options, request = read_options(shipped_options()), new_tasks("paper")
    text = answer(request, "grammar", options).text
    assert answer(request, "grammar", options).text == text
    others = [
        answer(request, "grammar2", options),
        answer(request, "grammar", replace(options, imitation=0.4)),
        answer(replace(request, repeat=1), "grammar", options),
        answer(replace(request, temperature=0.8), "grammar", options),
        answer(replace(request, max_tokens=1025), "grammar", options),
        answer(replace(request, text=request.text.replace("three", "four")), "grammar", options),
    ]
    assert len({text, *(other.text for other in others)}) == 7


def test_latency_stage_and_style_never_change_the_answer() -> None:
    options, request = read_options(shipped_options()), new_tasks("paper")
    text = answer(request, "grammar", options).text
    assert answer(request, "grammar", replace(options, latency_s=3.0)).text == text
    assert answer(replace(request, stage="other"), "grammar", options).text == text
    as_message = replace(request, text="", messages=(Message("user", request.text),))
    assert answer(as_message, "grammar", options).text == text


def digest_of_many_answers() -> str:
    options, digest = read_options(shipped_options()), hashlib.sha256()
    requests = [new_tasks(name) for name in ("paper", "chat", "bdd", "alpaca")]
    requests.append(new_tasks("bdd", (SCENARIO, SCENARIO)))
    for task in (*EXAMPLES, SCENARIO):
        requests += [render_classification(preset("chat"), task), render_instances(preset("chat"), task, False)]
    for request in requests:
        for repeat in range(20):
            completion = answer(replace(request, repeat=repeat), "grammar", options)
            digest.update(f"{completion.text}\n{completion.finish_reason}\n".encode())
    return digest.hexdigest()


def test_answers_are_the_same_on_every_machine() -> None:
    """Did words or draws change? Then the same config means another model: raise its revision in conf/model/."""
    assert digest_of_many_answers()[:16] == "3a215db2b2b1cc81"


def test_answers_do_not_depend_on_the_hash_seed() -> None:
    code = "from tests.models.test_offline import digest_of_many_answers as d; print(d())"
    root = CONF.parent
    found = set()
    for seed in ("0", "1"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True
        )
        found.add(run.stdout)
    assert found == {digest_of_many_answers() + "\n"}


def test_an_answer_is_cut_at_its_stop_sequence_and_counts_tokens_of_four_characters() -> None:
    request = new_tasks("paper")
    completion = answer(request, "grammar", options_with())
    assert completion.finish_reason == "stop" and "\n16." not in completion.text
    assert "\n15. " in completion.text and not completion.text.startswith("5.")
    assert completion.prompt_tokens == -(-len(request.text) // 4)
    assert completion.completion_tokens == -(-len(completion.text) // 4)
    assert completion.cost_usd == 0.0


def test_a_provider_that_leaks_goes_on_after_the_stop_sequence() -> None:
    completion = answer(new_tasks("paper"), "grammar", options_with(leaked_stop=1.0))
    assert "\n16. " in completion.text and "\n18. " in completion.text
    instances = answer(render_instances(preset("chat"), EXAMPLES[1], False), "grammar", options_with(leaked_stop=1.0))
    assert "Example 6" in instances.text and "\n\nTask: " in instances.text


def test_an_answer_never_passes_the_token_limit() -> None:
    whole = answer(asked("1. Bake bread.\n2."), "grammar", options_with())
    exact = -(-len(whole.text) // 4)
    for max_tokens in (exact, exact + 1):
        # max_tokens is part of the request's identity, so the text differs; only the limit itself can be checked
        completion = answer(asked("1. Bake bread.\n2.", max_tokens=max_tokens), "grammar", options_with())
        assert len(completion.text) <= 4 * max_tokens
        assert (completion.finish_reason == "length") == (len(completion.text) == 4 * max_tokens)
    short = answer(asked("1. Bake bread.\n2.", max_tokens=5), "grammar", options_with())
    assert (len(short.text), short.finish_reason, short.completion_tokens) == (20, "length", 5)


def test_a_rambling_answer_fills_the_token_limit() -> None:
    completion = answer(new_tasks("chat"), "grammar", options_with(truncated=1.0))
    assert (completion.finish_reason, completion.completion_tokens) == ("length", 2048)


def test_a_refusal_is_words_or_a_content_filter() -> None:
    found = {
        (answer(asked("1. Bake.\n2.", repeat=i), "grammar", options_with(refusal=1.0)).finish_reason) for i in range(20)
    }
    assert found == {"stop", "content_filter"}


def test_the_shipped_options_are_complete() -> None:
    assert read_options(shipped_options()).rates.near_duplicate == 0.12


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rates": None}, "model.options.rates: not a mapping"),
        ({"imitaton": 0.5}, "model.options.imitaton: unknown key"),
        ({"imitation": 1.1}, "model.options.imitation=1.1: not a number from 0 to 1"),
        ({"latency_s": -1}, "model.options.latency_s=-1: not a number of seconds from 0"),
        ({"rates": {"refusal": 2}}, "model.options.rates.refusal=2: not a number from 0 to 1"),
        ({"rates": {"refusel": 0}}, "model.options.rates.refusel: unknown key"),
        ({"rates": {"refusal": 0}}, "model.options.rates.near_duplicate: no value"),
    ],
)
def test_options_that_cannot_be_used_are_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_options({**shipped_options(), **change})
    assert says in str(caught.value)


@pytest.mark.parametrize("value", (0, 1))
def test_rates_from_0_to_1_are_accepted(value: int) -> None:
    options = shipped_options()
    options["rates"]["refusal"] = value
    assert read_options(options).rates.refusal == float(value)


def through_litellm(request: Request, **changes: Any) -> Any:
    import litellm

    register()
    register()  # a second time does nothing
    common = {
        "model": "offline/grammar",
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty,
        "stop": list(request.stop) or None,
        "num_retries": 0,
        "max_retries": 0,
        "drop_params": True,
        "repeat": request.repeat,
        **shipped_options(),
        **changes,
    }
    if request.text:
        return asyncio.run(litellm.atext_completion(prompt=request.text, **common))
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    return asyncio.run(litellm.acompletion(messages=messages, **common))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pydantic.PydanticDeprecatedSince20")
@pytest.mark.parametrize("name", ("paper", "chat"))
def test_litellm_gives_the_same_answer_with_usage_and_no_cost(name: str) -> None:
    request = replace(new_tasks(name), repeat=2)
    response = through_litellm(request)
    direct = answer(request, "grammar", read_options(shipped_options()))
    choice = response.choices[0]
    assert (choice.text if request.text else choice.message.content) == direct.text
    assert choice.finish_reason == direct.finish_reason
    assert response.usage.prompt_tokens == direct.prompt_tokens
    assert response.usage.completion_tokens == direct.completion_tokens
    assert response._hidden_params["response_cost"] == 0.0


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pydantic.PydanticDeprecatedSince20")
def test_bad_options_are_a_bad_request_that_no_retry_can_mend() -> None:
    import litellm

    with pytest.raises(litellm.BadRequestError, match=r"model\.options\.imitation=7"):
        through_litellm(new_tasks("chat"), imitation=7)
