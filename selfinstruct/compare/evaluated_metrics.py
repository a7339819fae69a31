"""The numbers of an evaluation by name, as report/metrics.json and the tracker have them: findings in, numbers out.

    evaluation.rouge_l  _low  _high             scores in percent, as the official scorer rounds
    evaluation.grade.acceptable  .share_A       shares 0..1
    evaluation.pairs.tuned.base.win_share       the judge's verdicts on two sets of answers
    evaluation.agreement.ann.kappa              the judge against a rater

With several sets of answers the arm's name comes behind "evaluation.". What is undefined is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from selfinstruct.compare.evaluated_agreement import JUDGE, Agreed, estimates_of
from selfinstruct.compare.evaluated_pairs import PairCount
from selfinstruct.compare.evaluated_scores import GradeCount, Scored
from selfinstruct.statistics import Estimate

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_. -]")  # trackers refuse other characters


def metrics_of(
    arms: Sequence[tuple[Sequence[Scored], GradeCount | None]],
    pairs: Sequence[PairCount] = (),
    agreed: Sequence[Agreed] = (),
) -> dict[str, float]:
    """Return the numbers by name.

    Args:
        arms: of each set of answers its scores and, with a judge, its grades.
    """
    metrics: dict[str, float] = {}
    for scored, grades in arms:
        prefix = "evaluation." if len(arms) == 1 else f"evaluation.{_named(scored[0].arm)}."
        for one in scored:
            metrics |= _numbers(f"{prefix}{one.measure}", one.estimate, 100.0)
            metrics |= {} if one.percent is None else {f"{prefix}{one.measure}": one.percent}
        metrics[f"{prefix}items"] = float(scored[0].estimate.n)
        metrics[f"{prefix}missing"] = float(scored[0].estimate.missing)
        if grades is not None:
            metrics |= _grade_metrics(f"{prefix}grade.", grades)
    for pair in pairs:
        metrics |= _pair_metrics(f"evaluation.pairs.{_named(pair.one)}.{_named(pair.other)}.", pair)
    for two in agreed:
        if two.first == JUDGE:
            metrics |= _agreement_metrics(f"evaluation.agreement.{_named(two.second)}.", two)
    return metrics


def _grade_metrics(prefix: str, grades: GradeCount) -> dict[str, float]:
    found = {f"{prefix}graded": float(grades.graded)}
    found |= {f"{prefix}unreadable": float(grades.unreadable), f"{prefix}refused": float(grades.refused)}
    if grades.graded:
        found |= {f"{prefix}share_{grade}": round(n / grades.graded, 6) for grade, n in grades.given.items()}
    return found | _numbers(f"{prefix}acceptable", grades.acceptable, 1.0)


def _pair_metrics(prefix: str, pair: PairCount) -> dict[str, float]:
    names = ("wins", "ties", "losses", "inconsistent", "unread")
    return {f"{prefix}{name}": float(getattr(pair, name)) for name in names} | _numbers(
        f"{prefix}win_share", pair.win_share, 1.0
    )


def _agreement_metrics(prefix: str, agreed: Agreed) -> dict[str, float]:
    found = {f"{prefix}items": float(agreed.kappa.n)}
    for name, estimate in estimates_of(agreed):
        found |= _numbers(f"{prefix}{name}", estimate, 1.0)
    return found


def _named(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name)


def _numbers(name: str, estimate: Estimate, factor: float) -> dict[str, float]:
    parts = {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return {key: round(factor * value, 4 if factor > 1 else 6) for key, value in parts.items() if value is not None}
