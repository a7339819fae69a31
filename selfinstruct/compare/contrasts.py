"""Arms compared criterion by criterion: counts go in, one contrast for each criterion and arm comes out.

    contrasts({"singular": {"high": Count(218, 286), "mixed": Count(163, 286)}}, against="mixed")
    -> Contrast(criterion="singular", arm="high", against="mixed", odds_ratio=2.42 (1.66-3.53), p=1.5e-06, ...)

Items are taken as independent and the arms as separate samples. Holm's correction is over the criteria of one arm: as
many questions as were asked about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.statistics import Count, Estimate, fisher_p, holm, newcombe, odds_ratio, wilson


@dataclass(frozen=True)
class Contrast:
    """One criterion of one arm against another arm.

    difference: with Newcombe's interval; clustered: with one that knows the clusters, where there are any.
    """

    criterion: str
    arm: str
    against: str
    one: Count
    other: Count
    odds_ratio: Estimate
    difference: Estimate
    p: float | None
    p_holm: float | None = None
    clustered: Estimate | None = None


def contrasts(counts: Mapping[str, Mapping[str, Count]], against: str, level: float = 0.95) -> tuple[Contrast, ...]:
    """Return every arm but `against` compared with it, for every criterion, in the order of the mapping."""
    found = [
        Contrast(
            criterion=criterion,
            arm=arm,
            against=against,
            one=one,
            other=by_arm[against],
            odds_ratio=odds_ratio(one, by_arm[against], level),
            difference=newcombe(one, by_arm[against], level),
            p=fisher_p(one, by_arm[against]),
        )
        for criterion, by_arm in counts.items()
        for arm, one in by_arm.items()
        if arm != against
    ]
    corrected: dict[tuple[str, str], float | None] = {}
    for arm in dict.fromkeys(contrast.arm for contrast in found):
        family = [contrast for contrast in found if contrast.arm == arm]
        for contrast, p in zip(family, holm([contrast.p for contrast in family]), strict=True):
            corrected[contrast.criterion, arm] = p
    return tuple(replace(contrast, p_holm=corrected[contrast.criterion, contrast.arm]) for contrast in found)


def finding(found: Sequence[Contrast], level: float) -> str:
    """Return what the contrasts say together; what the intervals by request do not bear out is said behind it."""
    alpha = 1 - level
    tested = [contrast for contrast in found if contrast.p_holm is not None]
    differ = [contrast for contrast in tested if contrast.p_holm is not None and contrast.p_holm < alpha]
    if not tested:
        return "Nothing could be tested."
    several = len({contrast.arm for contrast in found}) > 1
    verdict = f": {_listed(differ, several)}" if differ else ""
    sentence = f"{len(differ)} of {len(tested)} comparisons differ after Holm's correction at {alpha:.2g}{verdict}."
    return " ".join([sentence, *_doubts(differ, several)])


def _doubts(differ: Sequence[Contrast], several: bool) -> list[str]:
    """Return which of the differences may come from items of one completion that are alike, in sentences."""
    clustered = [(contrast, contrast.clustered) for contrast in differ if contrast.clustered is not None]
    unsure = [one for one, interval in clustered if interval.low is None or interval.high is None]
    contrary = [one for one, it in clustered if it.low is not None and it.high is not None and it.low <= 0.0 <= it.high]
    said = (
        [f"By request, the interval of this difference includes 0: {_listed(contrary, several)}."] if contrary else []
    )
    if unsure:
        said.append(f"There is no interval by request that bears this out: {_listed(unsure, several)}.")
    return said


def _listed(chosen: Sequence[Contrast], several: bool) -> str:
    names = [f"{contrast.criterion} ({contrast.arm})" if several else contrast.criterion for contrast in chosen]
    return "; ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def contrast_records(found: Sequence[Contrast], level: float) -> list[dict[str, Any]]:
    """Return the contrasts as rows of a CSV file, every number in full; empty where it does not exist."""
    return [
        {
            "criterion": contrast.criterion,
            "arm": contrast.arm,
            "against": contrast.against,
            **_count_record("arm", contrast.one, level),
            **_count_record("against", contrast.other, level),
            **estimate_record("odds_ratio", contrast.odds_ratio),
            "odds_ratio_method": contrast.odds_ratio.method,
            "fisher_p": contrast.p,
            "holm_p": contrast.p_holm,
            **estimate_record("difference", contrast.difference),
            **(estimate_record("clustered", contrast.clustered, with_value=False) if contrast.clustered else {}),
            "undefined": contrast.odds_ratio.undefined or contrast.difference.undefined,
        }
        for contrast in found
    ]


def estimate_record(name: str, estimate: Estimate, with_value: bool = True) -> dict[str, Any]:
    """Return an estimate as columns: name, name_low, name_high."""
    value = {name: estimate.value} if with_value else {}
    return {**value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _count_record(name: str, count: Count, level: float) -> dict[str, Any]:
    share = wilson(count, level)
    counted = {f"{name}_yes": count.yes, f"{name}_n": count.n, f"{name}_missing": count.missing}
    return {**counted, **estimate_record(f"{name}_share", share)}
