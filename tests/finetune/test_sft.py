"""Fine-tuning on this machine: the loss falls, a seed decides everything, thrift changes next to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.finetune.sft_training import is_bfloat16
from tests.finetune.sft_data import losses, need_training_libraries, tune, weights

need_training_libraries()
pytestmark = pytest.mark.usefixtures("in_one_thread")


def test_the_loss_falls_and_everything_is_reported(tiny: Path, tmp_path: Path) -> None:
    """18 examples in batches of 4 are 5 steps an epoch: 8 epochs are 40 steps and 8 validations."""
    tuned, steps = tune(tiny, tmp_path / "tuned", epochs=8)
    trained = losses(steps)
    assert len(trained) == 40
    assert sum(trained[-5:]) / 5 < 0.8 * sum(trained[:5]) / 5
    assert len(losses(steps, "validation_loss")) == 8
    assert [step["step"] for step in steps if "loss" in step] == list(range(1, 41))
    assert all({"loss", "learning_rate", "grad_norm"} <= step.keys() for step in steps if "loss" in step)
    assert tuned.metrics["loss"] == trained[-1]
    assert tuned.metrics["examples"] == 18
    assert not (tmp_path / "tuned" / "checkpoints").exists()


def test_the_same_seed_gives_the_same_losses_and_weights(tiny: Path, tmp_path: Path) -> None:
    _, first = tune(tiny, tmp_path / "first")
    _, second = tune(tiny, tmp_path / "second")
    assert first == second
    assert weights(tmp_path / "first") == weights(tmp_path / "second")


def test_bfloat16_is_chosen_where_it_is_asked_for_or_a_gpu_has_it() -> None:
    assert not is_bfloat16("auto", "cpu")
    assert is_bfloat16("bfloat16", "cpu")
    assert not is_bfloat16("float32", "cuda")


@pytest.mark.parametrize("has_it", [True, False])
def test_bfloat16_that_a_gpu_only_emulates_is_not_chosen(monkeypatch: pytest.MonkeyPatch, has_it: bool) -> None:
    """PyTorch says yes for every GPU unless it is asked about the hardware."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or has_it)
    assert is_bfloat16("auto", "cuda") == has_it


def test_bfloat16_and_gradient_checkpointing_train_too(tiny: Path, tmp_path: Path) -> None:
    _, exact = tune(tiny, tmp_path / "exact", epochs=1)
    _, thrifty = tune(tiny, tmp_path / "thrifty", epochs=1, gradient_checkpointing=True, accumulate=2, batch_size=2)
    _, rough = tune(tiny, tmp_path / "rough", epochs=1, precision="bfloat16")
    assert losses(thrifty) == pytest.approx(losses(exact), rel=1e-3)
    assert losses(rough) == pytest.approx(losses(exact), rel=0.05)
    assert losses(rough) != losses(exact)


def test_examples_that_are_too_long_are_told(tiny: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tuned, _ = tune(tiny, tmp_path / "tuned", epochs=1, max_length=80)
    assert tuned.metrics["examples_dropped"] > 0
    assert tuned.metrics["examples"] + tuned.metrics["examples_dropped"] == 18
    printed = capfd.readouterr()
    assert "were left out and 0 cut, since they have more than finetune.max_length=80 tokens" in printed.err
    assert printed.out == ""
    with pytest.raises(InputError, match=r"none of 18 examples has at most finetune\.max_length=9 tokens"):
        tune(tiny, tmp_path / "none", max_length=9)


def test_nothing_is_told_to_the_libraries_makers(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trl.trainer import base_trainer

    told: list[Any] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("huggingface_hub.utils._telemetry._TELEMETRY_QUEUE.put", told.append)
    tune(tiny, tmp_path / "tuned", epochs=0.2)
    assert told == []
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", False)
    base_trainer.send_telemetry(topic="trl/test", library_name="trl")
    assert len(told) == 1, "this test could not have seen it"
