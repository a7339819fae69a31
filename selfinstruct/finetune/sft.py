"""`finetune=trl`: supervised fine-tuning on this machine, of every weight or of low-rank adapters.

    tuned = tune(data, options, model, folder, random_seed=42, report=curve.report)
    tuned.usable_as      "model=transformers model.name=<folder>/model model.mode=completion"

In come the examples of a run and a base model; out comes <folder>/model with model, tokenizer, generation settings,
training.json and a model card. Checkpoints lie in <folder>/checkpoints until the model is saved: the same call after a
kill goes on from the last whole one, and after the end returns what is there.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.finetune.data import CHAT, Report, TrainingData, Tuned
from selfinstruct.finetune.sft_card import model_card
from selfinstruct.finetune.sft_checkpoints import writing_checkpoints
from selfinstruct.finetune.sft_examples import Encoded, encode, ready_tokenizer
from selfinstruct.finetune.sft_options import TrlOptions, check
from selfinstruct.finetune.sft_training import Training, train
from selfinstruct.finetune.sft_watcher import tell
from selfinstruct.jsonl import write_text
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.local_folder import base_of, find_folder, label
from selfinstruct.models.local_options import read_options
from selfinstruct.models.local_weights import (
    download,
    explained,
    find_device,
    import_libraries,
    read_whole,
)

MODEL = "model"
CHECKPOINTS = "checkpoints"
FACTS = "training.json"
_PLAIN_PATH = re.compile(r"[\w./@:+~-]+", re.ASCII)


def tune(
    data: TrainingData,
    options: TrlOptions,
    model: ModelOptions,
    folder: Path,
    random_seed: int,
    report: Report,
) -> Tuned:
    """Tune the model and save it into `folder`/model; go on where an earlier call for this folder was stopped.

    Raises:
        InputError: the model cannot be tuned here, a library is missing, examples do not fit, or the loss is lost.
        ProviderError: the base model cannot be had, or the memory does not suffice.
        RunFolderError: checkpoints or the model cannot be written.
    """
    check(options, model)
    target = saved(folder)
    if target is None:
        import_training_libraries()
        with writing_checkpoints(folder):
            target = _train_and_save(data, options, model, folder, random_seed, report)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    facts = json.loads((target / FACTS).read_text(encoding="utf-8"))
    return Tuned(
        model_name=str(target),
        usable_as=_usable_as(target, data.form),
        metrics=facts["metrics"],
        tokens=facts["tokens"],
    )


def saved(folder: Path) -> Path | None:
    """Return where the tuned model is below a folder; None: it is not there yet, or no more."""
    target = (folder / MODEL).absolute()
    return target if (target / FACTS).is_file() else None


def import_training_libraries() -> None:
    """Import what training needs, quietly and without usage statistics. Raises InputError where one is missing."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    missing = [name for name in ("trl", "peft", "accelerate", "datasets") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"{missing[0]} is not installed, which finetune=trl needs: pip install 'selfinstruct[train]'")
    import_libraries("train")
    import datasets
    from huggingface_hub import constants

    settings: Any = constants
    settings.HF_HUB_DISABLE_TELEMETRY = True  # the variable is read at the import, which may be over
    datasets.utils.logging.disable_progress_bar()


def _train_and_save(
    data: TrainingData, options: TrlOptions, model: ModelOptions, folder: Path, random_seed: int, report: Report
) -> Path:
    device = find_device(read_options(model.options).device)
    weights, tokenizer = _base_model(model, options, device)
    ready_tokenizer(tokenizer, data.form)
    stored_as = weights.dtype
    if options.method == "full":
        weights = weights.float().requires_grad_(True)  # small updates would be lost in 16 bits
    examples, validation = _encoded(data, options, weights, tokenizer)
    measured = _Measured(report)
    trained = train(
        Training(weights, tokenizer, examples, validation, device, folder / CHECKPOINTS, random_seed),
        options,
        measured.report,
    )
    facts = _facts(data, options, examples, measured)
    if options.method == "full" or options.lora.merge:
        trained = (trained.merge_and_unload() if options.method == "lora" else trained).to("cpu").to(stored_as)
    else:
        _name_base(trained, model)
    target = (folder / MODEL).absolute()
    _save(trained, tokenizer, target, _card(model, data, options, random_seed, facts), facts)
    return target


def _base_model(model: ModelOptions, options: TrlOptions, device: str) -> tuple[Any, Any]:
    """Return the base model as its weights are stored (or `model.options.dtype` says), and its tokenizer."""
    local = read_options(model.options)
    token = os.environ.get(model.api_key_env) if model.api_key_env else None
    found = find_folder(model.name)
    base = (found or download(model.name, model.revision, token)).absolute()
    if options.method == "lora" and not options.lora.merge and base_of(base) is not None:
        raise InputError(
            f"model.name={model.name}: an adapter, and another one alone would not say that it needs both; set "
            "finetune.lora.merge=true"
        )
    with explained(model.name, device):
        weights, tokenizer = read_whole(base, local.dtype, local.attention, token)
    return weights, tokenizer


def _name_base(adapter: Any, model: ModelOptions) -> None:
    """Let an adapter name its base as the hub does: not a cache of this machine, and the revision that it fits."""
    if find_folder(model.name) is None:
        config = adapter.active_peft_config
        config.base_model_name_or_path, config.revision = model.name, model.revision or None


def _encoded(data: TrainingData, options: TrlOptions, model: Any, tokenizer: Any) -> tuple[Encoded, Encoded]:
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if context is not None and options.max_length > context:
        raise InputError(
            f"finetune.max_length={options.max_length}: the model has a context of {context} tokens; set "
            f"finetune.max_length={context} or less"
        )
    examples = encode(data.train, data.form, tokenizer, options.max_length, options.too_long)
    if not examples.rows:
        raise InputError(
            f"none of {len(data.train):,} examples has at most finetune.max_length={options.max_length:,} tokens (the "
            f"longest has {examples.longest:,}); raise it"
        )
    validation = encode(data.validation, data.form, tokenizer, options.max_length, options.too_long)
    for what, found in (("training", examples), ("validation", validation)):
        if found.dropped or found.cut:
            tell(
                f"of {len(found.rows) + found.dropped:,} {what} examples {found.dropped:,} were left out and "
                f"{found.cut:,} cut, since they have more than finetune.max_length={options.max_length:,} tokens "
                f"(the longest has {found.longest:,})"
            )
    return examples, validation


class _Measured:
    """Passes on what is measured, and remembers the losses for the model card."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.last: dict[str, float] = {}
        self.steps = 0

    def report(self, step: int, values: Mapping[str, float]) -> None:
        """Take the numbers of a step."""
        self.last |= {name: value for name, value in values.items() if math.isfinite(value)}
        self.steps = max(self.steps, step)
        self._report(step, values)


def _facts(data: TrainingData, options: TrlOptions, examples: Encoded, measured: _Measured) -> dict[str, Any]:
    """What is known after the training; the tokens are those of all epochs, prompts included, as providers count."""
    losses = ("loss", "validation_loss")
    metrics: dict[str, float] = {name: measured.last[name] for name in losses if name in measured.last}
    metrics |= {
        "steps": float(measured.steps),
        "examples": float(len(examples.rows)),
        "examples_dropped": float(examples.dropped),
        "examples_cut": float(examples.cut),
        "longest_example": float(examples.longest),
    }
    return {"metrics": metrics, "tokens": round(examples.tokens * options.epochs), "data_sha256": data.sha256}


def _card(
    model: ModelOptions, data: TrainingData, options: TrlOptions, random_seed: int, facts: Mapping[str, Any]
) -> str:
    about = {"sha256": data.sha256, "form": data.form, "training examples": len(data.train)}
    about |= {"validation examples": len(data.validation), "trained tokens, all epochs": facts["tokens"]}
    settings = asdict(options) | {"random_seed": random_seed, "revision": model.revision or None}
    if options.method == "full":
        del settings["lora"]
    return model_card(label(model.name), about, settings, facts["metrics"])


def _save(model: Any, tokenizer: Any, target: Path, card: str, facts: Mapping[str, Any]) -> None:
    """Write the folder under another name first, so that under its own it is always whole."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    model.config.use_cache = True
    is_adapter = hasattr(model, "peft_config")
    model.save_pretrained(part, **({"save_embedding_layers": False} if is_adapter else {}))  # else it asks the hub
    tokenizer.save_pretrained(part)
    write_text(part / "README.md", card)
    write_text(part / FACTS, json.dumps(dict(facts), indent=2) + "\n")
    part.rename(target)


def _usable_as(target: Path, form: str) -> str:
    """Return the overrides that use the model; a path that is not plain is quoted, for Hydra and for the shell."""
    path, name = str(target), f"model.name={target}"
    if not _PLAIN_PATH.fullmatch(path):
        quoted = path.replace("'", "\\'")
        name = shlex.quote(f"model.name='{quoted}'")
    return f"model=transformers {name}{'' if form == CHAT else ' model.mode=completion'}"
