"""The training itself: TRL's trainer with our settings, our checkpoints and our report of what it measures.

    train(Training(model, tokenizer, encoded, validation, "cpu", folder / "checkpoints", 42), options, report)

`report` gets, for each optimizer step, {"loss": 2.31, "learning_rate": 2e-05, "grad_norm": 1.4}, and after each epoch
{"validation_loss": 2.40}. The same seed gives the same numbers; on the CPU also after a kill (docs/finetuning.md).
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.finetune.data import Report
from selfinstruct.finetune.sft_checkpoints import KEPT, last_whole
from selfinstruct.finetune.sft_examples import Encoded
from selfinstruct.finetune.sft_options import TrlOptions
from selfinstruct.finetune.sft_watcher import make_watcher, stopping_at_a_step, tell
from selfinstruct.models.local_weights import not_enough_memory


@dataclass(frozen=True)
class Training:
    """What is trained with what: the model (changed in place), examples to train on and held out, and where."""

    model: Any
    tokenizer: Any
    examples: Encoded
    validation: Encoded
    device: str
    checkpoints: Path
    random_seed: int


def train(training: Training, options: TrlOptions, report: Report) -> Any:
    """Train the model, from the last whole checkpoint if there is one, and return it.

    Ctrl+C ends it after the step that is being computed, with a checkpoint; a second one ends it at once.

    Raises:
        KeyboardInterrupt: it was ended.
        InputError: the loss is no number any more, or more than one GPU is visible.
        ProviderError: the memory does not suffice.
    """
    watcher = make_watcher(report)
    last = last_whole(training.checkpoints)
    if last is not None:
        tell(f"going on from {last.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries warn about each other
        try:
            trainer = make_trainer(training, options, watcher)
            with stopping_at_a_step(watcher):
                trainer.train(resume_from_checkpoint=str(last) if last else None)
        except (MemoryError, RuntimeError) as error:
            if not not_enough_memory(error):
                raise
            raise ProviderError(
                f"the memory of {training.device} does not suffice to train; lower finetune.batch_size (and raise "
                "finetune.accumulate as much), set finetune.gradient_checkpointing=true, or choose finetune.method=lora"
            ) from None
    if watcher.is_to_stop and trainer.state.global_step < trainer.state.max_steps:
        raise KeyboardInterrupt
    if watcher.lost_at is not None:
        raise InputError(
            f"the loss is no number any more at step {watcher.lost_at}: lower finetune.learning_rate, or set "
            "finetune.precision=float32"
        )
    return trainer.model


def make_trainer(training: Training, options: TrlOptions, watcher: Any) -> Any:
    """Return TRL's trainer for this training. Raises InputError for adapters that do not fit, or several GPUs."""
    import trl
    from transformers import PrinterCallback

    library: Any = trl

    logging.getLogger("accelerate").setLevel(logging.ERROR)
    try:
        trainer = library.SFTTrainer(
            model=training.model,
            args=_arguments(training, options),
            train_dataset=_dataset(training.examples),
            eval_dataset=_dataset(training.validation) if training.validation.rows else None,
            processing_class=training.tokenizer,
            peft_config=_lora(options) if options.method == "lora" else None,
            callbacks=[watcher],
        )
    except ValueError as error:
        if "DataParallel" in str(error):
            raise InputError(
                "several GPUs are visible, and one trains here: name it, for example export CUDA_VISIBLE_DEVICES=0"
            ) from None
        if options.method == "lora" and "target" in str(error).lower():
            raise InputError(f"finetune.lora.target_modules={options.lora.target_modules}: {error}") from None
        raise
    trainer.remove_callback(PrinterCallback)  # it would print to stdout, which is for results
    return trainer


def _arguments(training: Training, options: TrlOptions) -> Any:
    """Everything that decides the result is set here, whatever the libraries' defaults become."""
    import trl

    library: Any = trl
    return library.SFTConfig(
        output_dir=str(training.checkpoints),
        num_train_epochs=options.epochs,
        learning_rate=options.learning_rate,
        lr_scheduler_type=options.schedule if options.schedule != "constant" else "constant_with_warmup",
        warmup_steps=options.warmup_share,
        weight_decay=options.weight_decay,
        max_grad_norm=options.max_grad_norm,
        optim="adamw_torch",
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        gradient_accumulation_steps=options.accumulate,
        gradient_checkpointing=options.gradient_checkpointing,
        bf16=is_bfloat16(options.precision, training.device),
        use_cpu=training.device == "cpu",
        dataloader_pin_memory=training.device != "cpu",
        max_length=options.max_length,
        loss_type="nll",
        packing=options.packing,
        packing_strategy="bfd",  # no example is cut, and none is spread over two rows
        eval_packing=False,
        dataset_kwargs=None if options.packing else {"skip_prepare_dataset": True},
        completion_only_loss=False,  # the labels say already what the loss is on
        shuffle_dataset=False,
        seed=training.random_seed,
        data_seed=training.random_seed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="epoch" if training.validation.rows else "no",
        prediction_loss_only=True,
        save_strategy="steps",
        save_steps=options.checkpoint_every,
        save_total_limit=KEPT,
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
    )


def is_bfloat16(precision: str, device: str) -> bool:
    """Return whether the numbers between the weights are computed in bfloat16; "auto": where a GPU has it."""
    if precision != "auto":
        return precision == "bfloat16"
    import torch

    return device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)


def _dataset(encoded: Encoded) -> Any:
    from datasets import Dataset

    return Dataset.from_dict(
        {
            "input_ids": [list(row.tokens) for row in encoded.rows],
            "labels": [list(row.labels) for row in encoded.rows],
        }
    )


def _lora(options: TrlOptions) -> Any:
    from peft import LoraConfig

    lora = options.lora
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules if isinstance(lora.target_modules, str) else list(lora.target_modules),
    )
