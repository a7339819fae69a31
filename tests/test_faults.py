"""What a run does when something goes wrong between it and its provider: the fault matrix, over real HTTP.

A fault that passes leaves no trace in the data. One that stays ends the run with exit code 3 and one message; what was
paid is kept, and the same command goes on when the server is well again. Refusals and overlong prompts are answers.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.models import gateway
from tests.commands import lines, manifest, stored
from tests.conftest import Command
from tests.servers.fault_control import KEY, KEY_VARIABLE, FaultServer, fault_server
from tests.servers.fault_server import LASTING, PASSING

# LiteLLM leaves its text-completion clients to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

REFUSED_S = float(os.environ.get("SELFINSTRUCT_TEST_REFUSED_S", "1"))
SLOW = {"time-out", "slow trickle"}
SAYS = {
    "429": "HTTP 429",
    "429 in seconds": "HTTP 429",
    "429 in milliseconds": "HTTP 429",
    "429 at a date": "HTTP 429",
    "408": "HTTP 408",
    "500": "HTTP 500",
    "502": "HTTP 502",
    "503": "HTTP 503",
    "529": "HTTP 529",
    "reset": "Connection reset by peer",
    "reset within the answer": "the connection to http://127.0.0.1",
    "time-out": "no answer within limits.timeout_s",
    "slow trickle": "no answer within limits.timeout_s",
    "truncated JSON": "not of the expected form",
    "no JSON": "not of the expected form",
    "empty choices": "the answer holds no choice",
    "no choices": "choices",
    "null unpaid": "the answer holds no text, and no token was counted for it",
    "error in 200": "upstream failed",
    "a proxy's page": "Please log in",
    "400": "the provider refused the request: check model and prompts",
    "401": "check the variable that model.api_key_env names",
    "403": "check model.api_key_env and the rights of the key",
    "404": "check model.name and model.api_base",
    "422": "the provider refused the request: check model and prompts",
    "quota": "add credit with the provider. What was paid is kept: repeat the command to go on",
}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait some milliseconds between two tries, not seconds."""
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(gateway, "_LONGEST_WAIT_S", 0.05)


_calm: dict[str, str] = {}


@pytest.fixture
def calm(selfinstruct: Command, server: FaultServer) -> str:
    """The dataset_sha256 of the run when nothing goes wrong; made once."""
    if not _calm:
        server.plan()
        ended = selfinstruct(*server.arguments("run_dir=calm", "store.url=sqlite:///calm/store.db"))
        assert ended.code == 0, ended.err
        _calm["sha256"] = manifest(Path("calm"))["dataset_sha256"]
    return _calm["sha256"]


@pytest.mark.parametrize("fault", [*PASSING, "any passing"])
@pytest.mark.usefixtures("quick")
def test_a_fault_in_30_percent_of_the_tries_leaves_no_trace_in_the_data(
    selfinstruct: Command, server: FaultServer, calm: str, fault: str
) -> None:
    server.plan(fault, share=0.3, seed=5, seconds=10)
    is_slow = fault in {*SLOW, "any passing"}
    ended = selfinstruct(*server.arguments(*(["limits.timeout_s=1"] if is_slow else [])))
    assert ended.code == 0, ended.err
    failed, answered = server.failed(), server.answered()
    assert failed.total() >= 4, "hardly anything went wrong"
    assert manifest(Path("run"))["dataset_sha256"] == calm
    assert stored(Path("runs/completions.db")) == len(answered)
    assert is_slow or set(answered.values()) == {1}


@pytest.mark.parametrize("fault", [*PASSING, *LASTING])
@pytest.mark.usefixtures("quick")
def test_a_fault_that_stays_ends_the_run_with_one_message_and_the_repeated_command_goes_on(
    selfinstruct: Command, server: FaultServer, calm: str, fault: str
) -> None:
    few_tries = ["limits.max_attempts=2", "limits.patience_s=1", f"limits.timeout_s={2 if fault in SLOW else 20}"]
    server.plan(fault, skip=12, seconds=10)
    ended = selfinstruct(*server.arguments(*few_tries))
    paid = server.answered()
    assert ended.code == 3, ended.err
    assert ended.err.count("selfinstruct: ") == 1 and "Traceback" not in ended.err
    assert SAYS[fault] in ended.err
    stopped = manifest(Path("run"))
    assert (stopped["status"], stopped["exit_code"]) == ("stopped", 3)
    assert stopped["reason"] in ended.err
    assert len(paid) == stored(Path("runs/completions.db")) >= 8

    server.plan()
    ended = selfinstruct(*server.arguments(*few_tries))
    assert ended.code == 0, ended.err
    whole = manifest(Path("run"))
    assert whole["dataset_sha256"] == calm
    assert whole["from_store"] >= len(paid)
    assert not paid.keys() & server.answered().keys(), "something that was paid for was asked again"


def test_a_server_that_refuses_connections_for_a_while_is_waited_for(
    selfinstruct: Command, server: FaultServer, calm: str
) -> None:
    """With the shipped waits and number of tries; SELFINSTRUCT_TEST_REFUSED_S=20 keeps the port closed for 20 s."""
    server.plan("refused", seconds=REFUSED_S)
    ended = selfinstruct(*server.arguments("limits.max_attempts=8"))
    assert ended.code == 0, ended.err
    assert manifest(Path("run"))["dataset_sha256"] == calm


def test_a_port_that_closes_in_the_middle_of_a_run_and_opens_again_is_waited_for(
    selfinstruct: Command, server: FaultServer, calm: str
) -> None:
    server.plan("trickle", seconds=0.4)  # slow enough to be interrupted, and each answer is whole

    def close_in_the_middle() -> None:
        while len(server.asked()) < 6:
            time.sleep(0.01)
        server.plan("refused", seconds=REFUSED_S)

    closing = threading.Thread(target=close_in_the_middle)
    closing.start()
    ended = selfinstruct(*server.arguments("limits.max_attempts=8"))
    closing.join()
    assert ended.code == 0, ended.err
    assert manifest(Path("run"))["dataset_sha256"] == calm


def test_nobody_at_the_address_ends_the_run_with_the_address_and_what_to_check(
    selfinstruct: Command, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    ended = selfinstruct(*server.arguments("model.api_base=http://127.0.0.1:9/v1", "limits.max_attempts=2"))
    assert ended.code == 3
    assert "the connection to http://127.0.0.1:9/v1/chat/completions failed" in ended.err
    assert "see that the server runs, and check model.api_base" in ended.err


def test_bytes_that_drip_but_arrive_in_time_are_an_answer(
    selfinstruct: Command, server: FaultServer, calm: str
) -> None:
    server.plan("trickle", seconds=0.3)
    ended = selfinstruct(*server.arguments("limits.max_attempts=1"))
    assert ended.code == 0, ended.err
    assert manifest(Path("run"))["dataset_sha256"] == calm


@pytest.mark.parametrize(("fault", "rule"), [("content policy", "refused"), ("filtered", "refused"), ("null", None)])
def test_what_the_provider_refuses_to_say_is_recorded_by_name_and_not_asked_again(
    selfinstruct: Command, server: FaultServer, fault: str, rule: str | None
) -> None:
    server.plan(fault, share=0.4, seed=3)
    assert selfinstruct(*server.arguments("run_dir=one")).code == 0
    assert server.failed()[fault] >= 3
    assert max(Counter(entry["digest"] for entry in server.asked()).values()) == 1
    first = manifest(Path("one"))
    rules = first["counts"]["candidate_rules"] | first["counts"]["instance_rules"]
    assert rules["refused" if rule else "empty_answer"] >= 1

    server.plan()
    assert selfinstruct(*server.arguments("run_dir=two")).code == 0
    assert server.asked() == []
    assert manifest(Path("two"))["dataset_sha256"] == first["dataset_sha256"]


COMPLETION = ("model.mode=completion", "model.name=text-completion-openai/any", "prompts=paper")


@pytest.mark.parametrize("fault", ["error in 200", "no choices", "null unpaid", "a proxy's page", "empty choices"])
@pytest.mark.usefixtures("quick")
def test_answers_without_a_text_never_become_data_in_completion_mode_either(
    selfinstruct: Command, server: FaultServer, fault: str
) -> None:
    server.plan()
    assert selfinstruct(*server.arguments(*COMPLETION, "store.url=sqlite:///calm.db", "run_dir=calm")).code == 0
    server.plan(fault, share=0.3, seed=1)
    ended = selfinstruct(*server.arguments(*COMPLETION))
    assert ended.code == 0, ended.err
    assert server.failed()[fault] >= 3
    assert manifest(Path("run"))["dataset_sha256"] == manifest(Path("calm"))["dataset_sha256"]


def test_a_prompt_that_is_too_long_loses_examples_and_every_form_is_paid_once(
    selfinstruct: Command, server: FaultServer
) -> None:
    server.plan(longest=1300)  # characters: bootstrapping fits with 4 of 8 examples, classification with 7 of 31
    assert selfinstruct(*server.arguments("run_dir=one", "limits.max_concurrency=1")).code == 0
    overflows = server.failed()["context overflow"]
    assert overflows >= 10
    first = manifest(Path("one"))
    assert first["counts"]["accepted"] == 8
    assert first["sent"] == len(server.asked()) == sum(usage["requests"] for usage in first["usage"].values())
    assert {record["shortened"] for record in lines(Path("one/requests.jsonl"))} == {1}

    server.plan(longest=1300)
    assert selfinstruct(*server.arguments("run_dir=two")).code == 0
    assert server.asked() == [], "a form that was asked before was asked again"
    server.plan(longest=1300)
    assert selfinstruct(*server.arguments("run_dir=three", "store.url=sqlite:///other.db")).code == 0
    assert server.failed()["context overflow"] == overflows
    assert {manifest(Path(name))["dataset_sha256"] for name in ("two", "three")} == {first["dataset_sha256"]}


def test_prompts_that_are_too_long_without_examples_are_dropped_by_name(
    selfinstruct: Command, server: FaultServer
) -> None:
    server.plan(longest=200)
    ended = selfinstruct(*server.arguments("generation.max_dry_requests=3"))
    assert ended.code == 0, ended.err
    ended_dry = manifest(Path("run"))
    assert ended_dry["status"] == "dried_up"
    assert set(ended_dry["counts"]["candidate_rules"]) == {"context_overflow"}
