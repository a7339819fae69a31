"""How far a judge agrees with people: its grades and their sheets go in, kappa, correlation and confusion come out.

    agreements(arms, Path("grades.csv"), options)
    -> [Agreed(first="judge", second="ann", kappa=0.58 (0.49-0.67), confusion={("A", "A"): 81, ...}, ...)]

Sheets are CSV files as compare/sheets.py describes them, or JSON Lines with the same names on each line:

    {"item": "user_oriented_task_0", "rater": "ann", "grade": "B", "arm": "davinci"}

Without "arm" the grades are about the only arm that there is. Raters are also compared with each other: more than they
agree among themselves no judge can be expected to agree with them.
"""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_folders import EvaluatedArm
from selfinstruct.compare.sheets import Sheet, read_sheets
from selfinstruct.errors import InputError
from selfinstruct.jsonl import read
from selfinstruct.statistics import Estimate, cohen_kappa, percent_agreement, spearman

JUDGE = "judge"
_PREFERRED = "grade"

Given = dict[tuple[str, str], str | None]  # by arm and item


@dataclass(frozen=True)
class Agreed:
    """What two raters say about the same answers. `place`: a number that names its confusion table."""

    place: int
    first: str
    second: str
    grades: tuple[str, ...]
    percent: Estimate
    kappa: Estimate
    weighted: Estimate
    acceptable: Estimate
    spearman: Estimate
    confusion: Mapping[tuple[str, str], int]


def agreements(arms: Sequence[EvaluatedArm], sheet: Path, options: Options) -> list[Agreed]:
    """Return the judge against each rater, then the raters two by two, in the order of the sheet.

    Raises:
        InputError: the sheet cannot be read, has no single graded column, or is about other arms or items.
    """
    grades, acceptable = arms[0].grades, arms[0].acceptable
    by_rater = _by_rater(read_grades(sheet, grades), arms, sheet)
    judge: Given = {(arm.name, name): item.grade for arm in arms for name, item in arm.items.items() if item.outcome}
    everybody = {JUDGE: judge, **by_rater}
    return [
        _agreed(place, (first, everybody[first]), (second, everybody[second]), grades, acceptable, options)
        for place, (first, second) in enumerate(itertools.combinations(everybody, 2), start=1)
    ]


def read_grades(path: Path, grades: Sequence[str]) -> Sheet:
    """Return the sheet at a path, CSV or JSON Lines. Raises InputError as `read_sheets`."""
    if path.suffix not in {".jsonl", ".gz"}:
        return read_sheets([path], grades=grades)
    records = [record for _, record in read(path)]
    columns = list(dict.fromkeys(column for record in records for column in record))
    with tempfile.TemporaryDirectory() as folder:  # the rules of sheets.py then hold for both
        as_csv = Path(folder) / f"{path.name.partition('.')[0]}.csv"
        with as_csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(records)
        try:
            return read_sheets([as_csv], grades=grades)
        except InputError as error:
            raise InputError(str(error).replace(str(as_csv), str(path))) from None


def _by_rater(sheet: Sheet, arms: Sequence[EvaluatedArm], path: Path) -> dict[str, Given]:
    criterion = _graded(sheet, path)
    known = {arm.name for arm in arms}
    found: dict[str, Given] = {}
    about = 0
    for rating in sheet.ratings:
        arm = rating.arm
        if arm not in known and len(sheet.arms) == 1 and len(arms) == 1:
            arm = arms[0].name
        value: Any = rating.values[criterion]
        found.setdefault(rating.rater, {})[arm, rating.item] = value
        about += any(one.name == arm and rating.item in one.items for one in arms)
    if not about:
        raise InputError(
            f"human={path}: none of its {len(sheet.ratings)} lines is about an answer of this evaluation; items are "
            f"named like {next(iter(arms[0].items))}, arms {', '.join(sorted(known))}"
        )
    return found


def _graded(sheet: Sheet, path: Path) -> str:
    graded = [criterion.name for criterion in sheet.criteria if criterion.is_graded]
    preferred = [name for name in graded if name.lower() == _PREFERRED]
    if len(preferred or graded) != 1:
        raise InputError(f'human={path}: {len(graded)} columns hold grades; call the one that is meant "{_PREFERRED}"')
    return (preferred or graded)[0]


def _agreed(
    place: int,
    one: tuple[str, Given],
    other: tuple[str, Given],
    grades: tuple[str, ...],
    acceptable: Sequence[str],
    options: Options,
) -> Agreed:
    both = sorted(one[1].keys() & other[1].keys())
    first, second = [one[1][key] for key in both], [other[1][key] for key in both]
    order = tuple(reversed(grades))
    met = [[None if value is None else value in acceptable for value in given] for given in (first, second)]
    ranks = [[None if value is None else float(order.index(value)) for value in given] for given in (first, second)]
    counted = Counter(zip(first, second, strict=True))
    return Agreed(
        place=place,
        first=one[0],
        second=other[0],
        grades=grades,
        percent=percent_agreement(first, second, options.level),
        kappa=cohen_kappa(first, second, order, level=options.level),
        weighted=cohen_kappa(first, second, order, "quadratic", options.level),
        acceptable=cohen_kappa(met[0], met[1], level=options.level),
        spearman=spearman(ranks[0], ranks[1], options.level),
        confusion={(row, column): counted[row, column] for row in grades for column in grades},
    )


def agreement_records(agreed: Sequence[Agreed]) -> list[dict[str, Any]]:
    """Return the agreement as rows of a CSV file."""
    return [
        {
            "first": one.first,
            "second": one.second,
            "measure": name,
            "value": estimate.value,
            "low": estimate.low,
            "high": estimate.high,
            "n": estimate.n,
            "missing": estimate.missing,
            "undefined": estimate.undefined,
        }
        for one in agreed
        for name, estimate in estimates_of(one)
    ]


def estimates_of(one: Agreed) -> list[tuple[str, Estimate]]:
    """Return the five numbers by their names in files and trackers."""
    return [
        ("percent", one.percent),
        ("kappa", one.kappa),
        ("kappa_weighted", one.weighted),
        ("kappa_acceptable", one.acceptable),
        ("spearman", one.spearman),
    ]
