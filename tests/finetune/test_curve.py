"""The losses of a training survive whatever interrupts it, each step once."""

from __future__ import annotations

import json
from pathlib import Path

from selfinstruct.finetune.curve import METRICS, Curve


def steps(folder: Path) -> list[tuple[int, float]]:
    return [(one["step"], one["loss"]) for one in map(json.loads, (folder / METRICS).read_text().splitlines())]


def test_a_training_that_resumes_takes_the_place_of_the_steps_it_repeats(tmp_path: Path) -> None:
    first = Curve(tmp_path)
    for step in (1, 2, 3):
        first.report(step, {"loss": float(step)})
    second = Curve(tmp_path)
    for step in (3, 4):
        second.report(step, {"loss": float(10 * step)})
    assert steps(tmp_path) == [(1, 1.0), (2, 2.0), (3, 3.0), (3, 30.0), (4, 40.0)]
    second.finish()
    assert steps(tmp_path) == [(1, 1.0), (2, 2.0), (3, 30.0), (4, 40.0)]
    assert second.series() == {"series.loss": [(1, 1.0), (2, 2.0), (3, 30.0), (4, 40.0)]}


def test_a_line_torn_by_a_kill_is_left_out(tmp_path: Path) -> None:
    (tmp_path / METRICS).write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    curve = Curve(tmp_path)
    curve.report(2, {"loss": 1.5})
    assert steps(tmp_path) == [(1, 2.0), (2, 1.5)]


def test_the_numbers_of_a_step_may_arrive_in_parts_and_one_that_is_not_finite_is_left_out(tmp_path: Path) -> None:
    curve = Curve(tmp_path)
    curve.report(1, {"loss": 2.0, "grad_norm": float("nan")})
    curve.report(1, {"validation_loss": 2.5})
    curve.report(2, {"loss": float("inf")})
    curve.finish()
    assert (tmp_path / METRICS).read_text() == '{"step": 1, "loss": 2.0, "validation_loss": 2.5}\n'
    assert curve.last() == {"loss": 2.0, "validation_loss": 2.5}
