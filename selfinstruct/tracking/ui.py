"""The command that serves MLflow's UI on a store, and the environment it needs.

ui_command("sqlite:////home/me/runs/mlflow.db", "127.0.0.1", 5000)
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from selfinstruct.errors import InputError
from selfinstruct.tracking.experiments import artifact_place, experiment_id
from selfinstruct.tracking.store import (
    QUIET_ENVIRONMENT,
    masked,
    open_client,
    translated,
)

# The server's background jobs serve features that nothing here uses; without them it starts 5 s sooner, ends at once.
_NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class UiCommand(NamedTuple):
    """What to run: the words of the command, and the whole environment of the process."""

    words: list[str]
    environment: dict[str, str]


def ui_command(uri: str, host: str, port: int, artifacts: str | None = None) -> UiCommand:
    """Return the command that serves the UI of the store at http://host:port, with its environment.

    The URI goes by the environment, since a database URL may hold a password and everyone can read a command line.

    Raises:
        InputError: the URI is that of a server, which has a UI already.
    """
    if uri.startswith(("http://", "https://")):
        raise InputError(f"tracking.uri={masked(uri)}: this is a server with its own UI; open it in a browser")
    words = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", "1"]
    if place := artifact_place(uri, artifacts):
        words += ["--artifacts-destination", place]
    return UiCommand(words, {**QUIET_ENVIRONMENT, **_NO_JOBS, **os.environ, "MLFLOW_BACKEND_STORE_URI": uri})


def experiment_page(uri: str, experiment: str, artifacts: str | None = None) -> str:
    """Return the page of an experiment's runs, as the part of the address after the port.

    Without the workflow in it, MLflow opens its pages for traces.
    """
    with translated(uri, InputError):
        place = experiment_id(open_client(uri), uri, experiment, artifacts)
    return f"/#/experiments/{place}/runs?workflowType=machine_learning"
