"""What tests of fine-tuning on this machine share: small data, the settings of conf/finetune/trl.yaml, a base model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from selfinstruct.finetune.data import TEXT, Example, TrainingData
from selfinstruct.finetune.sft_options import LoraOptions, TrlOptions
from selfinstruct.models.gateway import ModelOptions
from tests.conftest import ROOT
from tests.tiny_model import LOCAL_OPTIONS


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
