"""A model and its tokenizer in memory: from a folder, an adapter's folder (LoRA), or the Hugging Face hub.

    loaded = load_model("runs/tuned/model", revision="", token=None, options=read_options({...}))
    loaded.context          2048: how many tokens prompt and answer may have together; None: no limit is known
    loaded.ends             frozenset({0}): the tokens that end an answer

Code that comes with a model is never run. Usage statistics of the libraries are switched off.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.models.local_folder import base_of, find_folder
from selfinstruct.models.local_options import LocalOptions

_NO_LENGTH = 1_000_000  # a tokenizer without a known length says 10**30
_WEIGHTS = ("*.safetensors",)
_OTHERS = ("*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken")


@dataclass(frozen=True)
class LoadedModel:
    """What answers: the model in evaluation mode on its device, its tokenizer, and what is known of both."""

    model: Any
    tokenizer: Any
    context: int | None
    ends: frozenset[int]
    pad: int

    @property
    def is_exact(self) -> bool:
        """True in float32, where answers do not depend on how many are computed together."""
        import torch

        return bool(self.model.dtype in (torch.float32, torch.float64))


def load_model(name: str, revision: str, token: str | None, options: LocalOptions) -> LoadedModel:
    """Return the model, loaded to its device.

    Raises:
        InputError: a library is missing, the folder cannot be read as a model, or there is no such device.
        ProviderError: the hub cannot be reached or refuses, or the memory does not suffice.
    """
    import_libraries("local")
    device = find_device(options.device)
    folder = find_folder(name) or download(name, revision, token)
    with explained(name, device):
        model, tokenizer = read_whole(folder, options.dtype, options.attention, token)
        model = model.to(device).eval()
    return _described(model, tokenizer)


def import_libraries(extra: str) -> None:
    """Import torch and transformers, quietly and without usage statistics. Raises InputError where one is missing."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise InputError(
            f"{error.name or error} is not installed, which a model in this process needs: pip install "
            f"'selfinstruct[{extra}]' (for the CPU alone, install PyTorch's CPU build first)"
        ) from None
    logging_of_transformers: Any = transformers.utils.logging
    logging_of_transformers.disable_progress_bar()
    logging_of_transformers.set_verbosity_error()


def find_device(wanted: str) -> str:
    """Return the device, "auto" resolved. Raises InputError where this machine has none such."""
    import torch

    is_there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    is_there |= {"xpu": torch.xpu.is_available(), "cpu": True}
    if wanted == "auto":
        return next(kind for kind, is_available in is_there.items() if is_available)
    kind, _, number = wanted.partition(":")
    if not is_there[kind] or (number and int(number) >= torch.cuda.device_count()):
        have = [kind for kind, is_available in is_there.items() if is_available]
        raise InputError(f"device={wanted}: PyTorch finds no such device here; it finds {', '.join(have)}")
    return wanted


def download(name: str, revision: str, token: str | None) -> Path:
    """Return the folder with a model of the hub, downloaded or from the cache of the hub's own library.

    Raises:
        ProviderError: the hub cannot be reached and the cache lacks it, there is no such model, or it is not allowed.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)

    def fetch(*patterns: str) -> Path:
        return Path(
            snapshot_download(
                name, revision=revision or None, token=token, allow_patterns=list(patterns), ignore_patterns=["*/*"]
            )
        )

    try:
        folder = fetch(*_WEIGHTS, *_OTHERS)
        return folder if any(folder.glob("*.safetensors")) else fetch("*.bin", *_OTHERS)
    except GatedRepoError:
        remedy = "the hub wants its terms accepted: do so there, then export HF_TOKEN=..."
    except RepositoryNotFoundError:
        remedy = "the hub has no such model, or shows it only to those who name a token (export HF_TOKEN=...)"
    except LocalEntryNotFoundError:
        remedy = "the hub cannot be reached and the model is not in its cache; give a folder, or connect and repeat"
    except (HfHubHTTPError, OSError, ValueError) as error:
        remedy = f"it could not be downloaded ({_first_line(error)}); check name, model.revision and free space"
    raise ProviderError(f"model.name={name}: no such folder is here, and {remedy}") from None


def read_whole(folder: Path, dtype: str, attention: str, token: str | None) -> tuple[Any, Any]:
    """Return the causal language model of a folder, on the CPU, and its tokenizer.

    An adapter (LoRA) is merged into its base model, so that asking it costs what asking the base model costs.
    """
    base = base_of(folder)
    whole = folder if base is None else find_folder(base.name) or download(base.name, base.revision, token)
    model = _read_weights(whole, dtype, attention)
    if base is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, folder).merge_and_unload()
    return model, _read_tokenizer(folder if (folder / "tokenizer_config.json").is_file() else whole)


def _read_weights(folder: Path, dtype: str, attention: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        folder,
        dtype="auto" if dtype == "auto" else getattr(torch, dtype),
        attn_implementation=None if attention == "auto" else attention,
        local_files_only=True,
    )


def _read_tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def not_enough_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of the machine or of its GPU does not suffice."""
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(sign in str(error) for sign in ("allocate memory", "out of memory"))
    )


def _described(model: Any, tokenizer: Any) -> LoadedModel:
    """The model's own generation settings (sampling, penalties) are put aside: the request says what is asked for."""
    import transformers

    library: Any = transformers
    ends = {tokenizer.eos_token_id, *_listed(model.generation_config.eos_token_id)} - {None}
    pad = next((token for token in (tokenizer.pad_token_id, tokenizer.eos_token_id) if token is not None), 0)
    model.generation_config = library.GenerationConfig(pad_token_id=pad)
    lengths = (getattr(model.config.get_text_config(), "max_position_embeddings", None), tokenizer.model_max_length)
    known = [int(length) for length in lengths if length is not None and 0 < length < _NO_LENGTH]
    return LoadedModel(model, tokenizer, min(known) if known else None, frozenset(ends), pad)


def _listed(tokens: Any) -> list[int]:
    return list(tokens) if isinstance(tokens, list | tuple) else [tokens]


@contextlib.contextmanager
def explained(name: str, device: str) -> Iterator[None]:
    """Make one error that says what to do of whatever goes wrong in loading.

    Raises:
        InputError: the folder cannot be read as a model.
        ProviderError: the memory does not suffice.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn about each other here; what matters is an error
            yield
    except (InputError, ProviderError):
        raise
    except Exception as error:
        if not_enough_memory(error):
            raise ProviderError(
                f"model.name={name}: the memory of {device} does not suffice to load it; set "
                "model.options.dtype=bfloat16, choose a smaller model, or serve it elsewhere (model=vllm)"
            ) from None
        raise InputError(
            f"model.name={name}: cannot be loaded as a causal language model ({_first_line(error)}); check that "
            "its folder is whole and that this version of transformers knows it"
        ) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
