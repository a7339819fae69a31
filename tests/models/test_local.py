"""A model in this process under the command line: a run ends well and is repeated from the store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from tests.models.local_requests import (
    copy_of,
)

pytest.importorskip("torch", reason="a model in this process needs selfinstruct[local]")
pytest.importorskip("transformers", reason="a model in this process needs selfinstruct[local]")
pytestmark = pytest.mark.usefixtures("in_one_thread")


SMALL = ("generation.target=4", "generation.max_dry_requests=3", "prompts.instructions.max_tokens=40", "tracking=off")


def test_a_run_with_a_model_that_writes_noise_ends_well_and_is_repeated_from_the_store(
    selfinstruct: Command, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("run", "model=transformers", f"model.name={tiny}", *SMALL)
    first = selfinstruct(*arguments, "run_dir=first")
    assert first.code == 0, first.err
    ended = json.loads((tmp_path / "first" / "manifest.json").read_text())
    assert ended["status"] == "dried_up"
    assert ended["cost_usd"] == 0.0
    assert ended["structured"] == "off"
    monkeypatch.setattr("selfinstruct.models.local.load_model", _must_not_load)
    elsewhere = tmp_path / "elsewhere"
    copy_of(tiny, elsewhere)
    second = selfinstruct("run", "model=transformers", "model.name=elsewhere", *SMALL, "run_dir=second")
    assert second.code == 0, second.err
    again = json.loads((tmp_path / "second" / "manifest.json").read_text())
    assert (again["sent"], again["from_store"]) == (0, ended["sent"])
    assert again["identity"] == ended["identity"]


def test_a_missing_folder_is_one_error_and_nothing_is_written(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "model=transformers", "model.name=./tuned/model", *SMALL)
    assert ended.code == 2
    assert "model.name=./tuned/model: there is no such folder" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_dry_run_says_what_would_be_asked(selfinstruct: Command, tiny: Path, tmp_path: Path) -> None:
    ended = selfinstruct("run", "model=transformers", f"model.name={tiny}", *SMALL, "dry_run=true")
    assert ended.code == 0, ended.err
    assert "$0.00" in ended.out
    assert not list(tmp_path.iterdir())


def _must_not_load(*_: Any) -> Callable[..., Any]:
    raise AssertionError("the answers are stored, so nothing need be loaded")
