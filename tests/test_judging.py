"""A judge asked about a finished run: stored and billed like every completion; the dataset stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command

RUN = ("run", "generation.target=8", "tracking=off", "run_dir=mine")
JUDGED = (*RUN, "judge=offline", "review.sample_size=5")


def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "mine" / "manifest.json").read_text(encoding="utf-8"))
    return read


def stored(folder: Path) -> int:
    from selfinstruct.models.store import open_store

    store = open_store(f"sqlite:///{folder / 'runs' / 'completions.db'}")
    count = store.count()
    store.close()
    return count


def test_a_finished_run_can_be_judged_later_and_is_judged_once(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct(*RUN).code == 0
    before, paid = manifest(tmp_path), stored(tmp_path)
    assert "judge" not in before
    assert selfinstruct(*JUDGED).code == 0
    judged = manifest(tmp_path)
    lines = (tmp_path / "mine" / "report" / "review.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    assert set(json.loads(lines[0])["answers"]) == {"valid_task", "appropriate_input", "correct_output"}
    assert judged["dataset_sha256"] == before["dataset_sha256"]
    assert judged["judge"]["model"] == "offline/grammar"
    assert (judged["judge"]["instances"], judged["judge"]["requests"]) == (5, 15)
    assert stored(tmp_path) == paid + 15
    assert selfinstruct(*JUDGED).code == 0
    assert stored(tmp_path) == paid + 15
    assert manifest(tmp_path)["judge"] == judged["judge"]


def test_a_larger_sample_pays_for_its_new_instances_only(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct(*JUDGED).code == 0
    paid = stored(tmp_path)
    assert selfinstruct(*RUN, "judge=offline", "review.sample_size=7").code == 0
    assert paid < stored(tmp_path) <= paid + 2 * 3  # two instances of one instruction share the question about it


def test_a_cap_holds_for_run_and_judge_together_and_what_was_paid_is_kept(
    selfinstruct: Command, tmp_path: Path
) -> None:
    assert selfinstruct(*RUN).code == 0
    paid = stored(tmp_path)
    stopped = selfinstruct(*JUDGED, f"limits.max_requests={paid + 4}")
    assert stopped.code == 4
    assert f"limits.max_requests={paid + 4} reached" in stopped.err
    assert stored(tmp_path) == paid + 4
    assert manifest(tmp_path)["status"] == "done"
    assert selfinstruct(*JUDGED).code == 0
    assert stored(tmp_path) == paid + 15


def test_a_judge_without_its_key_is_refused_before_anything_is_sent(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    ended = selfinstruct(*RUN, "judge=openai")
    assert ended.code == 2
    assert "judge.api_key_env=OPENAI_API_KEY: this environment variable is not set" in ended.err
    assert not (tmp_path / "mine").exists()


def test_a_judge_that_is_stopped_leaves_the_review_by_the_earlier_one(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct(*JUDGED).code == 0
    before, review = manifest(tmp_path)["judge"], (tmp_path / "mine" / "report" / "review.jsonl").read_bytes()
    another = (*JUDGED, "judge.revision=new", f"limits.max_requests={stored(tmp_path) + 3}")
    assert selfinstruct(*another).code == 4
    assert manifest(tmp_path)["judge"] == before
    assert (tmp_path / "mine" / "report" / "review.jsonl").read_bytes() == review


@pytest.mark.parametrize("change", ["judge.options.rates.chatter=0.5", "store.sample=1", "review.sample_size=4"])
def test_another_judge_another_sample_or_other_questions_are_asked(
    change: str, selfinstruct: Command, tmp_path: Path
) -> None:
    assert selfinstruct(*JUDGED).code == 0
    before = manifest(tmp_path)["judge"]["asked_sha256"]
    arguments = (*JUDGED, change)
    if change.startswith("store"):  # the sample is part of the run's identity: another run, with another dataset
        arguments = (*(one for one in JUDGED if one != "run_dir=mine"), "run_dir=mine2", change)
    assert selfinstruct(*arguments).code == 0
    folder = tmp_path / ("mine2" if change.startswith("store") else "mine")
    after = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["judge"]
    assert after["asked_sha256"] != before
