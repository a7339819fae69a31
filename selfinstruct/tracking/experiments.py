"""The experiment that runs belong to, and where their files lie: beside the run folders, or as tracking.artifacts says.

    artifact_place("sqlite:////data/runs/mlflow.db", None)           "file:///data/runs/mlartifacts"
    artifact_place("postgresql+psycopg://me@db/runs", "s3://lab/runs")       "s3://lab/runs"
    artifact_place("http://tracker:5000", None)                      None: the server has its own place

MLflow fixes the place when an experiment is created. Without one, a database gets what the working directory happens
to be.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from selfinstruct.errors import InputError
from selfinstruct.tracking.store import ARTIFACTS, SERVERS, masked, sqlite_path

if TYPE_CHECKING:
    from mlflow import MlflowClient


def artifact_place(uri: str, artifacts: str | None) -> str | None:
    """Return the URI below which files of new experiments lie; None leaves it to an MLflow server.

    Args:
        uri: of the store, absolute.
        artifacts: a path, which is made absolute here, or a URI; None for the usual place: beside a SQLite store, and
            with any other database below the working directory, where the run folders are: runs/mlartifacts.
    """
    if artifacts:
        return artifacts if "://" in artifacts else Path(artifacts).expanduser().absolute().as_uri()
    if uri.partition("://")[0].lower() in SERVERS:
        return None
    store = sqlite_path(uri)
    return ((store.parent if store else Path("runs").absolute()) / ARTIFACTS).as_uri()


def experiment_id(
    client: MlflowClient, uri: str, name: str | None, artifacts: str | None = None, is_loud: bool = False
) -> str:
    """Return the id of the experiment with this name, created where there was none.

    Args:
        artifacts: tracking.artifacts; an experiment that is there keeps its own place.
        is_loud: say so where that is another one than `artifacts`.

    Raises:
        InputError: no name, the experiment was deleted in the tracker, or nothing can write to that place.
    """
    if not name:
        raise InputError("tracking.experiment: no value; give one, for example tracking.experiment=selfinstruct")
    place = artifact_place(uri, artifacts)
    _check(place, artifacts)
    found = client.get_experiment_by_name(name)
    if found is None:
        from mlflow.exceptions import MlflowException

        try:
            return str(client.create_experiment(name, place))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        found = client.get_experiment_by_name(name)  # another process was faster
    if found is None or found.lifecycle_stage == "deleted":
        raise InputError(
            f"tracking.experiment={name}: was deleted in the tracker; restore it there, or choose another name"
        )
    if is_loud and artifacts and str(found.artifact_location).rstrip("/") != str(place).rstrip("/"):
        print(
            f"selfinstruct: tracking.artifacts={masked(artifacts)}: the experiment {name} keeps its files where it "
            f"began, in {masked(str(found.artifact_location))}; choose another tracking.experiment to change that",
            file=sys.stderr,
        )
    return str(found.experiment_id)


def _check(place: str | None, artifacts: str | None) -> None:
    """Refuse a place that nothing can write to before there are files to write."""
    if place is None or artifacts is None or place.startswith("mlflow-artifacts:"):
        return
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    try:
        get_artifact_repository(place)
    except MlflowException as error:
        raise InputError(
            f"tracking.artifacts={masked(artifacts)}: MLflow knows no such place; give a path, or a URI such as "
            "s3://bucket/folder"
        ) from error
    except ModuleNotFoundError as error:
        raise InputError(
            f"tracking.artifacts={masked(artifacts)}: the library {error.name} is not installed, which writes there"
        ) from error
