"""Store and tracker in PostgreSQL: several processes, a server that goes away, a password that never shows."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.tracking import experiments, store
from tests.postgres import PORT, database
from tests.servers.process import serving
from tests.sweeping import ARM, SMALL, surroundings, sweep, without_progress

PASSWORD = "planted-5c1f0e9a7b3d"  # the server lets everybody in; what counts is that nobody repeats it


@pytest.fixture
def url() -> Iterator[str]:
    with database() as url:
        yield url


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query).fetchall()


def with_password(url: str) -> str:
    """The URL as a config would have it that reads a password from a variable."""
    return url.replace("postgres@", "postgres:${oc.env:LOGIN}@")


def places_that_show(password: str, folder: Path, url: str) -> list[str]:
    """Every file below the folder and every table of the database with this text in it."""
    found = [str(path) for path in folder.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
    tables = [name for (name,) in rows(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert {"completions", "runs", "params", "tags"} <= set(tables)
    shows = f"t::text LIKE '%{password}%'"
    return found + [name for name in tables if rows(url, f'SELECT 1 FROM "{name}" t WHERE {shows}')]


def test_processes_share_a_database_for_answers_and_tracking_and_its_password_shows_nowhere(
    url: str, tmp_path: Path
) -> None:
    shared = (f"store.url={with_password(url)}", f"tracking.uri={with_password(url)}")
    ended = sweep(tmp_path, "joblib", "0.001,0.002,0.003", *shared, LOGIN=PASSWORD)
    assert (ended.code, ended.said) == (0, [])
    assert len(ended.nodes) == 3
    runs = rows(url, "SELECT run_uuid, status FROM runs")
    children = rows(url, "SELECT run_uuid, value FROM tags WHERE key = 'mlflow.parentRunId'")
    assert sorted(status for _, status in runs) == ["FINISHED"] * 4
    assert len({parent for _, parent in children}) == 1
    assert len(children) == 3
    assert rows(url, "SELECT count(*) FROM datasets") == [(1,)]  # latency changes no answer: the arms have one dataset
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/manifest.json")]
    assert rows(url, "SELECT count(*) FROM completions") == [(sum(manifest["sent"] for manifest in manifests),)]
    assert PASSWORD not in ended.out + ended.err
    assert places_that_show(PASSWORD, tmp_path, url) == []


def open_experiment(url: str, folder: Path) -> str:
    tempfile.tempdir = str(folder)  # where MLflow keeps a lock against processes of the same machine
    return experiments.experiment_id(store.open_client(url), url, "shared")


def test_machines_that_find_an_empty_database_at_once_create_its_tables_once(url: str, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three", "four")]
    for folder in folders:
        folder.mkdir()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mlflow", "mlflow.store.tracking.sqlalchemy_store", __name__])
    with ProcessPoolExecutor(len(folders), mp_context=context) as machines:
        opened = list(machines.map(open_experiment, [url] * len(folders), folders))
    assert len(set(opened)) == 1
    assert sorted(rows(url, "SELECT name FROM experiments")) == [("Default",), ("shared",)]


def test_a_server_that_goes_away_is_said_once_and_the_repeated_command_goes_on(url: str, tmp_path: Path) -> None:
    surrounding = surroundings(tmp_path / "notes", "") | {"LOGIN": PASSWORD}
    slow = ["generation.target=12", f"{ARM}=0.1", "random_seed=1,2", "model._target_=tests.mortal_model.build"]
    with serving("proxy", str(PORT)) as address:
        there = with_password(url).replace(f":{PORT}/", f":{address.rpartition(':')[2]}/")
        process = subprocess.Popen(
            [*SMALL, *slow, f"store.url={there}", f"tracking.uri={there}"],
            cwd=tmp_path,
            env=surrounding,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not rows(url, "SELECT 1 FROM pg_tables WHERE tablename = 'completions'"):
            assert process.poll() is None
            time.sleep(0.1)
        while rows(url, "SELECT count(*) FROM completions")[0][0] < 8:
            assert process.poll() is None
            time.sleep(0.02)
    out, err = process.communicate()
    kept = rows(url, "SELECT count(*) FROM completions")[0][0]
    assert process.returncode == 3
    assert "Traceback" not in err  # a slow machine also reads that answers in flight are waited for
    store_fault, tracker_fault, parent_fault = [one for one in err.splitlines() if one.startswith("selfinstruct: ")]
    assert store_fault.startswith("selfinstruct: completion store postgresql+psycopg://postgres:***@127.0.0.1:")
    assert store_fault.endswith("; start the database server or correct store.url")
    assert tracker_fault.startswith("selfinstruct: tracking.uri=postgresql+psycopg://postgres:***@127.0.0.1:")
    assert parent_fault.startswith("selfinstruct: tracking failed (tracking.uri=postgresql+psycopg://postgres:***@")
    assert PASSWORD not in out + err
    assert sorted(status for (status,) in rows(url, "SELECT status FROM runs")) == ["RUNNING", "RUNNING"]
    here = with_password(url)
    again = subprocess.run(
        [*SMALL, *slow, f"store.url={here}", f"tracking.uri={here}"],
        cwd=tmp_path,
        env=surrounding,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (again.returncode, without_progress(again.stderr)) == (0, [])
    assert [status for (status,) in rows(url, "SELECT status FROM runs")] == ["FINISHED"] * 3
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/manifest.json")]
    assert sorted(manifest["from_store"] for manifest in manifests) == [0, kept]
    assert rows(url, "SELECT count(*) FROM completions")[0][0] == kept + sum(one["sent"] for one in manifests)
