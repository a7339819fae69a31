"""What all tests of comparisons share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as the terminal, and a narrow one folds the words that tests look for."""
    monkeypatch.setenv("COLUMNS", "200")
