"""What is estimated about one evaluation: an arm's items go in, scores with intervals come out, overall and by group.

    scores_of(arm, options)   -> [Scored("rouge_l", "", Estimate(0.399, low=0.371, high=0.425, n=11900, ...)), ...]

Intervals resample tasks, since the items of one task are not independent. A category of fewer than ten tasks has an
interval over its items instead, which takes the tasks as given: it says nothing about other tasks of its kind, and the
method says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_folders import GRADED, EvaluatedArm, EvaluatedItem
from selfinstruct.evaluation.scoring import EXACT_MATCH, MEASURES
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate, clipped, clustered, count, mean, wilson
from selfinstruct.statistics.means import FEWEST_CLUSTERS

ACCEPTABLE = "acceptable"
ALL = "all"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_. -]")  # trackers refuse other characters
YES_NO = {EXACT_MATCH, ACCEPTABLE}
NAMES = {"rouge_l": "ROUGE-L", "rouge_1": "ROUGE-1", "exact_match": "exact match"}


@dataclass(frozen=True)
class Scored:
    """A measure of one arm, over all of its items or over those of a group (a category or a task)."""

    measure: str
    group: str
    arm: str
    estimate: Estimate


@dataclass(frozen=True)
class GradeCount:
    """How often each grade was given, and what became of the answers without one.

    missing: items without an answer, so that there was nothing to grade; not_asked: left out by grading.sample.
    """

    arm: str
    given: Mapping[str, int]
    unreadable: int
    refused: int
    not_asked: int
    acceptable: Estimate

    @property
    def graded(self) -> int:
        """How many answers have a grade."""
        return sum(self.given.values())


def scores_of(arm: EvaluatedArm, options: Options) -> list[Scored]:
    """Return every measure over all items."""
    return [Scored(name, ALL, arm.name, score(arm.items.values(), name, options, arm.name)) for name in MEASURES]


def scores_by(arm: EvaluatedArm, key: str, options: Options) -> list[Scored]:
    """Return every measure by "category" or "task", groups by name; items without a category are in none."""
    groups: dict[str, list[EvaluatedItem]] = {}
    for item in arm.items.values():
        groups.setdefault(getattr(item, key), []).append(item)
    return [
        Scored(measure, group, arm.name, score(groups[group], measure, options, arm.name, group))
        for group in sorted(groups)
        if group
        for measure in MEASURES
    ]


def score(items: Iterable[EvaluatedItem], measure: str, options: Options, *names: str) -> Estimate:
    """Return the mean of a measure, 0..1, with its interval over tasks or, where those are few, over items."""
    values = [(item.task, item.value(measure)) for item in items]
    return estimated(values, options, measure, *names)


def estimated(values: Sequence[tuple[str, float | None]], options: Options, *names: str) -> Estimate:
    """Return the mean of (task, value) with its interval, kept within 0..1.

    Args:
        names: the measure, and whatever tells this estimate's draws from others. Where every task has one item, a
            yes/no measure is a share of independent items, and its interval Wilson's.
    """
    given = [(task, value) for task, value in values if value is not None]
    tasks = {task for task, _ in given}
    if names[0] in YES_NO and len(tasks) == len(given):
        return wilson(count(None if value is None else bool(value) for _, value in values), options.level)
    seed = generator(options.random_seed, "evaluation", *names).getrandbits(64)
    if len(tasks) < FEWEST_CLUSTERS:
        apart = clustered((place, value) for place, (_, value) in enumerate(values))
        found = mean(apart, seed, options.level, options.resamples)
        if found.low is not None:
            given_tasks = "its task" if len(tasks) == 1 else f"the {len(tasks)} tasks"
            found = replace(found, method=f"bootstrap-t over items, {given_tasks} as given")
    else:
        found = mean(clustered(values), seed, options.level, options.resamples)
        found = replace(found, method=found.method.replace("clusters", "tasks"))
    return clipped(found, 0.0, 1.0)


def grades_of(arm: EvaluatedArm, options: Options) -> GradeCount:
    """Return the distribution of grades and the share of those that count as met."""
    given = Counter(item.grade for item in arm.items.values() if item.outcome == GRADED)
    outcomes = Counter(item.outcome for item in arm.items.values())
    met = [
        (item.task, None if (value := arm.is_acceptable(name)) is None else float(value))
        for name, item in arm.items.items()
        if item.outcome
    ]
    return GradeCount(
        arm=arm.name,
        given={grade: given[grade] for grade in arm.grades},
        unreadable=outcomes["unreadable"],
        refused=outcomes["refused"],
        not_asked=outcomes[""],
        acceptable=estimated(met, options, ACCEPTABLE, arm.name),
    )


def metrics_of(arms: Sequence[tuple[Sequence[Scored], GradeCount | None]]) -> dict[str, float]:
    """Return the numbers of report/metrics.json, scores in percent, shares 0..1; what is undefined is left out.

    With one arm: evaluation.rouge_l, evaluation.grade.share_A, ...; with several, the arm comes after "evaluation.".
    """
    metrics: dict[str, float] = {}
    for scored, grades in arms:
        prefix = "evaluation." if len(arms) == 1 else f"evaluation.{_NOT_IN_NAMES.sub('_', scored[0].arm)}."
        for one in scored:
            metrics |= _numbers(f"{prefix}{one.measure}", one.estimate, 100.0)
        metrics[f"{prefix}items"] = float(scored[0].estimate.n)
        metrics[f"{prefix}missing"] = float(scored[0].estimate.missing)
        if grades is not None:
            metrics |= _grade_metrics(f"{prefix}grade.", grades)
    return metrics


def _grade_metrics(prefix: str, grades: GradeCount) -> dict[str, float]:
    found = {f"{prefix}graded": float(grades.graded)}
    found |= {f"{prefix}unreadable": float(grades.unreadable), f"{prefix}refused": float(grades.refused)}
    if grades.graded:
        found |= {f"{prefix}share_{grade}": round(n / grades.graded, 6) for grade, n in grades.given.items()}
    return found | _numbers(f"{prefix}acceptable", grades.acceptable, 1.0)


def _numbers(name: str, estimate: Estimate, factor: float) -> dict[str, float]:
    parts = {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return {key: round(factor * value, 4 if factor > 1 else 6) for key, value in parts.items() if value is not None}


def score_records(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """Return scores as rows of a CSV file, in percent, rounded to 4 decimals as the official scorer rounds."""
    return [
        {
            "arm": one.arm,
            "group": one.group,
            "measure": one.measure,
            "percent": _percent(one.estimate.value),
            "low": _percent(one.estimate.low),
            "high": _percent(one.estimate.high),
            "n": one.estimate.n,
            "missing": one.estimate.missing,
            "interval": one.estimate.method,
            "undefined": one.estimate.undefined,
        }
        for one in scored
    ]


def grade_records(counts: Sequence[GradeCount]) -> list[dict[str, Any]]:
    """Return grade distributions as rows of a CSV file."""
    return [
        {
            "arm": one.arm,
            **one.given,
            "unreadable": one.unreadable,
            "refused": one.refused,
            "not_asked": one.not_asked,
            "acceptable": one.acceptable.value,
            "acceptable_low": one.acceptable.low,
            "acceptable_high": one.acceptable.high,
        }
        for one in counts
    ]


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100.0 * value, 4)
