from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from selfinstruct.tracking import TrackingOptions
from tests.conftest import ROOT


def _preset(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load((ROOT / f"conf/tracking/{name}.yaml").read_text(encoding="utf-8"))
    return plain


def test_the_presets_are_options() -> None:
    read = TypeAdapter(TrackingOptions).validate_python
    assert read(_preset("mlflow")) == TrackingOptions(True, "sqlite:///runs/mlflow.db", "selfinstruct", None)
    assert read(_preset("off")) == TrackingOptions(False, None, None, None)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="urll"):
        TypeAdapter(TrackingOptions).validate_python({**_preset("off"), "urll": "x"})
