"""Tables about runs: the runs themselves, the rates and the means of each arm, and every metric by arm."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from selfinstruct.compare.arms import Arm
from selfinstruct.compare.contrast_table import count_cells
from selfinstruct.compare.contrasts import estimate_record
from selfinstruct.compare.run_estimates import MeanOfArm, RateOfArm
from selfinstruct.compare.run_folders import Run
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.compare.wording import NONE, difference_text, mean_text, share_text, significant
from selfinstruct.statistics import wilson

# Metrics by rule, and what they are a part of: a rule that never objected has none, and it is then 0
_RULES = {
    "funnel.candidates.": "funnel.candidates",
    "funnel.share.": "funnel.candidates",
    "funnel.pairs.": "funnel.pairs",
    "funnel.pairs_share.": "funnel.pairs",
}


def run_table(arms: Sequence[Arm]) -> Table:
    """Return one row for each run: its arm, how it ended and its funnel."""
    rows = []
    for arm in arms:
        for run in arm.runs:
            counts, cost = run.manifest.get("counts", {}), run.manifest.get("cost_usd")
            numbers = (_count(counts.get(name)) for name in ("candidates", "judged", "accepted", "instances"))
            status = str(run.manifest.get("status", ""))
            price = "not known" if cost is None else f"${cost:,.4f}"
            rows.append((arm.name, run.folder.name, status, str(run.manifest.get("random_seed", "")), *numbers, price))
    columns = ("arm", "run", "status", "random seed", "candidates", "judged", "accepted", "instances", "cost")
    return Table("runs", "Runs", columns, grouped(rows), left=3)


def rate_table(found: Sequence[RateOfArm], level: float) -> Table:
    """Return the rates of every arm, with both intervals."""
    rows = grouped(
        (
            one.rate,
            one.arm,
            *count_cells(one.count, level),
            NONE if one.clustered is None else share_text(one.clustered),
        )
        for one in found
    )
    note = f"Wilson's interval and the bootstrap-t over requests at {level:.0%}; trust the latter where they differ."
    return Table(
        "rates", "Rates", ("rate", "arm", "yes", "share (Wilson)", "share (clustered by request)"), rows, note, left=2
    )


def mean_table(found: Sequence[MeanOfArm], against: str, level: float) -> Table:
    """Return the means of every arm and their differences to the arm that they are compared with."""
    rows = grouped(
        (
            one.mean,
            one.arm,
            f"{one.estimate.n:,}",
            mean_text(one.estimate),
            NONE if one.difference is None else difference_text(one.difference),
        )
        for one in found
    )
    note = f"Intervals: bootstrap-t over requests at {level:.0%}; the items of one completion are not independent."
    return Table("means", "Means", ("mean of", "arm", "items", "mean", f"less that of {against}"), rows, note, left=2)


def metric_table(arms: Sequence[Arm]) -> Table:
    """Return every metric of the runs by arm: the mean over its runs and, where there are several, their range."""
    rows = tuple((name, *(_metric(name, arm) for arm in arms)) for name in metric_names(arms))
    note = (
        "From report/metrics.json of each run; the mean over the runs of an arm, with lowest and highest. "
        "- : not defined for this arm."
    )
    return Table("metrics", "All metrics", ("metric", *(arm.name for arm in arms)), rows, note)


def metric_names(arms: Sequence[Arm]) -> list[str]:
    """Return the names of all metrics that some run has, sorted."""
    return sorted({name for arm in arms for run in arm.runs for name in run.metrics})


def metric_of(run: Run, name: str) -> float | None:
    """Return a metric of a run: 0 for a rule that never objected, None for a number that does not exist."""
    step = next((step for prefix, step in _RULES.items() if name.startswith(prefix)), None)
    return run.metrics.get(name, None if step is None or not run.metrics.get(step) else 0.0)


def _metric(name: str, arm: Arm) -> str:
    values = [value for run in arm.runs if (value := metric_of(run, name)) is not None]
    if not values:
        return NONE
    text = significant(fmean(values))
    if len(values) > 1 and min(values) != max(values):
        text += f" ({significant(min(values))} to {significant(max(values))})"
    return text if len(values) == len(arm.runs) else f"{text}, {len(values)} of {len(arm.runs)} runs"


def metric_records(arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """Return every metric of every run as rows of a CSV file; a metric that a run does not have is left out."""
    return [
        {"metric": name, "arm": arm.name, "run": run.folder.name, "value": value}
        for name in metric_names(arms)
        for arm in arms
        for run in arm.runs
        if (value := metric_of(run, name)) is not None
    ]


def rate_records(found: Sequence[RateOfArm], level: float) -> list[dict[str, Any]]:
    """Return the rates as rows of a CSV file."""
    return [
        {
            "rate": one.rate,
            "arm": one.arm,
            "yes": one.count.yes,
            "n": one.count.n,
            "missing": one.count.missing,
            **estimate_record("share", wilson(one.count, level)),
            **(estimate_record("clustered", one.clustered, with_value=False) if one.clustered else {}),
            "clustered_undefined": "no count by request" if one.clustered is None else one.clustered.undefined,
        }
        for one in found
    ]


def mean_records(found: Sequence[MeanOfArm], against: str) -> list[dict[str, Any]]:
    """Return the means as rows of a CSV file."""
    return [
        {
            "mean": one.mean,
            "arm": one.arm,
            "n": one.estimate.n,
            "missing": one.estimate.missing,
            **estimate_record("value", one.estimate),
            "undefined": one.estimate.undefined,
            **({"against": against, **estimate_record("difference", one.difference)} if one.difference else {}),
        }
        for one in found
    ]


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else NONE
