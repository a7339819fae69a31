"""Where the files are that came with the package: `data_root() / "conf" / "seeds"`, in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path


def data_root() -> Path:
    """Return the folder that holds conf/: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    return package if (package / "conf").is_dir() else package.parent


def register_resolvers() -> None:
    """Make `${shipped:seeds/general.jsonl}` mean that file inside the shipped conf/."""
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("shipped", lambda path: str(data_root() / "conf" / path), replace=True)
