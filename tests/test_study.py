"""Studies of several verbs: steps in order, below one parent; what is done is not done again; what failed leaves its
followers out and nobody else.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct import study_job
from tests.commands import ENVIRONMENT, command, manifest, stored
from tests.conftest import ROOT, Command
from tests.test_sweeps import tracked, tree

SMALL = ["generation.target=8", "generation.lookahead=4", "report=off", "export.formats=[alpaca]"]
CHAIN = {
    "data": {"verb": "run", "overrides": ["random_seed=3"]},
    "stricter": {"verb": "refilter", "overrides": ["run=${folder:data}", "filters.instruction.max_rouge_l=0.4"]},
    "compared": {"verb": "compare", "overrides": ["runs=[${folder:data},${folder:stricter}]", "resamples=200"]},
}
has_torch = importlib.util.find_spec("torch") and importlib.util.find_spec("trl")
needs_training = pytest.mark.skipif(not has_torch, reason="fine-tuning on this machine is not installed: make train")


def declare(folder: Path, steps: dict[str, Any], **keys: Any) -> tuple[str, ...]:
    """Write a study and return the command that runs it."""
    place = folder / "mine" / "experiments"
    place.mkdir(parents=True, exist_ok=True)
    refilter = [one for one in SMALL if not one.startswith("generation")]
    everywhere = {"run": SMALL, "refilter": refilter}
    content = {"study": "chain", "everywhere": everywhere, "steps": steps, **keys}
    (place / "chain.yaml").write_text("# @package _global_\n" + yaml.safe_dump(content, sort_keys=False))
    return ("study", "--config-dir", str(folder / "mine"), "experiments=chain")


def folder_of(folder: Path) -> Path:
    (found,) = (folder / "runs" / "studies").glob("[!.]*")
    return found


def test_the_steps_run_in_order_below_one_parent_and_a_repeated_command_pays_nothing(
    selfinstruct: Command, tmp_path: Path
) -> None:
    study = declare(tmp_path, CHAIN)
    ended = selfinstruct(*study)
    assert ended.code == 0, ended.err
    place = folder_of(tmp_path)
    assert manifest(place / "data")["study"] == "chain"
    assert manifest(place / "stricter")["thresholds"]["instruction"]["max_rouge_l"] == 0.4
    assert (place / "compared" / "report.html").is_file()
    record = json.loads((place / "study.json").read_text())
    assert [step["exit_code"] for step in record["steps"].values()] == [0, 0, 0]
    assert tree(tmp_path) == {f"{place.name} FINISHED": ["FINISHED", "FINISHED"]}
    paid, runs = stored(tmp_path / "runs" / "completions.db"), len(tracked(tmp_path))
    assert selfinstruct(*study).code == 0
    assert (stored(tmp_path / "runs" / "completions.db"), len(tracked(tmp_path))) == (paid, runs)


def test_a_step_that_fails_leaves_out_those_that_use_it_and_the_others_go_on(
    selfinstruct: Command, tmp_path: Path
) -> None:
    nobody = ["model=vllm", "model.name=hosted_vllm/m", "model.api_base=http://127.0.0.1:9/v1", "limits.max_attempts=1"]
    steps = {
        "broken": {"verb": "run", "overrides": nobody},
        "after_it": {"verb": "refilter", "overrides": ["run=${folder:broken}"]},
        "apart": {"verb": "run", "overrides": []},
    }
    ended = selfinstruct(*declare(tmp_path, steps))
    assert ended.code == 3
    assert "after_it: selfinstruct refilter left out, since broken did not end well" in ended.out
    assert "repeat the command to do what is missing" in ended.out
    assert manifest(folder_of(tmp_path) / "apart")["status"] == "done"
    (parent,) = tree(tmp_path)
    assert parent.endswith("FAILED")


@pytest.mark.parametrize(
    ("steps", "extra", "says"),
    [
        ({"a": {"verb": "run", "overrides": ["generation.targt=3"]}}, (), "steps.a: Could not override"),
        ({"a": {"verb": "run", "overrides": ["seeds=nowhere"]}}, (), "steps.a: "),
        (
            {"a": {"verb": "refilter", "overrides": ["run=${folder:b}"]}, "b": {"verb": "run", "overrides": []}},
            (),
            "steps.a: uses the step b, which comes after it",
        ),
        ({"a": {"verb": "refilter", "overrides": ["run=${folder:b}"]}}, (), "uses the step b, which is not there"),
        ({"a": {"verb": "rate", "overrides": []}}, (), 'steps.a.verb="rate"'),
        ({}, (), "steps"),
        (CHAIN, ("-m",), "study does one thing at a time; leave out -m"),
        (CHAIN, ("also.run=modle=offline",), "put a value with signs of its own in quotes"),
        (CHAIN, ('also.run="modle=offline"',), "steps.data: Could not override 'modle'"),
    ],
    ids=["key", "option", "later", "missing", "verb", "no steps", "-m", "no override", "also"],
)
def test_what_cannot_run_is_refused_before_the_first_step(
    steps: dict[str, Any], extra: tuple[str, ...], says: str, selfinstruct: Command, tmp_path: Path
) -> None:
    ended = selfinstruct(*declare(tmp_path, steps), *extra)
    assert ended.code == 2
    assert says in ended.err
    assert not (tmp_path / "runs").exists()


def test_what_is_said_last_counts_and_limits_leave_the_study_where_it_is(selfinstruct: Command, tmp_path: Path) -> None:
    study = (*declare(tmp_path, CHAIN), "dry_run=true")
    first, second = selfinstruct(*study), selfinstruct(*study, "also.run='random_seed=5 limits.max_requests=9'")
    assert second.out.splitlines()[0].endswith("random_seed=3 random_seed=5 limits.max_requests=9")
    third = selfinstruct(*study, "also.run='limits.max_requests=9'")
    place = [ended.out.partition("run_dir=")[2].partition("/data")[0] for ended in (first, second, third)]
    assert place[0] == place[2] != place[1]
    assert not (tmp_path / "runs").exists()


def test_steps_are_tracked_where_their_parent_is(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct(*declare(tmp_path, {"data": CHAIN["data"]}), "tracking.experiment=mine")
    assert ended.code == 0, ended.err
    assert tree(tmp_path, "mine") == {f"{folder_of(tmp_path).name} FINISHED": ["FINISHED"]}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, 1), (signal.SIGTERM, 1)])
def test_a_step_that_is_killed_has_failed_and_only_an_interrupt_ends_the_study(
    sent: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that the system kills for its memory must not pass for Ctrl+C, which ends all steps."""
    suicide = f"import os; os.kill(os.getpid(), {int(sent)})"
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, env: start([sys.executable, "-c", suicide], env=env))
    assert study_job._run(["run"], {}) == code


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path) -> None:
    study = command(*declare(tmp_path, CHAIN), "tracking=off", "also.run='model.options.latency_s=0.05'")
    running = subprocess.Popen(
        study,
        cwd=tmp_path,
        env=ENVIRONMENT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    store = tmp_path / "runs" / "completions.db"
    deadline = time.monotonic() + 120
    while stored(store) < 3:
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    ended = subprocess.run(study, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    data = manifest(folder_of(tmp_path) / "data")
    assert data["from_store"] >= 3
    assert stored(store) == data["sent"] + data["from_store"]


def benchmark(folder: Path) -> Path:
    asked = [("Name a color.", "", "red"), ("Add the numbers.", "2 and 3", "5"), ("Say yes or no.", "Is it?", "yes")]
    lines = [
        {"id": f"task-{number}", "instruction": task, "input": text, "references": [answer]}
        for number, (task, text, answer) in enumerate(asked)
    ]
    path = folder / "tasks.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@needs_training
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("study", "settings", "evaluations"),
    [
        ("tune_and_evaluate", ("settings.target=4",), ["untuned", "filtered", "unfiltered"]),
        (
            "data_size",
            ("settings.size_1=1", "settings.size_2=2", "settings.size_3=3", "settings.size_4=4"),
            ["scores_0", "scores_1", "scores_2", "scores_3", "scores_4"],
        ),
    ],
)
def test_a_loop_from_data_to_tuned_models_runs_small(
    study: str, settings: tuple[str, ...], evaluations: list[str], tmp_path: Path
) -> None:
    """With a tiny model of random weights: every part of the loop is real, what the model says is not."""
    from tests.tiny_model import make_tiny_model

    make_tiny_model(tmp_path / "base")
    benchmark(tmp_path)
    ended = subprocess.run(
        command(
            "study",
            f"experiments={study}",
            "settings.base=base",
            "settings.tasks=tasks.jsonl",
            *settings,
            "tracking=off",
            "also.run='report=off export.formats=[alpaca]'",
            "also.refilter='report=off'",
            "also.finetune='finetune.include_seed_tasks=false finetune.learning_rate=0.01 finetune.epochs=3'",
            "also.evaluate='benchmark.completion.max_tokens=4 resamples=200'",
            "also.compare='resamples=200'",
        ),
        cwd=tmp_path,
        env=ENVIRONMENT | {"OMP_NUM_THREADS": "1"},  # for so small a model more threads wait for each other
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    place = folder_of(tmp_path)
    tuned = [manifest(path) for path in sorted(place.glob("tuned_*"))]
    assert len(tuned) == len(evaluations) - 1
    assert all(one["status"] == "done" and (Path(one["tuned_model"]) / "config.json").is_file() for one in tuned)
    assert [len((place / one / "predictions.jsonl").read_text().splitlines()) for one in evaluations] == [3] * len(
        evaluations
    )
    assert (place / "compared" / "report.html").is_file()


def test_both_loops_stand_in_the_test_above() -> None:
    (marked,) = [
        mark for mark in test_a_loop_from_data_to_tuned_models_runs_small.pytestmark if mark.name == "parametrize"
    ]  # type: ignore[attr-defined]
    declared = {
        path.stem for path in (ROOT / "experiments").glob("*.yaml") if "steps:" in path.read_text(encoding="utf-8")
    }
    assert {study for study, *_ in marked.args[1]} == declared
