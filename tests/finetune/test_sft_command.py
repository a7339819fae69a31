"""The command that tunes on this machine, from a run folder to the command that uses the tuned model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.finetune.sft_data import need_training_libraries, weights

need_training_libraries()
pytestmark = pytest.mark.usefixtures("in_one_thread")


def test_the_command_tunes_tells_how_to_use_it_and_finds_it_again(
    selfinstruct: Command, run: Path, tiny: Path, tmp_path: Path
) -> None:
    arguments = ("finetune", f"run={run}", "finetune=trl", "model=transformers", f"model.name={tiny}", "tracking=off")
    first = selfinstruct(*arguments, "run_dir=tuned", "finetune.validation_share=0.2")
    assert first.code == 0, first.err
    told = json.loads((tmp_path / "tuned" / "manifest.json").read_text())
    assert (told["status"], told["cost_usd"], told["tuned_model"]) == ("done", 0.0, str(tmp_path / "tuned" / "model"))
    assert told["usable_as"] == f"model=transformers model.name={tmp_path}/tuned/model model.mode=completion"
    assert "\nuse       selfinstruct run model=transformers model.name=tuned/model model.mode=completion\n" in first.out
    curve = [json.loads(line) for line in (tmp_path / "tuned" / "metrics.jsonl").read_text().splitlines()]
    assert [point["step"] for point in curve] == list(range(1, len(curve) + 1))
    assert "validation_loss" in curve[-1]
    weights_before = weights(tmp_path / "tuned")
    again = selfinstruct(*arguments, "run_dir=tuned", "finetune.validation_share=0.2")
    assert again.code == 0, again.err
    assert weights(tmp_path / "tuned") == weights_before and again.out == first.out
    (tmp_path / "tuned").rename(tmp_path / "moved")
    moved = selfinstruct(*arguments, "run_dir=moved", "finetune.validation_share=0.2")
    assert moved.code == 0 and "steps" not in moved.err
    assert moved.out == first.out.replace("tuned/", "moved/").replace("  tuned\n", "  moved\n")
    remote = selfinstruct("finetune", f"run={run}", "finetune=trl", "tracking=off", "run_dir=other")
    assert remote.code == 2
    assert "finetune=trl tunes a model in this process; choose model=transformers" in remote.err
    assert not (tmp_path / "other").exists()
