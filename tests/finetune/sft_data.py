"""What tests of fine-tuning on this machine share: small data, the settings of conf/finetune/trl.yaml, a training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.finetune import sft
from selfinstruct.finetune.data import TEXT, Example, TrainingData, Tuned
from selfinstruct.finetune.sft_options import LoraOptions, TrlOptions
from selfinstruct.models.gateway import ModelOptions
from tests.conftest import ROOT
from tests.tiny_model import LOCAL_OPTIONS

Steps = list[dict[str, float]]


def need_training_libraries() -> None:
    """Skip a file of tests where what `finetune=trl` needs is not installed."""
    for library in ("torch", "transformers", "trl", "peft", "datasets", "accelerate"):
        pytest.importorskip(library, reason="fine-tuning on this machine needs selfinstruct[train]")


def trl_options(**changed: Any) -> TrlOptions:
    """Return the shipped settings, made quick for a tiny model."""
    plain = yaml.safe_load((ROOT / "conf" / "finetune" / "trl.yaml").read_text(encoding="utf-8"))
    for key in ("defaults", "form", "end_of_text"):
        del plain[key]
    quick = {"learning_rate": 3e-3, "max_length": 256, "batch_size": 4, "checkpoint_every": 4}
    lora = LoraOptions(**{**plain.pop("lora"), **changed.pop("lora", {})})
    return TrlOptions(**{**plain, **quick, **changed}, lora=lora)


def base_model(folder: Path) -> ModelOptions:
    return ModelOptions(str(folder), "chat", None, None, "", 0, 0, LOCAL_OPTIONS)


def training_data(form: str = TEXT, number: int = 24) -> TrainingData:
    """Return short examples of the shipped seeds, the last six of them held out."""
    examples = []
    for line in (ROOT / "conf" / "seeds" / "general.jsonl").read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        pair = task["instances"][0]
        if len(task["instruction"] + pair["input"] + pair["output"]) < 300:
            examples.append(Example(f"{task['instruction']}\n\n{pair['input']}\n\n", pair["output"]))
    chosen = examples[:number]
    return TrainingData(form, tuple(chosen[:-6]), tuple(chosen[-6:]), "0" * 64)  # type: ignore[arg-type]


def tune(base: Path, folder: Path, form: str = TEXT, **changed: Any) -> tuple[Tuned, Steps]:
    """Tune a base model on 18 examples, six held out, and return it with everything that was reported."""
    steps: Steps = []

    def report(step: int, values: Mapping[str, float]) -> None:
        steps.append({"step": step, **values})

    return sft.tune(training_data(form), trl_options(**changed), base_model(base), folder, 42, report), steps


def losses(steps: Steps, name: str = "loss") -> list[float]:
    """Return the values of one series, in the order of the steps."""
    return [step[name] for step in steps if name in step]


def weights(folder: Path) -> str:
    """Return the SHA-256 of the weights of a tuned model."""
    return hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()
