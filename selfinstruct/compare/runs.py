"""Runs compared: run folders go in, a report on rates, means and every metric by arm comes out.

    compare_runs([Path("runs/a"), Path("runs/b")])
    -> runs/compare-<digest>/report.html, comparisons.csv, metrics.csv, comparisons.tex, forest.png, curves.png, ...

Runs that differ only in their random seed are one arm, their items pooled. Rates are compared as if items were
independent (odds ratio, Fisher, Newcombe), and beside that with intervals clustered by request, as means are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from selfinstruct.compare.arms import Arms, arms_of
from selfinstruct.compare.comparison import STANDARD, Comparison, Options, folder_for, write
from selfinstruct.compare.contrast_table import contrast_table
from selfinstruct.compare.contrasts import Contrast, contrast_records, finding
from selfinstruct.compare.curves import FEWEST_POINTS, Point, trade_off_curves
from selfinstruct.compare.forest import forest_plot
from selfinstruct.compare.page import Page, Picture, sections
from selfinstruct.compare.run_checks import JUDGE
from selfinstruct.compare.run_estimates import MeanOfArm, RateOfArm, means_of, rate_contrasts, rates_of
from selfinstruct.compare.run_folders import expand, read_runs
from selfinstruct.compare.run_items import ACCEPTED, TO_POOL, TO_SEEDS, read_items
from selfinstruct.compare.run_tables import (
    mean_records,
    mean_table,
    metric_records,
    metric_table,
    rate_records,
    rate_table,
    run_table,
)
from selfinstruct.compare.sample_sizes import reach_table
from selfinstruct.compare.shares import shares_plot
from selfinstruct.compare.wording import arms_text
from selfinstruct.errors import InputError
from selfinstruct.statistics import Count, Estimate, wilson

_SECTIONS = (
    ("Runs", "", ("runs",)),
    (
        "Trade-off",
        "What the swept number does to how much is accepted and how alike it is, with intervals clustered by request.",
        ("curves",),
    ),
    (
        "Rates compared",
        "Squares are odds ratios: 1 is no difference; a filled one differs after Holm's correction.",
        ("forest", "comparisons"),
    ),
    ("Rates of each arm", "", ("shares", "rates")),
    ("Means", "", ("means",)),
    ("Sample size", "What the judged candidates allow to say about a share of them.", ("sample_sizes",)),
    ("All metrics", "", ("metrics",)),
)
_PRINTED = ("runs", "comparisons", "means")


def compare_runs(
    folders: Sequence[Path],
    out: Path | None = None,
    options: Options = STANDARD,
    names: Sequence[str] = (),
    against: str | None = None,
) -> Comparison:
    """Compare finished runs and write the report; `out` None: runs/compare-<digest>.

    Args:
        folders: run folders, or the folder of a sweep, whose failed runs are left out.
        names: a name for each run; the same name puts runs into one arm. Empty: named by what differs.
        against: the arm that the others are compared with, or the value that names it; None: the last.

    Raises:
        InputError: fewer than two runs or arms, a folder without a finished and measured run, or `out` cannot be
            written.
    """
    places, left_out = expand(folders)
    arms = arms_of(read_runs(places), names)
    reference = _reference(arms, against)
    items = {arm.name: read_items(arm) for arm in arms.arms}
    found = rate_contrasts(items, reference, options)
    rates, means = rates_of(items, options), means_of(items, reference, options)
    identities = [[arm.name, [run.manifest["identity"] for run in arm.runs]] for arm in arms.arms]
    folder = folder_for(out, ["runs", identities, reference, asdict(options)])
    pictures = _pictures(folder, arms, found, rates, means, options)
    judged = {one.arm: one.count.n for one in rates if one.rate == ACCEPTED}
    tables = [
        run_table(arms.arms),
        contrast_table(found, "items", options.level),
        rate_table(rates, options.level),
        mean_table(means, reference, options.level),
        reach_table(judged, options.margin, options.level),
        metric_table(arms.arms),
    ]
    records = {
        "comparisons": contrast_records(found, options.level),
        "rates": rate_records(rates, options.level),
        "means": mean_records(means, reference),
        "metrics": metric_records(arms.arms),
    }
    page = Page(
        title=_title(arms),
        lead=[*_lead(arms, reference), *left_out],
        finding=finding(found, options.level),
        sections=sections(_SECTIONS, pictures, tables),
        foot=_foot(arms, rates, options),
    )
    return write(folder, page, tables, records, pictures, _PRINTED)


def _reference(arms: Arms, against: str | None) -> str:
    names = [arm.name for arm in arms.arms]
    if against is None:
        return names[-1]
    meant = [name for name in names if name == against] or [name for name in names if name.endswith(f"={against}")]
    if len(meant) != 1:
        raise InputError(f"against={against}: no such arm; choose one of {', '.join(names)}")
    return meant[0]


def _pictures(
    folder: Path,
    arms: Arms,
    found: Sequence[Contrast],
    rates: Sequence[RateOfArm],
    means: Sequence[MeanOfArm],
    options: Options,
) -> list[Picture]:
    pictures = []
    if arms.swept and len(arms.arms) >= FEWEST_POINTS:
        path = trade_off_curves(_points(arms, rates, means, options), arms.swept, folder / "curves.png", options.level)
        pictures.append(
            Picture(path, f"Curves over {arms.swept}: share accepted, and ROUGE-L to the pool and the seeds")
        )
    path = forest_plot(found, folder / "forest.png", options.level)
    pictures.append(Picture(path, f"Forest plot of the odds ratios, against {found[0].against}"))
    counts: dict[str, dict[str, Count]] = {}
    for one in rates:
        counts.setdefault(one.rate, {})[one.arm] = one.count
    path = shares_plot(counts, folder / "shares.png", options.level)
    return [*pictures, Picture(path, "Rates of each arm, with Wilson intervals")]


def _points(arms: Arms, rates: Sequence[RateOfArm], means: Sequence[MeanOfArm], options: Options) -> list[Point]:
    accepted = {one.arm: _surest(one, options) for one in rates if one.rate == ACCEPTED}
    known = {(one.mean, one.arm): one.estimate for one in means}
    return [
        Point(arm.swept, accepted[arm.name], known[TO_POOL, arm.name], known[TO_SEEDS, arm.name])
        for arm in arms.arms
        if arm.swept is not None
    ]


def _surest(one: RateOfArm, options: Options) -> Estimate:
    """Return the clustered estimate, or Wilson's where there are too few requests for it."""
    if one.clustered is not None and one.clustered.low is not None:
        return one.clustered
    return wilson(one.count, options.level)


def _title(arms: Arms) -> str:
    if arms.swept is None:
        return f"Runs: {arms_text([arm.name for arm in arms.arms])}"
    values = [f"{arm.swept:g}" for arm in arms.arms if arm.swept is not None]
    return f"Runs over {arms.swept.rpartition('.')[2]}: {arms_text(values)}"


def _lead(arms: Arms, reference: str) -> list[str]:
    pooled = sum(len(arm.runs) for arm in arms.arms)
    lines = [f"{pooled} runs in {len(arms.arms)} arms; each arm is compared with {reference}."]
    if pooled > len(arms.arms):
        lines.append("Runs that differ only in their random seed are one arm; their items are pooled.")
    unfinished = [run.folder.name for arm in arms.arms for run in arm.runs if run.manifest["status"] != "done"]
    if unfinished:
        lines.append(f"Not all reached their target: {arms_text(unfinished)}.")
    return lines


def _foot(arms: Arms, rates: Sequence[RateOfArm], options: Options) -> list[str]:
    lines = [
        f"Intervals are at {options.level:.0%}. Missing values are counted and never taken as no.",
        "Arms of a sweep share the completion store, and with it the answers to requests that are the same. They are "
        "compared as separate samples, which makes the intervals of their differences too long rather than too short.",
    ]
    if any(one.rate.startswith(JUDGE) for one in rates):
        lines.append(
            "Answers of the judge are counted as they were sampled, nearly in proportion to the strata; the review "
            "shares among the metrics weigh each stratum by its size."
        )
    if any(len(arm.runs) > 1 for arm in arms.arms):
        lines.append(
            "Pooled runs are clustered by request; that runs may differ by more than their requests do is not in the "
            "intervals. The range over runs stands in the table of all metrics."
        )
    return lines
