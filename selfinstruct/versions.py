"""The versions that made a run, for its manifest."""

from __future__ import annotations

import platform
from importlib import metadata

_PACKAGES = (
    *("hydra-core", "omegaconf", "litellm", "mlflow", "rouge-score", "numpy", "numba", "pyarrow", "sqlalchemy"),
    *("torch", "transformers", "trl", "peft"),
)


def versions() -> dict[str, str]:
    """Return the versions of this package, Python and the libraries that matter."""
    from selfinstruct import __version__

    found = {"selfinstruct": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
