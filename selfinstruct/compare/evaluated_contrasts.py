"""Evaluations compared item by item: two arms' answers to the same items go in, paired differences come out.

    contrasts_of(arms, "base", options)
    -> [PairedContrast(measure="rouge_l", arm="tuned", difference=+0.052 (+0.021 to +0.083), p=0.0007, ...), ...]

What only one of the two has is counted, and in no number. Holm's correction is over the measures of one arm.

    every measure    difference of means: bootstrap-t over tasks; p: paired permutation test, whole tasks changing sides
    exact match,     also the odds ratio within items and McNemar's exact test. It takes items for independent, so its p
    acceptable       counts as p only where every task has one item
    grade            differences in grades, D 0 to A 3; p: Wilcoxon's signed-rank test over the tasks' mean differences
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_folders import EvaluatedArm
from selfinstruct.compare.evaluated_scores import ACCEPTABLE, YES_NO
from selfinstruct.errors import InputError
from selfinstruct.evaluation.scoring import MEASURES
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate, holm
from selfinstruct.statistics.paired import (
    PairedCount,
    cluster_differences,
    count_pairs,
    mcnemar_p,
    mean_of_differences,
    paired_odds_ratio,
    permutation_p,
    wilcoxon_p,
)

GRADE = "grade"
_MCNEMAR = "McNemar's exact test"
_WILCOXON = "Wilcoxon's signed-rank test over the tasks' mean differences"
_PERMUTATION = "the paired permutation test, whole tasks changing sides"

Triple = tuple[str, float | None, float | None]  # task, the one arm's value, the other's


@dataclass(frozen=True)
class PairedContrast:
    """One measure of one arm against another, over the items that both were given.

    one, other: means over the complete pairs. count, odds_ratio, mcnemar_p: of yes/no measures. n of the difference:
    complete pairs; missing: items of both that lack a value in one of them. p: that of `test`.
    """

    measure: str
    arm: str
    against: str
    one: float | None
    other: float | None
    difference: Estimate
    count: PairedCount | None
    odds_ratio: Estimate | None
    mcnemar_p: float | None
    test: str
    p: float | None
    p_holm: float | None = None


@dataclass(frozen=True)
class Overlap:
    """How many items two arms share, and how many only one of them has."""

    arm: str
    against: str
    both: int
    only_arm: int
    only_against: int


def overlap_of(arm: EvaluatedArm, against: EvaluatedArm) -> Overlap:
    """Return how many items two arms share.

    Raises:
        InputError: none, an item of one id is not the same question in both, or they were scored in different ways.
    """
    for key in ("tokenizer", "missing"):
        one, other = (of.manifest["benchmark"][key] for of in (arm, against))
        if one != other:
            raise InputError(
                f"runs: {arm.name} was scored with benchmark.{key}={one} and {against.name} with {other}; score both "
                f"alike, predictions=[{arm.folder}] asks nothing again"
            )
    shared = arm.items.keys() & against.items.keys()
    if not shared:
        raise InputError(f"runs: {arm.name} and {against.name} share no item; compare evaluations of one benchmark")
    for name in sorted(shared):
        if arm.items[name].item_sha256 != against.items[name].item_sha256:
            raise InputError(
                f'runs: the item "{name}" is not the same in {arm.folder} and {against.folder}; evaluate both on the '
                "same version of the benchmark"
            )
    only_arm, only_against = len(arm.items) - len(shared), len(against.items) - len(shared)
    return Overlap(arm.name, against.name, len(shared), only_arm, only_against)


def contrasts_of(arms: Sequence[EvaluatedArm], against: str, options: Options) -> list[PairedContrast]:
    """Return every arm but `against` compared with it, measure by measure."""
    reference = next(arm for arm in arms if arm.name == against)
    return [one for arm in arms if arm is not reference for one in _of_arm(arm, reference, options)]


def _of_arm(arm: EvaluatedArm, reference: EvaluatedArm, options: Options) -> list[PairedContrast]:
    names = [name for name in arm.items if name in reference.items]
    measures = [*MEASURES]
    if arm.grades and (arm.grades, arm.acceptable) == (reference.grades, reference.acceptable):
        measures += [ACCEPTABLE, GRADE]
    found = [_contrast(measure, arm, reference, names, options) for measure in measures]
    corrected = holm([one.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def _contrast(
    measure: str, arm: EvaluatedArm, reference: EvaluatedArm, names: Sequence[str], options: Options
) -> PairedContrast:
    triples = [
        (arm.items[name].task, value_of(arm, name, measure), value_of(reference, name, measure)) for name in names
    ]
    seed = generator(options.random_seed, "compare", "paired", measure, arm.name).getrandbits(64)
    difference = called(mean_of_differences(triples, seed, options.level, options.resamples), "tasks")
    complete = [(one, other) for _, one, other in triples if one is not None and other is not None]
    count = count_pairs((_yes(one), _yes(other)) for _, one, other in triples) if measure in YES_NO else None
    exact = mcnemar_p(count) if count else None
    if count and len({task for task, _, _ in triples}) == len(triples):
        test, p = _MCNEMAR, exact
    elif measure == GRADE:
        test, p = _WILCOXON, wilcoxon_p(cluster_differences(triples))
    else:
        test, p = _PERMUTATION, permutation_p(triples, seed)
    return PairedContrast(
        measure=measure,
        arm=arm.name,
        against=reference.name,
        one=sum(one for one, _ in complete) / len(complete) if complete else None,
        other=sum(other for _, other in complete) / len(complete) if complete else None,
        difference=difference,
        count=count,
        odds_ratio=paired_odds_ratio(count, options.level) if count else None,
        mcnemar_p=exact,
        test=test,
        p=p,
    )


def called(found: Estimate, units: str) -> Estimate:
    """Return an estimate whose words say what its clusters are."""
    method, undefined = (text.replace("clusters", units) for text in (found.method, found.undefined))
    return replace(found, method=method, undefined=undefined)


def value_of(arm: EvaluatedArm, item: str, measure: str) -> float | None:
    """Return an item's value of a measure: a score 0..1, acceptable 0 or 1, a grade as its rank from below."""
    if measure == GRADE:
        return arm.grade_rank(item)
    if measure == ACCEPTABLE:
        met = arm.is_acceptable(item)
        return None if met is None else float(met)
    return arm.items[item].value(measure)


def _yes(value: float | None) -> bool | None:
    return None if value is None else value == 1.0


def contrast_records(found: Sequence[PairedContrast]) -> list[dict[str, Any]]:
    """Return the contrasts as rows of a CSV file, every number in full; scores 0..1."""
    return [
        {
            "measure": one.measure,
            "arm": one.arm,
            "against": one.against,
            "pairs": one.difference.n,
            "incomplete": one.difference.missing,
            "arm_mean": one.one,
            "against_mean": one.other,
            "difference": one.difference.value,
            "difference_low": one.difference.low,
            "difference_high": one.difference.high,
            "interval": one.difference.method,
            "undefined": one.difference.undefined,
            "test": one.test,
            "p": one.p,
            "holm_p": one.p_holm,
            **(_count_record(one.count, one.odds_ratio) if one.count and one.odds_ratio else {}),
            **({"mcnemar_p": one.mcnemar_p} if one.count else {}),
        }
        for one in found
    ]


def _count_record(count: PairedCount, ratio: Estimate) -> dict[str, Any]:
    return {
        "both": count.both,
        "only_arm": count.only_one,
        "only_against": count.only_other,
        "neither": count.neither,
        "odds_ratio": ratio.value,
        "odds_ratio_low": ratio.low,
        "odds_ratio_high": ratio.high,
    }
