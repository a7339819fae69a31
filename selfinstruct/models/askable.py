"""Whether a model can be asked, before anything is: a provider, an address, a key that is named and set, no secrets.

model.api_base=localhost:8000: not an address; write it as http://localhost:8000/v1
model.api_key_env=OPENAI_API_KEY: this environment variable is not set; export OPENAI_API_KEY=... or name another
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError
from selfinstruct.models.local_options import check_local, is_local
from selfinstruct.secrecy import KEY_FOR_NAME, is_key_for_name

if TYPE_CHECKING:
    from selfinstruct.models.gateway import ModelOptions

_SECRET_OPTIONS = ("api_key", "secret", "password", "authorization", "access_key", "session_token", "credentials")
_ADDRESS = re.compile(r"https?://[^/\s]+", re.IGNORECASE)


def check_options(options: ModelOptions, needs_key: bool = True) -> None:
    """Refuse a model that cannot be asked.

    Args:
        needs_key: False where nothing will be sent, as in a dry run.

    Raises:
        InputError: a key in the options, an unset key variable, a name without a provider, or an address that is none.
    """
    for name in _secret_names(options.options):
        raise InputError(
            f"model.options.{name}: a secret may not stand in the config; export it and name its variable, for "
            "example model.api_key_env=OPENAI_API_KEY"
        )
    if needs_key and options.api_key_env and not os.environ.get(options.api_key_env):
        if is_key_for_name(options.api_key_env):
            raise InputError(f"model.api_key_env: {KEY_FOR_NAME}")
        raise InputError(
            f"model.api_key_env={options.api_key_env}: this environment variable is not set; "
            f"export {options.api_key_env}=... or name another one"
        )
    if is_local(options.options):
        check_local(options.name, options.options, options.api_base)
        return
    if "/" not in options.name.strip("/"):
        example = f"openai/{options.name.strip('/') or 'my-model'}"
        raise InputError(f"model.name={options.name}: give it as <provider>/<model>, for example {example}")
    if options.api_base is not None and not _ADDRESS.match(options.api_base):
        example = (
            f"http://{options.api_base}/v1" if re.fullmatch(r"[\w.-]+:\d+", options.api_base) else "http://host:port/v1"
        )
        raise InputError(f"model.api_base={options.api_base}: not an address; write it as {example}")
    if options.name.startswith("offline/"):
        from selfinstruct.models.offline import read_options

        read_options(options.options)


def _secret_names(options: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in options.items():
        if any(sign in name.lower().replace("-", "_") for sign in _SECRET_OPTIONS):
            found.append(prefix + name)
        if isinstance(value, dict):
            found += _secret_names(value, f"{prefix}{name}.")
    return found
