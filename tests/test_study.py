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
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct import study_job
from tests.commands import command, manifest, stored
from tests.conftest import ROOT, Command
from tests.sweeping import ARM, surroundings, wait_until
from tests.test_sweeps import tracked, tree

SMALL = ["generation.target=8", "generation.lookahead=4", "report=off", "export.formats=[alpaca]"]
SMALL += ["model._target_=tests.mortal_model.build"]  # the offline model, of which every step imports less
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
    everywhere = {"run": SMALL, "refilter": [one for one in SMALL if one.startswith(("report", "export"))]}
    content = {"study": "chain", "everywhere": everywhere, "steps": steps, **keys}
    (place / "chain.yaml").write_text("# @package _global_\n" + yaml.safe_dump(content, sort_keys=False))
    return ("study", "--config-dir", str(folder / "mine"), "experiments=chain")


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What becomes of the steps of a test, where their model reads it: a file `fates` (tests/mortal_model.py)."""
    for name, value in surroundings(tmp_path / "notes", "").items():
        monkeypatch.setenv(name, value)
    return tmp_path / "notes"


def begin(folder: Path, study: tuple[str, ...]) -> subprocess.Popen[str]:
    """Begin a study in a process group of its own, as a terminal would."""
    return subprocess.Popen(
        command(*study),
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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
    nobody += ["model._target_=selfinstruct.models.gateway.build"]
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
        ({"a": {"verb": "refilter", "overrides": ["run=${folder:a}"]}}, (), "uses the step a, which is itself"),
        ({"a": {"verb": "refilter", "overrides": ["run=${foldr:b}"]}}, (), "Unsupported interpolation type foldr"),
        (
            {"a": {"verb": "run", "overrides": []}, "b": {"verb": "evaluate", "overrides": ["${tuned:a}"]}},
            (),
            "steps.b: ${tuned:a}: the step a is a run, and only finetune tunes a model",
        ),
        (
            {
                "a": {"verb": "finetune", "overrides": ["run=x", "finetune=trl"]},
                "b": {"verb": "evaluate", "overrides": ["model.name=${tuned:a}"]},
            },
            (),
            "steps.b: model.name=${tuned:a}: ${tuned:a} stands for overrides; let it stand alone",
        ),
        ({"a": {"verb": "run", "overrides": ["generation.target=0"]}}, (), "steps.a: generation.target=0: "),
        ({"a": {"verb": "run", "overrides": ["run_dir=x"]}}, (), "steps.a: run_dir=x: a step writes to the study's"),
        ({"../a": {"verb": "run", "overrides": []}}, (), "steps.../a: a step is named by letters"),
        ({"a": {"verb": "rate", "overrides": []}}, (), 'steps.a.verb="rate"'),
        ({}, (), "steps"),
        (CHAIN, ("-m",), "study does one thing at a time; leave out -m"),
        (CHAIN, ("also.run=modle=offline",), "put a value with signs of its own in quotes"),
        (CHAIN, ('also.run="modle=offline"',), "steps.data: Could not override 'modle'"),
    ],
    ids=[
        *("key", "option", "later", "missing", "itself", "kind of reference", "not tuned", "part of an override"),
        *("value", "folder", "name", "verb", "no steps", "-m", "no override", "also"),
    ],
)
def test_what_cannot_run_is_refused_before_the_first_step(
    steps: dict[str, Any], extra: tuple[str, ...], says: str, selfinstruct: Command, tmp_path: Path
) -> None:
    ended = selfinstruct(*declare(tmp_path, steps), *extra)
    assert ended.code == 2
    assert says in ended.err
    assert not (tmp_path / "runs").exists()


def test_a_key_that_a_step_needs_is_missed_before_the_first_step_and_not_by_a_rehearsal(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    asks = {"verb": "run", "overrides": ["model=openai"]}
    study = declare(tmp_path, {"data": CHAIN["data"], "asks": asks})
    assert selfinstruct(*study, "dry_run=true").code == 0
    ended = selfinstruct(*study)
    assert ended.code == 2
    assert ended.err.startswith("selfinstruct: steps.asks: model.api_key_env=OPENAI_API_KEY: ")
    assert not (tmp_path / "runs").exists()


def test_what_is_said_last_counts_and_limits_leave_the_study_where_it_is(selfinstruct: Command, tmp_path: Path) -> None:
    study = (*declare(tmp_path, CHAIN), "dry_run=true")
    first, second = selfinstruct(*study), selfinstruct(*study, "also.run='random_seed=5 limits.max_requests=9'")
    assert second.out.splitlines()[0].endswith("random_seed=3 random_seed=5 limits.max_requests=9")
    third = selfinstruct(*study, "also.run='limits.max_requests=9'")
    assert [ended.code for ended in (first, second, third)] == [0, 0, 0], third.err
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
    stand_in(monkeypatch, f"import os; os.kill(os.getpid(), {int(sent)})")
    assert study_job._run(["run"], {}) == (code, sent == signal.SIGINT)


def stand_in(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have a program of Python run in the place of every step."""
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, env: start([sys.executable, "-c", program], env=env))


@pytest.mark.parametrize("code_of_step", [0, 1])
def test_an_interrupt_ends_the_study_whatever_the_step_made_of_it(
    code_of_step: int, selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step may be done when Ctrl+C comes, or not yet have begun to listen."""
    study = (*declare(tmp_path, CHAIN), "tracking=off")
    with monkeypatch.context() as interrupting:
        stand_in(interrupting, f"import os, sys; os.kill(os.getppid(), {int(signal.SIGINT)}); sys.exit({code_of_step})")
        ended = selfinstruct(*study)
    assert ended.code == 130
    assert "selfinstruct: interrupted; repeat the command to go on" in ended.err
    assert ended.out.count("not begun") == 2
    record = json.loads((folder_of(tmp_path) / "study.json").read_text())
    assert [step["exit_code"] for step in record["steps"].values()] == [code_of_step, None, None]
    assert selfinstruct(*study).code == 0


def test_an_interrupt_that_comes_when_all_is_done_changes_nothing(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, f"import os; os.kill(os.getppid(), {int(signal.SIGINT)})")
    ended = selfinstruct(*declare(tmp_path, {"data": CHAIN["data"]}), "tracking=off")
    assert (ended.code, ended.err) == (0, "")


def test_sigterm_is_handed_to_the_step_and_the_repeated_command_goes_on(tmp_path: Path, notes: Path) -> None:
    """Unlike Ctrl+C it comes to the study alone."""
    study = (*declare(tmp_path, CHAIN), f"also.run='{ARM}=0.5'")
    process = begin(tmp_path, study)
    wait_until(lambda: any(notes.glob("*.asked")), process)
    process.terminate()
    out, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (143, False), err
    assert "exit code 143" in out and out.count("not begun") == 2
    place = folder_of(tmp_path)
    stopped = manifest(place / "data")
    assert (stopped["status"], stopped["sent"]) == ("stopped", stored(tmp_path / "runs" / "completions.db"))
    assert tree(tmp_path) == {f"{place.name} FAILED": ["KILLED"]}
    again = begin(tmp_path, study)
    _, err = again.communicate()
    assert again.returncode == 0, err
    assert manifest(place / "data")["from_store"] == stopped["sent"]
    assert tree(tmp_path) == {f"{place.name} FINISHED": ["FINISHED", "FINISHED"]}


def test_a_step_whose_process_is_lost_is_failed_in_the_tracker(
    selfinstruct: Command, tmp_path: Path, notes: Path
) -> None:
    (notes / "fates").write_text("die 0.001")
    ended = selfinstruct(*declare(tmp_path, {"data": CHAIN["data"]}), f"also.run='{ARM}=0.001'")
    assert ended.code == 1
    assert tree(tmp_path) == {f"{folder_of(tmp_path).name} FAILED": ["FAILED"]}


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path) -> None:
    study = (*declare(tmp_path, CHAIN), "tracking=off", f"also.run='{ARM}=0.05'")
    running = begin(tmp_path, study)
    store = tmp_path / "runs" / "completions.db"
    wait_until(lambda: stored(store) >= 3, running)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    again = begin(tmp_path, study)
    _, err = again.communicate()
    assert again.returncode == 0, err
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
        [
            *(sys.executable, "-m", "tests.warm_study", "study"),
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
        ],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # for so small a model more threads wait for each other
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
