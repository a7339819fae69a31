"""What cannot be trained here is one error that says what to do."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.finetune import sft
from tests.conftest import ROOT
from tests.finetune.sft_data import base_model, need_training_libraries, training_data, trl_options, tune

need_training_libraries()
pytestmark = pytest.mark.usefixtures("in_one_thread")


def test_a_context_that_is_too_short_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"finetune\.max_length=4096: the model has a context of 2048 tokens"):
        tune(tiny, tmp_path / "tuned", max_length=4096)


def test_a_loss_that_is_no_number_ends_the_training(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the loss is no number any more at step"):
        tune(tiny, tmp_path / "tuned", learning_rate=1e30, max_grad_norm=1e30)
    assert not (tmp_path / "tuned" / "model").exists()


def test_too_little_memory_is_one_error(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import trl

    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(trl.SFTTrainer, "train", full)
    with pytest.raises(ProviderError, match=r"does not suffice to train; lower finetune\.batch_size"):
        tune(tiny, tmp_path / "tuned")


def test_models_that_are_not_here_and_packing_without_its_attention_are_refused(tiny: Path, tmp_path: Path) -> None:
    remote = dataclasses.replace(base_model(tiny), name="openai/gpt-4.1-mini", options={})
    with pytest.raises(InputError, match="finetune=trl tunes a model in this process; choose model=transformers"):
        sft.tune(training_data(), trl_options(), remote, tmp_path, 42, lambda step, values: None)
    with pytest.raises(InputError, match=r"finetune\.packing=true: without flash attention"):
        tune(tiny, tmp_path, packing=True)


@pytest.mark.parametrize("modules", [("no_such_layer",), ("q_proj", "lm_head")])
def test_layers_that_cannot_be_adapted_are_refused_by_their_key(
    tiny: Path, tmp_path: Path, modules: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match=r"finetune\.lora\.target_modules=.*target"):
        tune(tiny, tmp_path / "tuned", method="lora", lora={"target_modules": modules})


def test_several_gpus_are_one_error_that_says_how_to_name_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As TRL sees it on a machine that has them."""
    import transformers

    monkeypatch.setattr(transformers.TrainingArguments, "n_gpu", 2)
    with pytest.raises(InputError, match="export CUDA_VISIBLE_DEVICES=0"):
        tune(tiny, tmp_path / "tuned")


def test_without_trl_the_message_names_what_to_install(tiny: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['trl'] = None\n"
        "from selfinstruct.errors import InputError\n"
        "from selfinstruct.finetune.sft import import_training_libraries\n"
        "try: import_training_libraries()\n"
        "except InputError as error: print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout.strip() == (
        "trl is not installed, which finetune=trl needs: pip install 'selfinstruct[train]'"
    )
