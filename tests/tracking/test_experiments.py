"""Where the files of tracking runs lie: beside the run folders, or where tracking.artifacts says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.tracking import start_parent, start_run
from selfinstruct.tracking.experiments import artifact_place
from selfinstruct.tracking.store import open_client
from tests.conftest import Command
from tests.postgres import database

POSTGRES = "postgresql+psycopg://me@host/db"


def location(uri: str, experiment: str) -> str:
    found = open_client(uri).get_experiment_by_name(experiment)
    assert found is not None
    return str(found.artifact_location)


def test_files_lie_beside_a_sqlite_store_and_otherwise_beside_the_run_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert artifact_place("sqlite:////data/my runs/mlflow.db", None) == "file:///data/my%20runs/mlartifacts"
    assert artifact_place(POSTGRES, None) == f"file://{tmp_path}/runs/mlartifacts"
    assert artifact_place("https://tracker.example", None) is None  # the server has its own place


@pytest.mark.parametrize("uri", ["sqlite:////data/mlflow.db", POSTGRES, "https://tracker.example"])
def test_a_place_that_is_given_counts_with_every_store(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert artifact_place(uri, "s3://lab/runs") == "s3://lab/runs"
    assert artifact_place(uri, "kept") == f"file://{tmp_path}/kept"


def test_an_experiment_keeps_its_place_and_says_so_once(
    uri: str, experiment: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parent = start_parent(uri, experiment, "sweep", "sweep", {}, str(tmp_path / "first"))
    assert location(uri, experiment) == (tmp_path / "first").as_uri()
    start_run(uri, experiment, "same", "same", {}, {}, None, f"{tmp_path}/first/")
    start_run(uri, experiment, "usual", "usual", {}, {})
    assert "tracking.artifacts" not in capfd.readouterr().err
    start_run(uri, experiment, "child", "child", {}, {}, parent, str(tmp_path / "other"))
    start_parent(uri, experiment, "sweep", "sweep", {}, str(tmp_path / "other"))
    assert location(uri, experiment) == (tmp_path / "first").as_uri()
    (said,) = [line for line in capfd.readouterr().err.splitlines() if "tracking.artifacts" in line]
    assert f"tracking.artifacts={tmp_path}/other: the experiment {experiment} keeps its files where it began" in said


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("attic://box/7", "tracking.artifacts=attic://box/7: MLflow knows no such place"),
        ("sftp://host/runs", "tracking.artifacts=sftp://host/runs: the library paramiko is not installed"),
    ],
)
def test_a_place_to_which_nothing_can_write_is_refused_before_there_is_anything_to_write(
    uri: str, experiment: str, place: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(InputError) as caught:
        start_run(uri, experiment, "demo", "a", {}, {}, None, place)
    assert says in str(caught.value)
    assert open_client(uri).get_experiment_by_name(experiment) is None


def test_with_a_database_as_tracker_the_files_of_a_sweep_are_beside_its_runs(
    selfinstruct: Command, tmp_path: Path
) -> None:
    with database() as url:
        command = ("run", "-m", "generation.target=3", f"tracking.uri={url}", "random_seed=1,2")
        ended = selfinstruct(*command)
        assert (ended.code, ended.err) == (0, ""), ended.err
        copies = sorted((tmp_path / "runs/mlartifacts").glob("*/artifacts/instances.jsonl"))
        originals = sorted((tmp_path / "runs").glob("general-*/instances.jsonl"))
        assert {path.read_bytes() for path in copies} == {path.read_bytes() for path in originals}
        assert len(copies) == 2
        assert {path.name for path in tmp_path.iterdir()} == {"runs"}  # no mlruns, no mlflow-artifacts
        elsewhere = selfinstruct(*command, "tracking.experiment=second", "tracking.artifacts=attic")
        assert (elsewhere.code, elsewhere.err) == (0, ""), elsewhere.err
        assert len(list((tmp_path / "attic").glob("*/artifacts/instances.jsonl"))) == 2
