"""The picture of a training: both losses against the steps, a running mean where the curve is long."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.image import imread

from selfinstruct.report.pictures.losses import draw_losses, running_mean, write_losses

CURVE = {step: {"loss": 4.0 / step, "learning_rate": 1e-5} for step in range(1, 9)}
CURVE[8]["validation_loss"] = 2.25


def test_both_losses_are_drawn_with_their_last_values_and_every_mark_can_be_asked(tmp_path: Path) -> None:
    """The last loss is 4 / 8 = 0.5."""
    (axis,) = draw_losses(CURVE, "colours-tuned-tiny").axes
    named = [line for line in axis.lines if not str(line.get_label()).startswith("_")]
    lines = {line.get_label(): list(line.get_ydata()) for line in named}
    assert lines == {"training loss": [4.0 / step for step in range(1, 9)], "loss of the examples held out": [2.25]}
    assert [text.get_text().strip() for text in axis.texts] == ["0.50", "2.25"]
    said = [str(line.get_gid()) for line in axis.lines if line.get_gid()]
    assert len(said) == 9 and said[1].endswith("step 2: training loss 2")


def test_a_long_curve_is_shown_with_its_running_mean_and_a_short_one_as_it_is() -> None:
    """100 steps, so that a mean is over 100 / 25 = 4 of them: two before and two after, fewer at the ends."""
    points = [(step, float(step)) for step in range(1, 101)]
    mean = running_mean(points)
    assert mean[0] == (1, (1 + 2 + 3) / 3) and mean[1] == (2, (1 + 2 + 3 + 4) / 4)
    assert mean[49] == (50, 50.0) and mean[-1] == (100, (98 + 99 + 100) / 3)
    assert running_mean(points[:40]) == [] and len(running_mean(points[:41])) == 41


@pytest.mark.parametrize(("held_out", "places"), [(0.52, ["top", "bottom"]), (0.48, ["bottom", "top"])])
def test_last_values_that_would_lie_over_each_other_are_placed_apart(held_out: float, places: list[str]) -> None:
    (axis,) = draw_losses({**CURVE, 8: {"loss": 0.5, "validation_loss": held_out}}, "x").axes
    assert [text.get_verticalalignment() for text in axis.texts] == places


def test_the_picture_is_written_beside_the_curve_and_not_where_nobody_told_a_loss(tmp_path: Path) -> None:
    write_losses(CURVE, "colours-tuned-tiny", tmp_path)
    assert imread(tmp_path / "report" / "losses.png").shape[1] == 1296
    write_losses({1: {"accuracy": 0.5}}, "x", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (axis,) = draw_losses({}, "x").axes
    assert "nobody told a loss" in axis.texts[0].get_text().replace("\n", " ")
