from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.tracking import prepare, resolve_uri, start_run, store
from selfinstruct.tracking.store import masked, open_client


def test_a_relative_sqlite_uri_becomes_absolute_and_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_uri("sqlite:///runs/mlflow.db") == f"sqlite:///{tmp_path}/runs/mlflow.db"
    assert (tmp_path / "runs").is_dir()


def test_an_absolute_sqlite_uri_and_its_options_stay_as_they_are(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db?timeout=5"
    assert resolve_uri(uri) == uri


@pytest.mark.parametrize(
    "uri", ["http://localhost:5000", "https://tracker.example", "postgresql://me@host/db", "mysql+pymysql://host/db"]
)
def test_servers_and_databases_stay_as_they_are(uri: str) -> None:
    assert resolve_uri(uri) == uri


@pytest.mark.parametrize(
    ("uri", "fault"),
    [
        ("./mlruns", "a file store"),
        ("/tmp/mlruns", "a file store"),
        ("file:///tmp/mlruns", "a file store"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("ftp://host/x", 'no store is known for "ftp"'),
        ("", "no value"),
        (None, "no value"),
    ],
)
def test_a_uri_without_a_store_is_refused_with_a_remedy(uri: str | None, fault: str) -> None:
    with pytest.raises(InputError, match=fault) as caught:
        resolve_uri(uri)
    assert "tracking.uri=sqlite:///runs/mlflow.db" in str(caught.value)
    assert "tracking=off" in str(caught.value)


def test_a_relative_uri_is_refused_where_an_absolute_one_is_promised() -> None:
    with pytest.raises(InputError, match="must be absolute"):
        prepare("sqlite:///mlflow.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("these are not the tables you are looking for" * 20)
    with pytest.raises(InputError, match="not a database"):
        prepare(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_server_that_does_not_answer_is_refused_at_the_first_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's own client would go on trying for minutes, so it must not come to that."""
    import mlflow

    monkeypatch.setattr(mlflow, "MlflowClient", lambda **_: pytest.fail("MLflow was asked"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(InputError, match="refused"):
            prepare(f"http://127.0.0.1:{closed.getsockname()[1]}")


def test_a_missing_driver_is_named_and_the_password_is_not() -> None:
    with pytest.raises(InputError, match="driver asyncmy is not installed") as caught:
        prepare("mysql+asyncmy://me:open-sesame@127.0.0.1:1/db")
    assert "open-sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:p@ss@host/db is down", "postgresql://me:***@host/db is down"),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
    ],
)
def test_passwords_of_urls_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_runs_that_begin_at_once_on_a_new_store_all_succeed(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    program = "import sys; from selfinstruct import tracking as t; t.start_run(*sys.argv[1:5], {}, {})"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, uri, "racing", "demo", str(number)], stderr=subprocess.PIPE)
        for number in range(2)
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert errors == [b"", b""], "the tracker must be silent"
    client = open_client(uri)
    racing = client.get_experiment_by_name("racing")
    assert racing is not None and len(client.search_runs([racing.experiment_id])) == 2


def test_a_creation_that_was_killed_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.store.tracking import sqlalchemy_store

    def killed(store_uri: str, artifacts: str) -> None:
        Path(store_uri.removeprefix("sqlite:///")).write_text("half a schema")
        raise KeyboardInterrupt

    monkeypatch.setattr(sqlalchemy_store, "SqlAlchemyStore", killed)
    with pytest.raises(KeyboardInterrupt):
        prepare(f"sqlite:///{tmp_path}/mlflow.db")
    assert [path.name for path in tmp_path.iterdir()] in ([], [".mlflow.db.lock"])


def test_a_deleted_experiment_is_refused_with_a_remedy(uri: str, experiment: str) -> None:
    start_run(uri, experiment, "demo", "a", {}, {})
    client = open_client(uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    client.delete_experiment(found.experiment_id)
    with pytest.raises(InputError, match="restore it there, or choose another name"):
        start_run(uri, experiment, "demo", "a", {}, {})


def test_an_experiment_needs_a_name(uri: str) -> None:
    with pytest.raises(InputError, match=r"tracking\.experiment: no value"):
        start_run(uri, None, "demo", "a", {}, {})


def test_importing_the_package_does_not_import_mlflow() -> None:
    program = "import sys, selfinstruct.tracking; print('mlflow' in sys.modules or 'sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(("name", "synchronous"), [("new.db", 0), ("completions.db", 2)])
def test_only_the_tracker_that_is_being_created_does_not_wait_for_the_disk(
    name: str, synchronous: int, tmp_path: Path
) -> None:
    """0 is OFF, 2 is FULL: answers that are stored meanwhile must last."""
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / name}")
    with store._without_waiting_for_the_disk(tmp_path / "new.db"), engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == synchronous
    engine.dispose()
