"""Configs as texts: what may be written down of them, and what never is (keys, passwords).

as_yaml(cfg)               the composed config, references unresolved, passwords of URLs as ***
refuse_secrets(plain)      raises when the value of a key variable stands anywhere in it
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError
from selfinstruct.secrecy import secret_values

if TYPE_CHECKING:
    from omegaconf import DictConfig


def as_yaml(cfg: DictConfig) -> str:
    """Return the composed config as YAML, references unresolved, passwords of URLs left out."""
    from omegaconf import OmegaConf

    return without_passwords(OmegaConf.to_yaml(cfg, resolve=False))


def without_passwords(text: str) -> str:
    """Return text with the password of every URL in it replaced by ***, also one that should have been escaped."""
    named = re.sub(r"([?&]\w*(?:password|secret|token|key)\w*=)[^\s&'\"]+", r"\1***", text, flags=re.IGNORECASE)
    return re.sub(r"(://[^\s:/@]*):\S+@", r"\1:***@", named)


def refuse_secrets(plain: Mapping[str, Any]) -> None:
    """Raise InputError when the value of a secret environment variable stands anywhere in the config."""
    secrets = secret_values()
    for key, value in leaves(plain):
        for name, secret in secrets.items():
            if isinstance(value, str) and secret in value:
                raise InputError(f"{key}: holds the value of {name}; {_instead(key, name)}")


def _instead(key: str, name: str) -> str:
    if key.startswith("model."):
        return f"name the variable instead (model.api_key_env={name})"
    return "leave it out (a PostgreSQL password is read from PGPASSWORD or ~/.pgpass)"


def leaves(value: Any, key: str = "", lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield every scalar with its dotted key; with `lists`, a list is a leaf too."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{key}.{name}" if key else str(name), lists)
    elif isinstance(value, list) and not lists:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{key}[{index}]")
    else:
        yield key, value


def flat(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values by dotted key; lists as they are."""
    params: dict[str, Any] = {}
    for name, value in plain.items():
        params |= (
            {f"{name}.{key}": inner for key, inner in flat(value).items()} if isinstance(value, dict) else {name: value}
        )
    return params
