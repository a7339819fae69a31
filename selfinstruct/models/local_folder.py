"""Where a model in this process comes from: a folder, known by its contents, or a name on the Hugging Face hub.

    find_folder("runs/tuned/model")       Path("runs/tuned/model")
    find_folder("Qwen/Qwen3-0.6B")        None: a name on the hub
    fingerprint(folder)                   "5d0c2b...", the same wherever the folder lies

What is only said of a folder (its model card, where the weights came from, which version wrote it) changes no answer
and is no part of its fingerprint.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError

CONFIG = "config.json"
ADAPTER = "adapter_config.json"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_DECIDING = {".safetensors", ".bin", ".json", ".model", ".txt", ".jinja", ".tiktoken"}
_SAID_ONLY = {"transformers_version", "_name_or_path", "name_or_path", "base_model_name_or_path", "torch_dtype"}
_SAID_ONLY |= {"revision", "peft_version", "use_cache"}
_IGNORED = {"training_args.bin", "trainer_state.json", "optimizer.bin", "scheduler.bin", "all_results.json"}
_IGNORED |= {"training.json"}  # what was measured when it was tuned here
_BLOCK = 1 << 20


def find_folder(name: str) -> Path | None:
    """Return the folder that holds the model, or None where the name is one of the hub.

    Raises:
        InputError: there is no such folder and it cannot be a name of the hub, or the folder holds no model.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not any((folder / file).is_file() for file in (CONFIG, ADAPTER)):
            raise InputError(
                f"model.name={name}: this folder holds no model (no {CONFIG} or {ADAPTER}); give the folder that "
                "save_pretrained wrote"
            )
        return folder
    if _HUB_NAME.fullmatch(name) and not (folder.parts and Path(folder.parts[0]).is_dir()):
        return None
    raise InputError(
        f"model.name={name}: there is no such folder; give one that holds a model, or a name of the Hugging Face hub, "
        "<owner>/<model>"
    )


def label(name: str) -> str:
    """Return a short name for people: the hub's, or that of the folder; "tuned-9abc" for runs/tuned-9abc/model."""
    if _HUB_NAME.fullmatch(name) and not Path(name).expanduser().is_dir():
        return name
    folder = Path(name).expanduser().absolute()
    return folder.parent.name if folder.name == "model" else folder.name


@dataclass(frozen=True)
class Base:
    """The model that an adapter adapts: a folder or a name of the hub, and there the revision ("" for the newest)."""

    name: str
    revision: str


def base_of(folder: Path) -> Base | None:
    """Return what an adapter folder adapts; None for a whole model.

    Raises:
        InputError: the adapter does not say.
    """
    if not (folder / ADAPTER).is_file():
        return None
    try:
        told = json.loads((folder / ADAPTER).read_text(encoding="utf-8"))
        base, revision = told.get("base_model_name_or_path"), told.get("revision")
    except (ValueError, OSError, AttributeError) as error:
        raise InputError(f"{folder / ADAPTER}: not readable ({error}); save the adapter again") from None
    if not base:
        raise InputError(f"{folder / ADAPTER}: names no base model (base_model_name_or_path); write it there")
    return Base(str(base), revision or "")


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of what decides the answers of a model folder: weights, tokenizer, settings, and its base."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in _DECIDING and path.name not in _IGNORED:
            digest.update(f"{path.name} {_file_sha256(path)}\n".encode())
    base = base_of(folder)
    if base is not None:
        found = find_folder(base.name)
        digest.update(f"base {f'{base.name} {base.revision}' if found is None else fingerprint(found)}\n".encode())
    return digest.hexdigest()


def _file_sha256(path: Path) -> str:
    stat = path.stat()
    return _hashed(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hashed(path: Path, _size: int, _mtime_ns: int) -> str:
    """Weights are read once in a process, as long as size and time of the file stay what they are."""
    if path.suffix == ".json":
        return hashlib.sha256(_deciding_json(path)).hexdigest()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _deciding_json(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        plain = json.loads(content)
    except ValueError:
        return content
    return json.dumps(_without_hearsay(plain), sort_keys=True).encode()


def _without_hearsay(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: value for key, value in plain.items() if key not in _SAID_ONLY}
    return plain
