from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.tracking import TrackingError, finish_run, start_run
from selfinstruct.tracking.store import open_client
from tests.conftest import ROOT

METRICS = {"yield.acceptance_rate": 0.5, "funnel.candidates": 10.0}
SERIES = {"series.accepted_total": [(0, 4.0), (1, 7.0)]}


def _started(uri: str, experiment: str, **changes: Any) -> str:
    arguments = {"name": "demo", "identity": "0f3c", "params": {}, "tags": {}, "parent_id": None} | changes
    return start_run(uri, experiment, **arguments)


def test_a_started_run_is_running_and_knows_what_it_was_told(uri: str, experiment: str) -> None:
    params = {"model.name": "offline", "dry_run": False, "study": None, "top_p": 0.5, "words[0]": "map", "empty": ""}
    run_id = _started(uri, experiment, params=params, tags={"selfinstruct.arm": "a=1", "selfinstruct.study": ""})
    run = open_client(uri).get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("demo", "RUNNING")
    assert run.data.params == {
        "model.name": "offline",
        "dry_run": "false",
        "study": "null",
        "top_p": "0.5",
        "words_0_": "map",
        "empty": '""',
    }
    assert run.data.tags["selfinstruct.identity"] == "0f3c"
    assert run.data.tags["selfinstruct.arm"] == "a=1"
    assert "selfinstruct.study" not in run.data.tags


def test_a_repeated_command_goes_on_with_its_tracking_run(
    uri: str, experiment: str, run_folder: Callable[..., Path]
) -> None:
    first = _started(uri, experiment, params={"limits.max_concurrency": 4}, tags={"selfinstruct.arm": "old"})
    finish_run(uri, first, run_folder(status="stopped", exit_code=4), {}, {})
    again = _started(uri, experiment, params={"limits.max_concurrency": 8, "new": 1}, tags={"selfinstruct.arm": "new"})
    run = open_client(uri).get_run(first)
    assert again == first
    assert run.info.status == "RUNNING"
    assert run.data.params == {"limits.max_concurrency": "4", "new": "1"}
    assert run.data.tags["selfinstruct.arm"] == "new"


def test_another_identity_or_another_parent_is_another_run(uri: str, experiment: str) -> None:
    parent, other_parent = (_started(uri, experiment, identity=name) for name in ("parent", "other parent"))
    children = [
        _started(uri, experiment, identity=identity, parent_id=parent_id)
        for identity in ("one", "two")
        for parent_id in (None, parent, other_parent)
    ]
    assert len({parent, other_parent, *children}) == 8
    assert _started(uri, experiment, identity="one", parent_id=parent) == children[1]
    assert open_client(uri).get_run(children[1]).data.tags["mlflow.parentRunId"] == parent


@pytest.mark.parametrize(("length", "shown"), [(5999, "x" * 5999), (6000, "x" * 6000), (6001, "x" * 5994 + " [cut]")])
def test_a_param_over_6000_characters_is_cut_with_a_mark(uri: str, experiment: str, length: int, shown: str) -> None:
    run_id = _started(uri, experiment, identity=str(length), params={"text": "x" * length})
    assert open_client(uri).get_run(run_id).data.params["text"] == shown


def test_more_params_than_one_batch_holds_all_arrive(uri: str, experiment: str) -> None:
    params = {f"key{number}": number for number in range(103)}
    run_id = _started(uri, experiment, params=params)
    assert len(open_client(uri).get_run(run_id).data.params) == 103


def test_nothing_of_the_environment_and_no_program_path_is_logged(
    uri: str, experiment: str, run_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-log-me")
    run_id = _started(uri, experiment, params={"model.api_key_env": "OPENAI_API_KEY"})
    finish_run(uri, run_id, run_folder(), METRICS, SERIES)
    data = open_client(uri).get_run(run_id).data
    logged = " ".join([*data.tags.values(), *data.params.values()])
    assert data.tags["mlflow.source.name"] == "selfinstruct"
    assert "mlflow.user" not in data.tags
    for secret in ("sk-do-not-log-me", sys.argv[0], str(ROOT), f"/{getpass.getuser()}/"):
        assert secret not in logged


def test_a_finished_run_mirrors_its_folder(uri: str, experiment: str, run_folder: Callable[..., Path]) -> None:
    run_id = _started(uri, experiment)
    finish_run(uri, run_id, run_folder(), METRICS, SERIES)
    run = open_client(uri).get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.end_time == 4071006245000  # 2099-01-02T03:04:05Z in milliseconds: 47,118 days, 3 h 4 min 5 s
    assert run.data.metrics == {**METRICS, "series.accepted_total": 7.0}
    assert run.data.tags["selfinstruct.status"] == "done"
    assert run.data.tags["selfinstruct.dataset_sha256"].startswith("0123456789ab")
    assert _artifacts(uri, run_id) == [
        "config.yaml",
        "export/alpaca.json",
        "instances.jsonl",
        "manifest.json",
        "report/metrics.json",
    ]


def test_the_dataset_is_an_input_of_the_run_that_mlflow_can_load(
    uri: str, experiment: str, run_folder: Callable[..., Path]
) -> None:
    import mlflow

    run_id = _started(uri, experiment)
    finish_run(uri, run_id, run_folder(), METRICS, SERIES)
    (logged,) = open_client(uri).get_run(run_id).inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest) == ("demo", "0123456789ab")
    assert '"num_rows": 3' in str(logged.dataset.profile)
    assert '"name": "is_classification", "required": false' in str(logged.dataset.schema)
    assert Path(mlflow.data.get_source(logged).load()).read_text(encoding="utf-8") == "{}\n"


def test_finishing_twice_leaves_one_of_everything(uri: str, experiment: str, run_folder: Callable[..., Path]) -> None:
    run_id = _started(uri, experiment)
    folder = run_folder()
    finish_run(uri, run_id, folder, METRICS, SERIES)
    before = _everything(uri, run_id)
    assert _started(uri, experiment) == run_id
    finish_run(uri, run_id, folder, METRICS, SERIES)
    assert _everything(uri, run_id) == before


def test_a_resumed_run_shows_its_last_values_also_where_they_fell(
    uri: str, experiment: str, run_folder: Callable[..., Path]
) -> None:
    run_id = _started(uri, experiment)
    finish_run(uri, run_id, run_folder(status="stopped", exit_code=4), {"yield.acceptance_rate": 0.5}, SERIES)
    longer = {"series.accepted_total": [(0, 4.0), (1, 7.0), (2, 9.0)]}
    finish_run(uri, run_id, run_folder(), {"yield.acceptance_rate": 0.4}, longer)
    client = open_client(uri)
    assert client.get_run(run_id).data.metrics == {"yield.acceptance_rate": 0.4, "series.accepted_total": 9.0}
    history = client.get_metric_history(run_id, "series.accepted_total")
    assert [(point.step, point.value) for point in history] == [(0, 4.0), (1, 7.0), (2, 9.0)]


def test_a_series_of_more_than_one_batch_arrives_whole(
    uri: str, experiment: str, run_folder: Callable[..., Path]
) -> None:
    run_id = _started(uri, experiment)
    points = [(step, step / 2) for step in range(1001)]
    finish_run(uri, run_id, run_folder(), {}, {"series.cost_usd": points})
    history = open_client(uri).get_metric_history(run_id, "series.cost_usd")
    assert sorted((point.step, point.value) for point in history) == points


@pytest.mark.parametrize(
    ("status", "exit_code", "shown"),
    [
        ("done", 0, "FINISHED"),
        ("dried_up", 0, "FINISHED"),
        ("stopped", 1, "FAILED"),
        ("stopped", 3, "FAILED"),
        ("stopped", 4, "KILLED"),
        ("stopped", 130, "KILLED"),
        ("running", None, "FAILED"),
    ],
)
def test_the_manifest_decides_how_a_run_is_closed(
    uri: str, experiment: str, run_folder: Callable[..., Path], status: str, exit_code: int | None, shown: str
) -> None:
    run_id = _started(uri, experiment)
    finish_run(uri, run_id, run_folder(status=status, exit_code=exit_code), METRICS, {})
    run = open_client(uri).get_run(run_id)
    assert run.info.status == shown
    assert run.data.tags["selfinstruct.status"] == status
    assert len(run.inputs.dataset_inputs) == (shown == "FINISHED"), "only a complete dataset is listed"


def test_a_run_that_ended_before_it_was_tracked_takes_no_negative_time(
    uri: str, experiment: str, run_folder: Callable[..., Path]
) -> None:
    run_id = _started(uri, experiment)
    finish_run(uri, run_id, run_folder(ended="2020-01-01T00:00:00+00:00"), {}, {})
    info = open_client(uri).get_run(run_id).info
    assert info.end_time == info.start_time


def test_a_tracker_that_fails_at_the_end_is_no_input_error(uri: str, run_folder: Callable[..., Path]) -> None:
    with pytest.raises(TrackingError, match="the tracker cannot be used") as caught:
        finish_run(uri, "0" * 32, run_folder(), METRICS, SERIES)
    assert caught.value.exit_code == 3


def test_a_tracker_that_vanished_by_the_end_is_no_input_error(run_folder: Callable[..., Path]) -> None:
    with pytest.raises(TrackingError, match="refused"):
        finish_run("http://127.0.0.1:1", "0" * 32, run_folder(), METRICS, SERIES)


def test_a_folder_without_a_manifest_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no manifest\.json"):
        finish_run(uri, "0" * 32, tmp_path, METRICS, SERIES)


def _artifacts(uri: str, run_id: str, folder: str | None = None) -> list[str]:
    client = open_client(uri)
    found: list[str] = []
    for artifact in client.list_artifacts(run_id, folder):
        found += _artifacts(uri, run_id, artifact.path) if artifact.is_dir else [artifact.path]
    return sorted(found)


def _everything(uri: str, run_id: str) -> dict[str, Any]:
    client = open_client(uri)
    run = client.get_run(run_id)
    return {
        "info": run.info.to_proto(),
        "params": run.data.params,
        "tags": run.data.tags,
        "history": {name: client.get_metric_history(run_id, name) for name in run.data.metrics},
        "datasets": [(entry.dataset.name, entry.dataset.digest) for entry in run.inputs.dataset_inputs],
        "artifacts": _artifacts(uri, run_id),
    }
