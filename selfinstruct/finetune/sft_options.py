"""What `conf/finetune/trl.yaml` says about a training on this machine.

TrlOptions("trl", method="full", epochs=2, learning_rate=2e-5, batch_size=8, max_length=1024, too_long="drop", ...)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt

from selfinstruct.errors import InputError
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.local_options import is_local, read_options

_FORBID: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True)
class LoraOptions:
    """Low-rank adapters. target_modules: "all-linear" or names; merge: save a whole model instead of the adapter."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    rank: Annotated[int, Ge(1)]
    alpha: Annotated[int, Ge(1)]
    dropout: Annotated[float, Ge(0), Lt(1)]
    target_modules: tuple[str, ...] | Literal["all-linear"]
    merge: bool


@dataclass(frozen=True)
class TrlOptions:
    """How a model is tuned here.

    batch_size: examples computed together; with `accumulate` of them to an optimizer step. warmup_share: 0..1 of all
    steps. max_length: tokens of prompt and completion together. checkpoint_every: in optimizer steps.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    kind: Literal["trl"]
    method: Literal["full", "lora"]
    lora: LoraOptions
    epochs: Annotated[float, Gt(0)]
    learning_rate: Annotated[float, Gt(0)]
    schedule: Literal["linear", "cosine", "constant"]
    warmup_share: Annotated[float, Ge(0), Lt(1)]
    weight_decay: Annotated[float, Ge(0)]
    max_grad_norm: Annotated[float, Gt(0)]
    batch_size: Annotated[int, Ge(1)]
    accumulate: Annotated[int, Ge(1)]
    max_length: Annotated[int, Ge(2), Le(10_000_000)]
    too_long: Literal["drop", "cut", "refuse"]
    packing: bool
    precision: Literal["auto", "float32", "bfloat16"]
    gradient_checkpointing: bool
    checkpoint_every: Annotated[int, Ge(1)]

    def determining(self) -> dict[str, Any]:
        """Return what makes two trainings the same: all of it, but how often a checkpoint is written."""
        return {name: value for name, value in asdict(self).items() if name != "checkpoint_every"}


def check(options: TrlOptions, model: ModelOptions) -> None:
    """Raise InputError for a model that is not in this process, or values that are fine alone but not together."""
    if not is_local(model.options):
        raise InputError(
            f"model.name={model.name}: finetune=trl tunes a model in this process; choose model=transformers "
            "model.name=<folder or name on the hub>, or finetune=api"
        )
    if options.packing and read_options(model.options).attention != "flash_attention_2":
        raise InputError(
            "finetune.packing=true: without flash attention examples in one row would see each other; set "
            "model.options.attention=flash_attention_2, or finetune.packing=false"
        )
