"""A tiny model for every test of models in this process, made and loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of 0.1 million random weights."""
    from tests.tiny_model import make_tiny_model

    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def loaded(tiny: Path) -> Any:
    """That model in memory. Nobody may change it."""
    from selfinstruct.models.local_options import read_options
    from selfinstruct.models.local_weights import load_model
    from tests.tiny_model import LOCAL_OPTIONS

    return load_model(str(tiny), "", None, read_options(LOCAL_OPTIONS))


@pytest.fixture(scope="module")
def in_one_thread() -> Iterator[None]:
    """PyTorch computes in one thread."""
    from tests.tiny_model import one_thread

    with one_thread():
        yield
