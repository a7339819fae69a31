"""The domain study, cell by cell: what it published, what we compute from its ratings, and what we committed.

Published: SelfBehave's Fisher tests of 286 scenarios an arm on the consensus (rater 3), and kappa of raters 1 and 2.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from selfinstruct.compare.comparison import STANDARD
from selfinstruct.compare.contrasts import Contrast, contrasts
from selfinstruct.compare.rated import Rated, RatingOptions, read_rated
from selfinstruct.compare.raters import Agreement, agreements
from selfinstruct.compare.ratings import overall_line
from selfinstruct.compare.wording import p_text, ratio_text
from tests.conftest import ROOT, Command

RESULTS = ROOT / "experiments" / "results" / "selfbehave"
OPTIONS = RatingOptions(
    arms=("high", "mixed"),
    consensus="3",
    criteria=("Essential", "Singular", "Complete", "Integrous", "High-quality"),
    overall="High-quality",
)
# criterion: scenarios of the high and of the mixed arm that meet it, odds ratio (95 %), p
PUBLISHED = {
    "Essential": (242, 234, "1.22 (0.77-1.95)", "0.434"),
    "Singular": (218, 163, "2.42 (1.66-3.53)", "< 0.001"),
    "Complete": (257, 262, "0.81 (0.44-1.49)", "0.564"),
    "Integrous": (233, 136, "4.83 (3.27-7.22)", "< 0.001"),
    "High-quality": (184, 117, "2.60 (1.83-3.71)", "< 0.001"),
}
PUBLISHED_KAPPA = {"high": "0.67 (0.58-0.76)", "mixed": "0.69 (0.61-0.78)"}


@cache
def rated(folder: Path) -> Rated:
    paths = [folder / "selfbehave" / f"{quality}_quality_annotations.csv" for quality in ("high", "mixed")]
    return read_rated(paths, OPTIONS)


@cache
def compared(folder: Path) -> dict[str, Contrast]:
    return {contrast.criterion: contrast for contrast in contrasts(rated(folder).counts, "mixed")}


@cache
def agreed(folder: Path) -> dict[tuple[str, str], Agreement]:
    return {(one.arm, one.criterion): one for one in agreements(rated(folder).sheet, OPTIONS, STANDARD)}


@pytest.mark.parametrize("criterion", PUBLISHED)
def test_the_ratings_give_the_published_cells(shared_data: Path, criterion: str) -> None:
    high, mixed, ratio, p = PUBLISHED[criterion]
    found = compared(shared_data)[criterion]
    assert (found.one.yes, found.one.n, found.one.missing) == (high, 286, 0)
    assert (found.other.yes, found.other.n, found.other.missing) == (mixed, 286, 0)
    assert ratio_text(found.odds_ratio) == ratio
    assert p_text(found.p) == p


@pytest.mark.parametrize("arm", PUBLISHED_KAPPA)
def test_the_ratings_give_the_published_kappa(shared_data: Path, arm: str) -> None:
    found = agreed(shared_data)[arm, "High-quality"]
    assert found.raters == ("1", "2")
    assert ratio_text(found.kappa) == PUBLISHED_KAPPA[arm]
    assert (found.kappa.n, found.kappa.missing) == (286, 0)


def test_high_quality_is_all_four_criteria_in_every_scenario(shared_data: Path) -> None:
    assert overall_line(rated(shared_data), "High-quality").endswith("it says otherwise for 0 of 572 items.")


def test_the_sample_odds_ratio_is_not_what_was_published(shared_data: Path) -> None:
    from scipy.stats.contingency import odds_ratio

    found = compared(shared_data)["Integrous"]
    sample = odds_ratio([[found.one.yes, found.one.no], [found.other.yes, found.other.no]], kind="sample")
    assert f"{sample.statistic:.2f}" == "4.85"


def committed(name: str) -> list[dict[str, str]]:
    with (RESULTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_committed_table_holds_the_published_cells() -> None:
    text = (RESULTS / "table.md").read_text(encoding="utf-8")
    for criterion, (high, mixed, ratio, p) in PUBLISHED.items():
        assert f"| {criterion} | {high} of 286 | {mixed} of 286 | {ratio} | {p} |" in text
    for arm, kappa in PUBLISHED_KAPPA.items():
        assert f"| {arm} | High-quality | 286 | {kappa} |" in text


def test_the_committed_files_are_what_the_command_gives(
    shared_data: Path, selfinstruct: Command, tmp_path: Path
) -> None:
    files = ",".join(f'"{shared_data / "selfbehave" / f"{q}_quality_annotations.csv"}"' for q in ("high", "mixed"))
    ended = selfinstruct(
        "compare",
        f"ratings=[{files}]",
        "arms=[high,mixed]",
        "consensus=3",
        f"criteria=[{','.join(OPTIONS.criteria)}]",
        "overall=High-quality",
        "out=out",
    )
    assert ended.code == 0, ended.err
    for name in ("comparisons.csv", "agreement.csv"):
        with (tmp_path / "out" / name).open(encoding="utf-8", newline="") as file:
            fresh = list(csv.DictReader(file))
        for row, kept in zip(fresh, committed(name), strict=True):
            assert {column: rounded(value) for column, value in row.items()} == {
                column: rounded(value) for column, value in kept.items()
            }


def rounded(text: str) -> str | float:
    """Numbers to nine significant digits: the last ones may differ between versions of the libraries."""
    try:
        return float(f"{float(text):.9g}")
    except ValueError:
        return text


def test_the_set_diagram_and_the_forest_plot_are_committed_as_pictures() -> None:
    for name in ("forest.png", "sets.png"):
        assert (RESULTS / name).read_bytes().startswith(b"\x89PNG\r\n")
