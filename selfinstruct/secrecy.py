"""Secrets are named by their environment variable and never shown: not as they are, not encoded, not in part.

    masked("Incorrect API key provided: sk-proj-4f2a", ["sk-proj-4f2a9c"])   ->   "Incorrect API key provided: ***"

Providers, proxies and drivers repeat what they were sent, so every message of theirs goes through `masked`; what stands
on the command line would end up in the shell's history and in Hydra's files, so `secret_argument` finds it there first.
"""

from __future__ import annotations

import base64
import os
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MASK = "***"
_SHORTEST_PART = 8
_SHORTEST_SECRET = 12
_SHORTEST_MASKED = 4  # "x" or "no", as people give to servers that want no key, would mask half of every message
_SECRET_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$|(KEY|TOKEN|SECRET|PASSWORD)_", re.IGNORECASE)
_SECRET_NAMES = (
    *("api_key", "apikey", "access_key", "access_key_id", "secret", "secret_key", "private_key", "password", "passwd"),
    *("authorization", "credentials", "api_token", "access_token", "auth_token", "session_token", "ad_token", "bearer"),
)
_WRITTEN = "the shell history and in logs"
_NAMED_VALUE = re.compile(r"([\w.-]+)[\"']?\s*[:=]\s*(?=[^\s,}\]])")
_NO_VALUE = re.compile(r"(null|\"\"|''|\?\?\?|\$\{[^}]*\})?[\"'}\]\s]*$", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"://[^\s:/@]*:(?!\$\{)[^\s@]+@")
_QUERY_PASSWORD = re.compile(r"[?&]\w*(?:password|secret|token|key)\w*=(?!\$\{)[^\s&]+", re.IGNORECASE)
_USUAL_NAME = re.compile(r"[A-Z][A-Z0-9_]*|[a-z][a-z0-9_]{0,30}")
KEY_FOR_NAME = (
    "looks like a key, not like the name of a variable that is set; give the name of the variable that holds the key, "
    "for example model.api_key_env=OPENAI_API_KEY. If it is a key, have it replaced: it has been shown"
)
_FREE_TEXT = ("prompts", "seeds", "filters", "name", "hydra.runtime")


def secret_values() -> dict[str, str]:
    """Return the environment variables that look like secrets.

    Short values are left out, since they occur by chance, and so are paths (`SSH_KEY_FILE`).
    """
    named = {name: value for name, value in os.environ.items() if _SECRET_VARIABLE.search(name)}
    return {name: value for name, value in named.items() if len(value) >= _SHORTEST_SECRET and not _is_path(value)}


def _is_path(value: str) -> bool:
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False


def masked(text: str, secrets: Iterable[str | None]) -> str:
    """Return the text with every secret in it replaced by ***, also in base64, hexadecimal, URL encoding or in part.

    Any eight characters of a secret in a row count as a part of it, since providers repeat the beginning of a key.
    """
    hidden = bytearray(len(text))
    for secret in (secret for secret in secrets if secret and len(secret) >= _SHORTEST_MASKED):
        for form in _forms(secret):
            for start in _found(text, form):
                length = min(_SHORTEST_PART, len(form))
                hidden[start : start + length] = b"\1" * length
    return re.sub("\0+", MASK, "".join("\0" if hide else sign for sign, hide in zip(text, hidden, strict=True)))


def _found(text: str, form: str) -> Iterator[int]:
    """Yield where a part of this form begins in the text."""
    parts = {form[i : i + _SHORTEST_PART] for i in range(max(1, len(form) - _SHORTEST_PART + 1))}
    for part in parts:
        start = text.find(part)
        while start >= 0:
            yield start
            start = text.find(part, start + 1)


def _forms(secret: str) -> set[str]:
    """The secret and its usual encodings; in base64 a text has three looks, by what stands before it."""
    raw = secret.encode()
    forms = {secret, urllib.parse.quote(secret, safe=""), raw.hex()}
    forms.add(re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), urllib.parse.quote(secret, safe="")))
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        stable = encoded[(0, 2, 3)[before] :][: None if (before + len(raw)) % 3 == 0 else -1]
        forms |= {stable, stable.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= min(_SHORTEST_PART, len(secret))}


def secret_argument(arguments: Sequence[str]) -> str | None:
    """Return what is wrong with the first argument of a command line that holds a secret, None where there is none.

    A secret is a value under a secret's name (`model.options.api_key=...`, also inside a dictionary), a password in a
    URL, or the value of a secret environment variable. A reference to a variable (`${oc.env:NAME}`) is none.
    """
    for argument in arguments:
        found = _secret_in(argument)
        if found:
            key, why = found
            return f"{key}: {why}; {remedy(key)}"
    return None


def _secret_in(argument: str) -> tuple[str, str] | None:
    """The key and what it holds; never the value."""
    key, _, value = argument.partition("=")
    key = re.split(r"[:=\s]", key.lstrip("+~"), maxsplit=1)[0]
    for name, secret in secret_values().items():
        if secret in argument:
            return masked(key, [secret]), f"holds the value of {name}, which ends up in {_WRITTEN}"
    if key.endswith("api_key_env") and not _NO_VALUE.match(value) and is_key_for_name(value):
        return key, f"what looks like a key on the command line ends up in {_WRITTEN}"
    if is_secret_name(key) and not _NO_VALUE.match(value):
        return key, f"a key on the command line ends up in {_WRITTEN}"
    if key.partition(".")[0] in _FREE_TEXT:
        return None
    if _URL_PASSWORD.search(argument) or _QUERY_PASSWORD.search(value):
        return key, f"a password in a URL on the command line ends up in {_WRITTEN}"
    for named in _NAMED_VALUE.finditer(value):
        if is_secret_name(named[1]) and not _NO_VALUE.match(value, named.end()):
            return f"{key}.{named[1]}", f"a key on the command line ends up in {_WRITTEN}"
    return None


def is_key_for_name(value: str) -> bool:
    """True for a key that was given where the name of its variable belongs: no name of that look, and none is set."""
    return value not in os.environ and not _USUAL_NAME.fullmatch(value)


def remedy(key: str) -> str:
    """Return what to do instead of writing a secret under this key."""
    if key.startswith("store."):
        return "leave it out: a PostgreSQL password is read from PGPASSWORD or ~/.pgpass"
    if key.startswith("tracking."):
        return "leave it out and export MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    return "export it and name its variable, for example model.api_key_env=OPENAI_API_KEY"


def is_secret_name(key: str) -> bool:
    """True when the last part of a dotted key names a secret: api_key, x-api-key, Authorization; not api_key_env."""
    name = key.rpartition(".")[2].lower().replace("-", "_")
    return any(name == sign or name.endswith("_" + sign) for sign in _SECRET_NAMES)


def secret_in_config(config: Mapping[str, Any], prefix: str = "") -> str | None:
    """Return what is wrong with the first value of an unresolved config that is a secret, None where there is none.

    For whoever writes the config down as it is, as Hydra does in a sweep.
    """
    for name, value in config.items():
        key = f"{prefix}{name}"
        if key in _FREE_TEXT:
            continue
        is_group = isinstance(value, Mapping)
        found = secret_in_config(value, f"{key}.") if is_group else _secret_value(key, value)
        if found:
            return found
    return None


def _secret_value(key: str, value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return next(filter(None, (_secret_value(key, item) for item in value)), None)
    if not isinstance(value, str):
        return None
    holds = next((f"holds the value of {name}" for name, secret in secret_values().items() if secret in value), "")
    if is_secret_name(key) and not _NO_VALUE.match(value):
        holds = "holds a key"
    if key.endswith("api_key_env") and not _NO_VALUE.match(value) and is_key_for_name(value):
        holds = "holds what looks like a key"
    if _URL_PASSWORD.search(value) or _QUERY_PASSWORD.search(value):
        holds = "holds a password"
    return f"{key}: {holds}, which a sweep writes to its multirun.yaml; {remedy(key)}" if holds else None
