"""One value for each item from what several raters said: sheets go in, who met which criterion comes out, by arm.

    decide({"1": True, "2": False, "3": True}, consensus="3") -> True       the third rater settled it
    decide({"1": True, "2": False}, consensus="3")            -> None       they disagree and nobody settled it

None is a missing value. It is counted, and never taken as no.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.compare.sheets import Criterion, Sheet, Value, read_sheets
from selfinstruct.errors import InputError
from selfinstruct.statistics import Count, count


@dataclass(frozen=True)
class RatingOptions:
    """How rating sheets are read.

    arms: a name for each file; empty: the files' names. against: the arm that the others are compared with; None: the
    last. consensus: the rater who settled disagreements. criteria: the columns that are criteria; empty: found.
    overall: the criterion that says "all of the others", which the set diagram leaves out. grades: best first;
    acceptable: those that count as met.
    """

    arms: Sequence[str] = ()
    against: str | None = None
    consensus: str | None = None
    criteria: Sequence[str] = ()
    overall: str | None = None
    grades: Sequence[str] = ("A", "B", "C", "D")
    acceptable: Sequence[str] = ("A", "B")


@dataclass(frozen=True)
class Rated:
    """Sheets with their decisions: `met` by arm, criterion and item; `counts` by criterion and arm."""

    sheet: Sheet
    met: Mapping[str, Mapping[str, Mapping[str, bool | None]]]
    counts: Mapping[str, Mapping[str, Count]]

    def items(self) -> dict[str, int]:
        """Return how many items each arm has."""
        return {arm: len(next(iter(by_criterion.values()))) for arm, by_criterion in self.met.items()}


def read_rated(paths: Sequence[Path], options: RatingOptions) -> Rated:
    """Return the ratings of the files, decided.

    Raises:
        InputError: a file is not as sheets.py says, or a name in the options is not in the files.
    """
    sheet = read_sheets(paths, options.arms, options.criteria, options.grades)
    _check_names(sheet, options)
    met = {
        arm: {one.name: decided(sheet, one, arm, options.consensus, options.acceptable) for one in sheet.criteria}
        for arm in sheet.arms
    }
    counts = {
        criterion.name: {arm: count(met[arm][criterion.name].values()) for arm in sheet.arms}
        for criterion in sheet.criteria
    }
    return Rated(sheet, met, counts)


def _check_names(sheet: Sheet, options: RatingOptions) -> None:
    for key, value, known in (
        ("against", options.against, sheet.arms),
        ("consensus", options.consensus, sheet.raters),
        ("overall", options.overall, [criterion.name for criterion in sheet.criteria]),
    ):
        if value is not None and value not in known:
            raise InputError(f"{key}={value}: not in the files; choose one of {', '.join(known)}")
    unknown = [grade for grade in options.acceptable if grade not in options.grades]
    if unknown:
        raise InputError(f"acceptable: {unknown[0]} is none of the grades {', '.join(options.grades)}")


def decided(
    sheet: Sheet, criterion: Criterion, arm: str, consensus: str | None, acceptable: Collection[str]
) -> dict[str, bool | None]:
    """Return whether each item of an arm meets a criterion, by item, in the order of the sheet."""
    said: dict[str, dict[str, bool | None]] = {}
    for rating in sheet.ratings:
        if rating.arm == arm:
            met = is_met(rating.values[criterion.name], acceptable)
            said.setdefault(rating.item, {})[rating.rater] = met
    return {item: decide(by_rater, consensus) for item, by_rater in said.items()}


def decide(said: Mapping[str, bool | None], consensus: str | None) -> bool | None:
    """Return the value that stands for an item.

    Args:
        said: what each rater said; None where a rater said nothing.
        consensus: the rater who settled disagreements, if there is one. Where this rater said nothing, the others
            count, by strict majority.
    """
    if consensus is not None and said.get(consensus) is not None:
        return said[consensus]
    given = [value for rater, value in said.items() if rater != consensus and value is not None]
    if 2 * sum(given) == len(given):
        return None
    return 2 * sum(given) > len(given)


def is_met(value: Value, acceptable: Collection[str]) -> bool | None:
    """Return whether a value says yes: a yes, or a grade that is acceptable."""
    return value if value is None or isinstance(value, bool) else value in acceptable
