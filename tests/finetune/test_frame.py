"""What the verb does around a training on this machine: its folder, its manifest, and what stops it.

The training itself is test_sft.py's; here a function that reports three steps stands in its place.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import ProviderError
from selfinstruct.finetune.data import Report, TrainingData, Tuned
from selfinstruct.finetune.told import too_long
from selfinstruct.jsonl import write_text
from tests.commands import lines, manifest, the_one_message
from tests.conftest import Command

pytest.importorskip("torch", reason="a model in this process needs pip install 'selfinstruct[train]'")


@pytest.fixture
def arguments(tiny: Path, run: Path) -> list[str]:
    model = ["finetune=trl", "model=transformers", f"model.name={tiny}"]
    return ["finetune", f"run={run}", *model, "tracking=off", "run_dir=tuned"]


def stand_in(
    monkeypatch: pytest.MonkeyPatch, steps: Mapping[int, float], stop: BaseException | None = None
) -> list[Any]:
    """Let a training report these losses, then be stopped or end well; returns what it was called with."""
    from selfinstruct.finetune import sft

    called: list[Any] = []

    def tune(data: TrainingData, options: Any, model: Any, folder: Path, random_seed: int, report: Report) -> Tuned:
        called.append((data, options, model, folder, random_seed))
        for step, loss in steps.items():
            report(step, {"loss": loss})
        if stop is not None:
            raise stop
        write_text(folder / "model" / "training.json", "{}")
        return Tuned(f"{folder}/model", f"model=transformers model.name={folder}/model", {"best": 0.5}, 1000)

    monkeypatch.setattr(sft, "tune", tune)
    return called


def test_a_training_here_costs_nothing_and_its_folder_says_what_it_was(
    selfinstruct: Command, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = stand_in(monkeypatch, {1: 3.0, 2: 2.0, 3: 1.0})
    ended = selfinstruct(*arguments, "random_seed=7")
    assert ended.code == 0, ended.err
    told = manifest(tmp_path / "tuned")
    data, options, _, folder, random_seed = called[0]
    assert (told["kind"], told["status"], told["cost_usd"], told["trained_tokens"]) == ("trl", "done", 0.0, 1000)
    assert told["metrics"] == {"loss": 1.0, "best": 0.5} and told["job_id"] is None
    assert (options.kind, folder, random_seed) == ("trl", tmp_path / "tuned", 7)
    assert told["data"]["sha256"] == data.sha256 and len(lines(folder / "training.jsonl")) == len(data.train)
    assert "loss 3 to 1 (3 steps)" in ended.out and "\ncost" not in ended.out
    assert "curve     tuned/report/losses.png" in ended.out and (folder / "report" / "losses.png").is_file()
    again = selfinstruct(*arguments, "random_seed=7")
    assert (again.code, again.out, len(called)) == (0, ended.out, 1)
    shutil.rmtree(folder / "model")
    assert selfinstruct(*arguments, "random_seed=7").code == 0
    assert len(called) == 2, "the model is gone, so it is tuned again"


def test_examples_that_were_too_long_are_told_in_the_closing_words() -> None:
    assert too_long({"examples_dropped": 1203.0, "examples_cut": 0.0}) == "; too long: 1,203 left out"
    assert too_long({"examples_dropped": 2.0, "examples_cut": 1.0}) == "; too long: 2 left out, 1 cut"
    assert too_long({"examples_dropped": 0.0, "loss": 1.0}) == ""


def test_an_interrupted_training_goes_on_and_its_curve_has_each_step_once_also_in_the_tracker(
    selfinstruct: Command, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after step 3 and gone on with after step 2, as from a checkpoint."""
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    tracked = [*(one for one in arguments if one != "tracking=off"), f"tracking.uri={uri}"]
    stand_in(monkeypatch, {1: 3.0, 2: 2.0, 3: 1.5}, KeyboardInterrupt())
    stopped = selfinstruct(*tracked)
    assert stopped.code == 130 and "repeat the command to go on" in the_one_message(stopped.err)
    assert manifest(tmp_path / "tuned")["status"] == "stopped"
    stand_in(monkeypatch, {3: 1.5, 4: 1.0})
    assert selfinstruct(*tracked).code == 0
    curve = [(1, 3.0), (2, 2.0), (3, 1.5), (4, 1.0)]
    assert [(one["step"], one["loss"]) for one in lines(tmp_path / "tuned/metrics.jsonl")] == curve
    client = MlflowClient(uri)
    place = client.get_experiment_by_name("selfinstruct")
    assert place is not None
    (found,) = client.search_runs([place.experiment_id])
    points = client.get_metric_history(found.info.run_id, "series.loss")
    assert [(point.step, point.value) for point in points] == curve
    assert found.info.status == "FINISHED" and found.data.metrics["finetune.loss"] == 1.0
    assert "losses.png" in {Path(file.path).name for file in client.list_artifacts(found.info.run_id, "report")}


def test_a_training_that_fails_leaves_its_reason_in_the_manifest(
    selfinstruct: Command, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, {1: 3.0}, ProviderError("the memory does not suffice"))
    ended = selfinstruct(*arguments)
    assert ended.code == 3 and the_one_message(ended.err) == "selfinstruct: the memory does not suffice"
    told = manifest(tmp_path / "tuned")
    assert (told["status"], told["reason"], told["exit_code"]) == ("stopped", "the memory does not suffice", 3)


def test_other_settings_are_another_model_and_do_not_write_into_its_folder(
    selfinstruct: Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, {1: 3.0})
    assert selfinstruct(*arguments).code == 0
    ended = selfinstruct(*arguments, "finetune.epochs=3")
    assert ended.code == 2 and "holds something else" in the_one_message(ended.err)


def test_a_dry_run_writes_nothing(
    selfinstruct: Command, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = stand_in(monkeypatch, {1: 3.0})
    ended = selfinstruct(*arguments, "dry_run=true")
    assert ended.code == 0 and "22 to train on (prompt_completion)" in ended.out and "lora.rank=16" in ended.out
    assert not called and not (tmp_path / "tuned").exists()
