"""Sweeps: one parent with its children in the tracker, closed as it should be, and an exit code that says the worst."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from selfinstruct import publishing
from tests.conftest import ROOT, Command

SMALL = ("generation.target=6", "generation.lookahead=4")


def tracked(folder: Path, experiment: str = "selfinstruct") -> list[Any]:
    from selfinstruct.tracking.store import open_client

    client = open_client(f"sqlite:///{folder}/runs/mlflow.db")
    (found,) = [e for e in client.search_experiments() if e.name == experiment]
    return list(client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"]))


def tree(folder: Path, experiment: str = "selfinstruct") -> dict[str, list[str]]:
    """Status of every parent, with those of its children."""
    runs = tracked(folder, experiment)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return {
        f"{run.info.run_name} {run.info.status}": [
            child.info.status for child in runs if child.data.tags.get("mlflow.parentRunId") == run.info.run_id
        ]
        for run in parents
    }


def test_a_sweep_is_one_parent_with_a_child_for_each_run(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "-m", *SMALL, "filters.instruction.max_rouge_l=0.5,0.7")
    assert ended.code == 0, ended.err
    (name,) = tree(tmp_path)
    assert name.endswith(" FINISHED")
    assert tree(tmp_path)[name] == ["FINISHED", "FINISHED"]
    children = [run for run in tracked(tmp_path) if "mlflow.parentRunId" in run.data.tags]
    assert {child.data.params["filters.instruction.max_rouge_l"] for child in children} == {"0.5", "0.7"}
    assert all(child.data.metrics["funnel.accepted"] == 6 for child in children)
    assert all(child.inputs.dataset_inputs for child in children)
    assert {child.data.tags["selfinstruct.seeds"] for child in children} == {"general"}
    assert "max_rouge_l=0.5" in ended.out


def test_the_documented_script_prints_the_tree_and_the_documented_questions_are_understood(
    selfinstruct: Command, tmp_path: Path
) -> None:
    text = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (questions,) = re.findall(r"```\n(metrics\..*?)```", text, re.DOTALL)
    selfinstruct("run", "-m", *SMALL, "limits.max_requests=3,null", "random_seed=1,2")
    printed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert re.fullmatch(r"run-[0-9a-f]{12} FAILED", printed[0])  # two of its arms met the cap
    assert sorted(printed[1:]) == [f"    max_requests=null random_seed={n} FINISHED 6.0" for n in (1, 2)]
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/runs/mlflow.db")
    for question in questions.splitlines():
        client.search_runs(["1"], question)
    assert len(questions.splitlines()) == 5


def test_a_repeated_sweep_goes_on_with_its_runs_and_sends_nothing(selfinstruct: Command, tmp_path: Path) -> None:
    command = ("run", "-m", *SMALL, "random_seed=1,2")
    selfinstruct(*command)
    before = [run.info.run_id for run in tracked(tmp_path)]
    ended = selfinstruct(*command)
    assert ended.code == 0
    assert [run.info.run_id for run in tracked(tmp_path)] == before
    assert len(before) == 3


def test_a_failed_arm_stops_no_other_and_the_sweep_exits_with_the_highest_code(
    selfinstruct: Command, tmp_path: Path
) -> None:
    ended = selfinstruct("run", "-m", *SMALL, "limits.max_requests=0,null,3", "random_seed=1,2")
    # max_requests=0 stops with code 4; null then finishes the same run; 3 finds it finished
    assert ended.code == 4
    outcomes = json.loads(next((tmp_path / "runs/sweeps").glob("*/sweep.json")).read_text())
    assert [outcome["exit_code"] for outcome in outcomes] == [4, 4, 0, 0, 0, 0]
    (name,) = tree(tmp_path)
    assert name.endswith(" FAILED")


def test_an_arm_with_bad_input_stops_no_other(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "-m", *SMALL, "tracking=off", "generation.target=0,5")
    assert ended.code == 2
    assert "generation.target=0" in ended.err
    assert "5 of " in ended.out


def test_an_arm_that_meets_a_fault_of_the_program_stops_no_other(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = publishing.measure

    def faulty(folder: Path, manifest: Any, seeds: Any) -> dict[str, float]:
        return {"a": 1 / 0} if manifest["random_seed"] == 1 else real(folder, manifest, seeds)

    monkeypatch.setattr(publishing, "measure", faulty)
    ended = selfinstruct("run", "-m", *SMALL, "random_seed=1,2,3")
    assert ended.code == 1
    assert "ZeroDivisionError: division by zero (a fault of the program" in ended.err
    (name,) = tree(tmp_path)
    assert name.endswith(" FAILED")
    assert sorted(tree(tmp_path)[name]) == ["FAILED", "FINISHED", "FINISHED"]
    (sweep,) = (tmp_path / "runs/sweeps").iterdir()
    assert [outcome["exit_code"] for outcome in json.loads((sweep / "sweep.json").read_text())] == [1, 0, 0]
    assert "in faulty" in (sweep / "0" / "traceback.txt").read_text()
    assert "in faulty" in ended.err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    again = selfinstruct("run", "-m", *SMALL, "random_seed=1,2,3")
    assert again.code == 0, again.err
    assert tree(tmp_path)[name.replace("FAILED", "FINISHED")] == ["FINISHED"] * 3
    assert not list(sweep.glob("*/traceback.txt"))


def test_a_fault_of_the_program_outside_a_sweep_is_shown_as_python_shows_it_and_fails_the_tracking_run(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(publishing, "measure", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            selfinstruct("run", *SMALL)
    (run,) = tracked(tmp_path)
    assert (run.info.status, run.data.tags["selfinstruct.status"]) == ("FAILED", "stopped")
    assert run.info.end_time is not None
    assert selfinstruct("run", *SMALL).code == 0
    assert [run.info.status for run in tracked(tmp_path)] == ["FINISHED"]


def test_a_run_that_is_interrupted_for_good_is_killed_in_the_tracker(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt  # as a second Ctrl+C does

    monkeypatch.setattr(publishing, "measure", interrupted)
    assert selfinstruct("run", *SMALL).code == 130
    assert [run.info.status for run in tracked(tmp_path)] == ["KILLED"]


def test_a_run_that_is_refused_late_is_failed_in_the_tracker(selfinstruct: Command, tmp_path: Path) -> None:
    assert selfinstruct("run", *SMALL, "run_dir=here").code == 0
    with (tmp_path / "here" / "instances.jsonl").open("a") as file:
        file.write("{}\n")
    ended = selfinstruct("run", *SMALL, "run_dir=here")
    assert (ended.code, "the dataset is not the one that its manifest names" in ended.err) == (2, True)
    assert [run.info.status for run in tracked(tmp_path)] == ["FAILED"]


def test_an_interrupt_ends_the_sweep_and_not_one_of_its_runs_only(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupting:
        interrupting.setattr("selfinstruct.job.generate", _interrupted)
        ended = selfinstruct("run", "-m", *SMALL, "random_seed=1,2,3")
    assert ended.code == 130
    assert ended.err.splitlines()[-1] == "selfinstruct: interrupted; repeat the command to go on"
    (name,) = tree(tmp_path)
    assert name.endswith(" FAILED")
    assert tree(tmp_path)[name] == ["KILLED"]
    assert len(list((tmp_path / "runs").glob("general-*"))) == 1
    assert selfinstruct("run", "-m", *SMALL, "random_seed=1,2,3").code == 0
    assert tree(tmp_path) == {name.replace("FAILED", "FINISHED"): ["FINISHED"] * 3}


async def _interrupted(*_: Any) -> str:
    raise asyncio.CancelledError  # what Ctrl+C is to what works asynchronously


@pytest.mark.filterwarnings("ignore:Callback SweepCallback.on_multirun_end raised")
def test_a_comparison_that_meets_a_fault_leaves_the_parent_as_its_runs_ended(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("selfinstruct.compare.compare_runs", faulty)
    ended = selfinstruct("run", "-m", *SMALL, "random_seed=1,2", "report=default", "report.pictures=[]")
    assert ended.code == 0
    (name,) = tree(tmp_path)
    assert name.endswith(" FINISHED")


def test_arms_share_answers_where_they_ask_the_same(selfinstruct: Command, tmp_path: Path) -> None:
    selfinstruct("run", "-m", *SMALL, "filters.instance.duplicate=true,false", "tracking=off")
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("general-*/manifest.json")]
    assert len(manifests) == 2
    assert sorted(manifest["sent"] == 0 for manifest in manifests) == [False, True]


OFFLINE = ("model=offline", "model.name=offline/grammar")  # for the studies that name a real model


@pytest.mark.parametrize(
    ("study", "arms", "changes"),
    [
        ("threshold_sweep", 5, SMALL),
        ("seed_quality", 6, SMALL),
        ("lookahead", 12, SMALL[:1]),
        ("prompt_templates", 9, SMALL),
        ("paper", 1, (*SMALL, *OFFLINE)),
        ("selfbehave", 2, (*SMALL, *OFFLINE)),
    ],
)
def test_every_study_runs_small(
    selfinstruct: Command, tmp_path: Path, study: str, arms: int, changes: tuple[str, ...]
) -> None:
    ended = selfinstruct("run", "-m", f"experiments={study}", *changes)
    assert ended.code == 0, ended.err
    (children,) = tree(tmp_path).values()
    assert children == ["FINISHED"] * arms
    assert {run.data.tags["selfinstruct.study"] for run in tracked(tmp_path)} == {study}


def test_no_study_is_left_out_of_these_tests() -> None:
    (marked,) = [mark for mark in test_every_study_runs_small.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    studies = (ROOT / "experiments").glob("*.yaml")
    swept = {path.stem for path in studies if "sweeper:" in path.read_text(encoding="utf-8")}
    assert {study for study, *_ in marked.args[1]} == swept  # the others are chains of steps: test_study.py


def test_a_cap_for_the_sweep_holds_for_its_runs_together_and_a_higher_one_goes_on(
    selfinstruct: Command, tmp_path: Path
) -> None:
    sweep = ("run", "-m", "generation.target=30", "filters.instruction.max_rouge_l=0.5,0.8", "tracking=off")
    priced = ("model.input_cost_per_token=1e-6", "model.output_cost_per_token=1e-6")

    def paid() -> list[float]:
        manifests = sorted((tmp_path / "runs").glob("*/manifest.json"))
        return [json.loads(path.read_text(encoding="utf-8"))["cost_usd"] for path in manifests]

    stopped = selfinstruct(*sweep, *priced, "limits.sweep_max_cost_usd=0.04")
    assert stopped.code == 4
    assert "limits.sweep_max_cost_usd=0.04 reached: the runs of this sweep have paid" in stopped.err
    assert 0 < sum(paid()) <= 0.04
    done = selfinstruct(*sweep, *priced, "limits.sweep_max_cost_usd=4")
    assert done.code == 0, done.err
    assert sum(paid()) > 0.04
    assert len(list((tmp_path / "runs" / "sweeps").iterdir())) == 1  # the same sweep, as only a limit has changed
