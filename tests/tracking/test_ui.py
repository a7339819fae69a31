from __future__ import annotations

import sys
import warnings

import pytest

from selfinstruct.errors import InputError
from selfinstruct.tracking import ui_command


def test_the_command_serves_the_store_and_its_artifacts_on_the_asked_address() -> None:
    words, environment = ui_command("sqlite:////data/my runs/mlflow.db", "127.0.0.1", 5001)
    assert words[:4] == [sys.executable, "-m", "mlflow", "server"]
    assert words[4:] == [
        *["--host", "127.0.0.1", "--port", "5001", "--workers", "1"],
        *["--artifacts-destination", "file:///data/my%20runs/mlartifacts"],
    ]
    assert environment["MLFLOW_BACKEND_STORE_URI"] == "sqlite:////data/my runs/mlflow.db"


def test_mlflow_knows_every_option_of_the_command() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.cli import cli

    words, _ = ui_command("sqlite:////data/mlflow.db", "127.0.0.1", 5001)
    server = cli.commands["server"]
    known = server.make_context("server", words[4:]).params
    assert (known["host"], known["port"]) == ("127.0.0.1", 5001)
    assert "MLFLOW_BACKEND_STORE_URI" in [option.envvar for option in server.params]


def test_the_server_finds_the_local_cost_map_and_no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LITELLM_LOCAL_MODEL_COST_MAP", raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    environment = ui_command("sqlite:////data/mlflow.db", "127.0.0.1", 5001).environment
    assert environment["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "false", "what the user sets wins"


def test_a_password_stays_off_the_command_line() -> None:
    words, environment = ui_command("postgresql://me:open-sesame@host/db", "127.0.0.1", 5001)
    assert "open-sesame" not in " ".join(words)
    assert environment["MLFLOW_BACKEND_STORE_URI"] == "postgresql://me:open-sesame@host/db"


def test_a_server_has_a_ui_of_its_own() -> None:
    with pytest.raises(InputError, match="open it in a browser"):
        ui_command("http://localhost:5000", "127.0.0.1", 5001)
