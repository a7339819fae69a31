"""Every picture is drawn, is not blank, and takes whatever a model wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from selfinstruct.report.contents import Contents, measure_contents
from selfinstruct.report.options import ReportOptions
from selfinstruct.report.pictures import DRAWINGS, draw_pictures
from tests.report.conftest import EMPTY, INSTANCES, INSTRUCTIONS, MANIFEST, SEEDS, MakeFolder

SCENARIO = "Write steps.\n```gherkin\nScenario: x\n  Given a\n  When b\n  Then c\n```"
WILD = ["$\\frac{$", "$x$ and $y", "水果的名字", "a\tb\x07", "💧" * 40, "", "\\usepackage{x}", "ﷺ السلام"]


def _contents(folder: Path, options: ReportOptions, manifest: dict[str, Any] = MANIFEST) -> Contents:
    return measure_contents(folder, manifest, SEEDS, options, {}, "rouge")


def _coloured(path: Path) -> float:
    """The share of pixels below the title that have a colour, or are dark: not paper, not a grey line."""
    pixels = imread(path)[:, :, :3]
    pixels = pixels[len(pixels) // 5 :]
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return float(np.mean((spread > 0.2) | (pixels.max(axis=2) < 0.5)))


@pytest.mark.parametrize("name", list(DRAWINGS))
def test_a_picture_shows_something(name: Any, run_folder: MakeFolder, options: ReportOptions, tmp_path: Path) -> None:
    instructions = [*INSTRUCTIONS, {**INSTRUCTIONS[0], "instruction": SCENARIO}]
    contents = _contents(run_folder(instructions), options, {**MANIFEST, "prompts": "bdd"})
    (path,) = draw_pictures(tmp_path / "pictures", contents, [name])
    assert path.name == f"{name}.png"
    height, width = imread(path).shape[:2]
    assert width == 1296 and height > 300
    assert _coloured(path) > 0.005


@pytest.mark.parametrize("name", [name for name in DRAWINGS if name != "bdd"])
def test_a_picture_of_an_empty_run_gives_the_reason(
    name: Any, run_folder: MakeFolder, options: ReportOptions, tmp_path: Path
) -> None:
    contents = _contents(run_folder([], [], []), options, EMPTY)
    figure = DRAWINGS[name](contents)
    said = " ".join(text.get_text() for axis in figure.axes for text in axis.texts).replace("\n", " ")
    assert said.startswith(("Undefined, because", "There are no"))
    (path,) = draw_pictures(tmp_path / "pictures", contents, [name])
    assert imread(path).shape[0] < 300  # low, since there is nothing to show


def test_the_bdd_picture_is_drawn_in_that_domain_only(
    run_folder: MakeFolder, options: ReportOptions, tmp_path: Path
) -> None:
    contents = _contents(run_folder(), options)
    assert [path.stem for path in draw_pictures(tmp_path / "pictures", contents, ["lengths", "bdd"])] == ["lengths"]


def test_a_price_that_nobody_knows_and_a_price_of_nothing_are_told_apart(
    run_folder: MakeFolder, options: ReportOptions
) -> None:
    def said(cost_usd: float | None) -> list[str]:
        requests = [{"request": 0, "accepted": 2, "accepted_total": 2, "cost_usd": cost_usd}]
        figure = DRAWINGS["saturation"](_contents(run_folder(requests=requests), options))
        return [text.get_text().replace("\n", " ") for text in figure.axes[2].texts]

    assert said(None) == ["Undefined, because nothing was accepted, or a price is not known."]
    assert said(0.0) == ["0: no request cost anything."]
    assert said(0.01) == []


def test_bars_and_histograms_hold_the_counts(run_folder: MakeFolder, options: ReportOptions) -> None:
    contents = _contents(run_folder(), options)
    similarity = DRAWINGS["similarity"](contents)
    heights = [bar.get_height() for bar in similarity.axes[0].patches]
    assert sum(heights) == 3 and heights[16] == 1  # 2/3 to the seed lies in 0.64..0.68
    funnel = DRAWINGS["funnel"](contents)
    assert [bar.get_width() for bar in funnel.axes[0].patches] == [3, 2]
    sizes = DRAWINGS["instances"](contents).axes[0]
    assert [bar.get_height() for bar in sizes.patches] == [1, 1, 1]  # 0, 1 and 2 instances


@pytest.mark.parametrize("text", WILD)
def test_whatever_a_model_wrote_is_drawn_as_text(
    text: str, run_folder: MakeFolder, options: ReportOptions, tmp_path: Path
) -> None:
    instruction = {**INSTRUCTIONS[1], "instruction": f"Write a {text} poem."}
    instances = [{**INSTANCES[1], "instruction": instruction["instruction"], "output": text} for _ in range(2)]
    contents = _contents(run_folder([instruction], instances), options)
    for path in draw_pictures(tmp_path / "pictures", contents, ["verb_nouns", "instances", "lengths"]):
        assert path.stat().st_size > 5000
