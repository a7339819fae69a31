"""What is estimated about one evaluation: an arm's items go in, scores with intervals come out, overall and by group.

    scores_of(arm, options)   -> [Scored("rouge_l", "all", "tuned", Estimate(0.399, low=0.371, ...), 39.9012), ...]

Intervals resample tasks, since the items of one task are not independent. A category of fewer than ten tasks has an
interval over its items instead, which takes the tasks as given: it says nothing about other tasks of its kind, and the
method says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_folders import GRADED, EvaluatedArm, EvaluatedItem
from selfinstruct.evaluation.scoring import EXACT_MATCH, MEASURES, percent
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate, clipped, clustered, count, mean, wilson
from selfinstruct.statistics.means import FEWEST_CLUSTERS

ACCEPTABLE = "acceptable"
WINS = "wins"
ALL = "all"
YES_NO = {EXACT_MATCH, ACCEPTABLE, WINS}
NAMES = {"rouge_l": "ROUGE-L", "rouge_1": "ROUGE-1", "exact_match": "exact match"}


@dataclass(frozen=True)
class Scored:
    """A measure of one arm, over all of its items or over those of a group (a category or a task).

    percent: the mean, summed in the order of the items and rounded to 4 decimals as the official scorer does both.
    """

    measure: str
    group: str
    arm: str
    estimate: Estimate
    percent: float | None


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
    return [score(arm.items.values(), name, options, arm.name) for name in MEASURES]


def scores_by(arm: EvaluatedArm, key: str, options: Options) -> list[Scored]:
    """Return every measure by "category" or "task", groups by name; items without a category are in none."""
    groups: dict[str, list[EvaluatedItem]] = {}
    for item in arm.items.values():
        groups.setdefault(getattr(item, key), []).append(item)
    return [
        score(groups[group], measure, options, arm.name, group)
        for group in sorted(groups)
        if group
        for measure in MEASURES
    ]


def score(items: Iterable[EvaluatedItem], measure: str, options: Options, arm: str, group: str = ALL) -> Scored:
    """Return the mean of a measure with its interval over tasks or, where those are few, over items."""
    values = [(item.task, item.value(measure)) for item in items]
    given = [value for _, value in values if value is not None]
    names = (measure, arm) if group == ALL else (measure, arm, group)
    return Scored(measure, group, arm, estimated(values, options, *names), percent(given) if given else None)


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
        found = replace(found, undefined=found.undefined.replace("clusters", "items"))
        if found.low is not None:
            given_tasks = "its task" if len(tasks) == 1 else f"the {len(tasks)} tasks"
            found = replace(found, method=f"bootstrap-t over items, {given_tasks} as given")
    else:
        found = mean(clustered(values), seed, options.level, options.resamples)
        method, undefined = (text.replace("clusters", "tasks") for text in (found.method, found.undefined))
        found = replace(found, method=method, undefined=undefined)
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


def score_records(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """Return scores as rows of a CSV file, in percent, rounded to 4 decimals as the official scorer rounds."""
    return [
        {
            "arm": one.arm,
            "group": one.group,
            "measure": one.measure,
            "percent": one.percent,
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
