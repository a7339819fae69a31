"""The shipped presets, composed once for the tests of a file."""

from __future__ import annotations

import pytest

from selfinstruct.prompts import (
    Templates,
)
from tests.prompts.templates import (
    PRESETS,
    plain_preset,
    typed,
)


@pytest.fixture(scope="module")
def presets() -> dict[str, Templates]:
    return {name: typed(plain_preset(name)) for name in PRESETS}
