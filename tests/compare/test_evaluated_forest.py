"""The picture of paired differences: rows of one measure share a label, arms a legend, each row tells its numbers."""

from __future__ import annotations

from pathlib import Path

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_contrasts import contrasts_of
from selfinstruct.compare.evaluated_forest import difference_plot
from selfinstruct.figures import drawing_of
from tests.compare.evaluations import Line, arm_of

OPTIONS = Options(resamples=300)


def drawn(folder: Path, **right: int) -> str:
    """The drawing of arms that are right so often in 12 tasks; the last one is what the others are compared with."""
    arms = [
        arm_of(folder / name, [Line(f"i{n}", f"t{n}", 0.5, float(n < number)) for n in range(12)], name, judged=False)
        for name, number in right.items()
    ]
    found = contrasts_of(arms, list(right)[-1], OPTIONS)
    return drawing_of(difference_plot(found, (), folder / "p.png", 0.95))


def test_one_arm_needs_no_legend_and_tells_means_difference_and_p(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, tuned=9, base=3)
    assert drawing.count(">exact match</text>") == 1
    assert "exact match: tuned 75.00, base 25.00; difference in points +50.0 (" in drawing
    assert "12 pairs; p 0.031" in drawing  # McNemar: 6 against none, 2 / 2^6
    assert ">tuned</text>" not in drawing


def test_several_arms_share_the_labels_and_have_a_legend(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, tuned=9, half=6, base=3)
    assert drawing.count(">exact match</text>") == 1
    assert drawing.count(">tuned</text>") == drawing.count(">half</text>") == 1
    assert "exact match: half 50.00, base 25.00" in drawing


def test_arms_that_agree_everywhere_are_drawn_at_0(tmp_path: Path) -> None:
    assert "exact match: tuned 25.00, base 25.00; difference in points +0.0" in drawn(tmp_path, tuned=3, base=3)
