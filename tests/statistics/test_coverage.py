"""Intervals that say 95 % hold the truth between 93 and 97 times out of 100, by seeded simulation.

The scenarios and their table with 10,000 draws each: experiments/results/interval_coverage/.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

import pytest

from tests.conftest import ROOT

DRAWS = int(os.environ.get("SELFINSTRUCT_TEST_COVERAGE_DRAWS", "1500"))


def load() -> ModuleType:
    path = ROOT / "experiments" / "results" / "interval_coverage" / "make.py"
    spec = importlib.util.spec_from_file_location("interval_coverage", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["interval_coverage"] = module
    spec.loader.exec_module(module)
    return module


SIMULATION = load()


@pytest.mark.parametrize("scenario", SIMULATION.SCENARIOS, ids=lambda one: f"{one.interval}: {one.truth}")
def test_a_95_percent_interval_holds_the_truth_between_93_and_97_percent(scenario: object) -> None:
    assert 0.93 <= SIMULATION.coverage(scenario, DRAWS) <= 0.97


@pytest.mark.parametrize("scenario", SIMULATION.NOT_USED, ids=lambda one: f"{one.interval}: {one.truth}")
def test_what_is_not_used_would_not_pass(scenario: object) -> None:
    assert SIMULATION.coverage(scenario, DRAWS) < 0.93
