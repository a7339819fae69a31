"""A provider that goes wrong in the middle of an evaluation, over HTTP: an outage becomes no answer and no grade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.models import gateway
from tests.commands import lines, manifest, stored, the_one_message
from tests.conftest import Command
from tests.evaluation.folders import write_questions, write_superni
from tests.servers.fault_control import KEY, KEY_VARIABLE, FaultServer, fault_server

ANSWERED_FIRST = 5


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture(autouse=True)
def key_and_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setattr(gateway, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(gateway, "_LONGEST_WAIT_S", 0.05)


def over(server: FaultServer, key: str) -> list[str]:
    """The arguments that ask this server as `model` or as `judge`."""
    options = (f"{key}.name=openai/any", f"{key}.api_base={server.address}/v1", f"{key}.api_key_env={KEY_VARIABLE}")
    return [f"{key}=openai_compatible", *options]


def command(folder: Path, *more: str) -> list[str]:
    path = write_questions(folder / "questions.jsonl")
    limits = ("limits.max_concurrency=2", "limits.max_attempts=2", "limits.patience_s=1")
    return [
        *("evaluate", "benchmark=file", f"benchmark.path={path}", "tracking=off", "resamples=200", "run_dir=mine"),
        *limits,
        *more,
    ]


@pytest.mark.parametrize("fault", ["503", "empty choices"])
def test_a_model_that_fails_for_good_leaves_its_answers_and_no_score(
    selfinstruct: Command, server: FaultServer, tmp_path: Path, fault: str
) -> None:
    arguments = command(tmp_path, *over(server, "model"))
    server.plan(fault, skip=ANSWERED_FIRST)
    ended = selfinstruct(*arguments)
    assert ended.code == 3 and the_one_message(ended.err), ended.err
    paid = server.answered()
    predictions = lines(tmp_path / "mine" / "predictions.jsonl")
    assert len(paid) == stored(tmp_path / "runs" / "completions.db") == ANSWERED_FIRST
    assert 0 < len(predictions) <= ANSWERED_FIRST  # what is in flight when it ends is stored, and read next time
    assert all(line["prediction"] for line in predictions)
    assert not (tmp_path / "mine" / "scores.jsonl").exists()
    assert counts(tmp_path)["missing"] == 14 - len(predictions)

    server.plan()
    assert selfinstruct(*arguments).code == 0
    assert not paid.keys() & server.answered().keys(), "something that was paid for was asked again"
    assert (manifest(tmp_path / "mine")["status"], counts(tmp_path)["answers"]) == ("done", 14)


def test_a_judge_that_fails_for_good_grades_nothing_in_its_absence(
    selfinstruct: Command, server: FaultServer, tmp_path: Path
) -> None:
    arguments = command(tmp_path, "model=offline", *over(server, "judge"))
    server.plan("503", skip=ANSWERED_FIRST)
    ended = selfinstruct(*arguments)
    assert ended.code == 3 and the_one_message(ended.err), ended.err
    assert server.answered().total() == ANSWERED_FIRST
    assert 0 < len(lines(tmp_path / "mine" / "grades.jsonl")) <= ANSWERED_FIRST
    assert (manifest(tmp_path / "mine")["status"], counts(tmp_path)["answers"]) == ("stopped", 14)
    assert not (tmp_path / "mine" / "report").exists()

    server.plan()
    assert selfinstruct(*arguments).code == 0
    assert len(lines(tmp_path / "mine" / "grades.jsonl")) == 14
    assert server.answered().total() == 14 - ANSWERED_FIRST


def test_a_prompt_that_is_too_long_loses_examples_and_not_its_answer(
    selfinstruct: Command, server: FaultServer, tmp_path: Path
) -> None:
    write_superni(tmp_path / "ni", tasks=2, instances=2)
    whole = command(tmp_path, *over(server, "model"), "benchmark=superni", "benchmark.path=ni", "benchmark.shots=2")
    arguments = [part for part in whole if "questions" not in part and part != "benchmark=file"]
    server.plan(longest=prompt_length(shots=1))
    ended = selfinstruct(*arguments)
    assert ended.code == 0, ended.err
    found = lines(tmp_path / "mine" / "predictions.jsonl")
    # the shorter inputs (2 words) fit with one example, those of 3 words without any
    assert [line["examples_left_out"] for line in found] == [1, 2, 1, 2]
    assert {line["finish_reason"] for line in found} == {"stop"}
    assert "prompts that had room for fewer examples: 4" in ended.out
    assert server.failed()["context overflow"] == 4 + 2

    server.plan(longest=1)
    assert selfinstruct(*arguments, "run_dir=again").code == 0
    assert server.asked() == [], "a form that was asked before was asked again"


def test_a_prompt_that_is_too_long_without_examples_is_refused_and_counted(
    selfinstruct: Command, server: FaultServer, tmp_path: Path
) -> None:
    server.plan(longest=1)
    ended = selfinstruct(*command(tmp_path, *over(server, "model")))
    assert ended.code == 0, ended.err
    assert (counts(tmp_path)["refused"], counts(tmp_path)["shortened"]) == (14, 0)
    assert "answers refused by the provider: 14" in ended.out


def counts(folder: Path) -> dict[str, Any]:
    (of_arm,) = manifest(folder / "mine")["counts"]["arms"].values()
    return dict(of_arm)


def prompt_length(shots: int) -> int:
    """The characters of the shortest prompt with so many examples: that of "word word t0"."""
    from selfinstruct.evaluation import Item
    from selfinstruct.evaluation.rendering import render_item
    from selfinstruct.records import Pair
    from tests.evaluation.test_rendering import options

    instruction = "Count the words of the sentence (task000_count)."
    item = Item("", "", "", instruction, "word word t0", (), (Pair("A bird sings.", "3"), Pair("Stop!", "1")))
    return sum(len(message.content) for message in render_item(options("superni", shots=shots), "chat", item).messages)
