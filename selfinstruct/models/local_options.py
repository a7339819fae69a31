"""What can be set about a model in this process, and what of it decides the answers.

A complete mapping comes in (its defaults stand in conf/model/transformers.yaml), typed options go out:

    {"library": "transformers", "device": "auto", "dtype": "auto", "batch_size": None, "attention": "auto",
     "random_seed": 0, "template_options": {}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.models.local_folder import find_folder

LIBRARY = "transformers"
DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTIONS = ("auto", "sdpa", "eager", "flash_attention_2")
_DEVICE = re.compile(r"auto|cpu|mps|xpu|cuda(:\d+)?")


@dataclass(frozen=True)
class LocalOptions:
    """How a model in this process is loaded and asked.

    library: "transformers"; it marks the options of this preset. device: "auto" takes a GPU where there is one.
    dtype: "auto" is what the weights are stored in, the same on every machine. batch_size: how many requests are
    answered together at most; None: 8 in float32, where that changes no answer, and 1 below it. attention: how
    transformers computes it. random_seed: of the sampling, with the request itself. template_options: what else the
    chat template is given, such as {"enable_thinking": false}.
    """

    library: str
    device: str
    dtype: str
    batch_size: int | None
    attention: str
    random_seed: int
    template_options: dict[str, Any]


def is_local(options: Mapping[str, Any]) -> bool:
    """Return whether these are the `model.options` of a model that runs in this process."""
    return options.get("library") == LIBRARY


def read_options(options: Mapping[str, Any]) -> LocalOptions:
    """Return the options of a complete mapping.

    Raises:
        InputError: a key is missing or unknown, or a value is none of those allowed; names every such key.
    """
    known = {field.name for field in fields(LocalOptions)}
    faults = [f"model.options.{name}: no value" for name in sorted(known - options.keys())]
    faults += [f"model.options.{name}: unknown key" for name in sorted(options.keys() - known)]
    faults += _faults_of(options)
    if faults:
        raise InputError("; ".join(faults) + "; see conf/model/transformers.yaml")
    return LocalOptions(**dict(options))


def check_local(name: str, options: Mapping[str, Any], api_base: str | None) -> None:
    """Raise InputError when such a model cannot be built: bad options, no such folder, or an address of a server."""
    read_options(options)
    find_folder(name)
    if api_base:
        raise InputError(
            f"model.api_base={api_base}: a model in this process has no server; leave it out, or choose "
            "model=openai_compatible"
        )


def deciding(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that decide what is answered: not where the model runs, and not how many at a time."""
    return {name: options[name] for name in ("dtype", "random_seed", "template_options") if name in options}


def _faults_of(options: Mapping[str, Any]) -> list[str]:
    batch_size, seed = options.get("batch_size"), options.get("random_seed", 0)
    checks = {
        "device": (_DEVICE.fullmatch(str(options.get("device", "auto"))), "auto, cpu, cuda, cuda:<number>, mps or xpu"),
        "dtype": (options.get("dtype", "auto") in DTYPES, ", ".join(DTYPES)),
        "attention": (options.get("attention", "auto") in ATTENTIONS, ", ".join(ATTENTIONS)),
        "batch_size": (
            batch_size is None or (_is_whole(batch_size) and batch_size >= 1),
            "a whole number from 1, null",
        ),
        "random_seed": (_is_whole(seed), "a whole number"),
        "template_options": (isinstance(options.get("template_options", {}), dict), "a mapping"),
    }
    return [
        f"model.options.{name}={options.get(name)}: give {allowed}"
        for name, (is_fine, allowed) in checks.items()
        if not is_fine
    ]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
