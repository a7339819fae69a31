"""A sweep over fine-tunings, rehearsed: what its jobs would cost together is said, and nothing is sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.finetune.tuning_control import TuningServer

ARMS = ("dry_run=true", "finetune.n_epochs=1,3")


def test_the_jobs_of_a_provider_are_added_up(selfinstruct: Command, server: TuningServer, run: Path) -> None:
    price = "finetune.cost_per_training_token=0.001"
    ended = selfinstruct(*server.arguments(run, *ARMS, price), "-m")
    assert ended.code == 0, ended.err
    one, three, total = dollars(ended.out)
    lows, highs = zip(one, three, strict=True)
    assert total == pytest.approx([(sum(lows) + sum(highs)) / 2, sum(lows), sum(highs)], abs=0.01)
    assert "2 runs would send no request to a model" in ended.out and "share the answer" not in ended.out
    assert server.seen()["asked"] == []


def test_a_price_that_is_not_known_makes_the_total_undefined(
    selfinstruct: Command, server: TuningServer, run: Path
) -> None:
    ended = selfinstruct(*server.arguments(run, *ARMS), "-m")
    total = ended.out[ended.out.index("The sweep together") :]
    assert "cost     undefined, because the price of 2 of them is not known; what to set is said above" in total


def dollars(text: str) -> list[list[float]]:
    """The amounts of every line that says a cost."""
    lines = [line for line in text.splitlines() if line.startswith("cost ")]
    return [[float(amount.replace(",", "")) for amount in re.findall(r"\$([\d.,]+)", line)] for line in lines]
