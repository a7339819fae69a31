"""A tuned model in the tracker, and studies of several: what `-m` makes of a fine-tuning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import manifest
from tests.conftest import Command
from tests.finetune.tuning_control import TuningServer, finished_run


def test_a_sweep_tunes_a_model_for_each_run_and_mirrors_each_below_its_parent(
    selfinstruct: Command, server: TuningServer, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    for number in (1, 2):
        finished_run(tmp_path / f"run{number}", instances=20 + number)
    arguments = [one for one in server.arguments(tmp_path / "run1") if one[:4] != "run=" and one[:8] != "run_dir="]
    tracked = [*[one for one in arguments if one != "tracking=off"], f"tracking.uri=sqlite:///{tmp_path}/mlflow.db"]
    ended = selfinstruct(*tracked, "-m", f"run={tmp_path}/run1,{tmp_path}/run2", "finetune.validation_share=0.1")
    assert ended.code == 0, ended.err
    assert len(server.seen()["jobs"]) == 2

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("selfinstruct")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], "tags.`selfinstruct.verb` = 'finetune'")
    assert len(found) == 2
    for one in found:
        told = manifest(Path(one.data.tags["selfinstruct.run_dir"]))
        assert one.info.status == "FINISHED" and one.data.tags["mlflow.parentRunId"]
        assert one.data.tags["selfinstruct.source_run"] == told["source"]["run"]
        assert one.data.params["finetune.n_epochs"] == "2"
        assert one.data.metrics["finetune.loss"] == pytest.approx(2 / 3)
        points = client.get_metric_history(one.info.run_id, "series.loss")
        assert [(point.step, point.value) for point in points] == [(1, 2.0), (2, 1.0), (3, pytest.approx(2 / 3))]
        names = {artifact.path for artifact in client.list_artifacts(one.info.run_id)}
        assert {"manifest.json", "training.jsonl", "validation.jsonl", "events.jsonl", "metrics.jsonl"} <= names
