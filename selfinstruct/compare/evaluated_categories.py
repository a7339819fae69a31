"""Where two arms differ: their answers to the same items by category; a table, a picture and CSV rows come out.

    categories_of(arms, "base", official, options)
    -> [CategoryContrast("Title Generation", PairedContrast(measure="rouge_l", difference=+0.11 (+0.08 to +0.14), ...))]

A category is judged by the measure that the benchmark's authors chose for it, else by ROUGE-L. There is no test: which
categories to look at was not decided before, and that many tests would find something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_contrasts import PairedContrast, Triple, called, value_of
from selfinstruct.compare.evaluated_differences import difference_cell, mean_cell, measure_name
from selfinstruct.compare.evaluated_folders import EvaluatedArm
from selfinstruct.compare.evaluated_forest import Row, draw
from selfinstruct.compare.evaluated_pictures import shortened
from selfinstruct.compare.tables import Table, grouped
from selfinstruct.evaluation.scoring import ROUGE_L
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate
from selfinstruct.statistics.means import FEWEST_CLUSTERS
from selfinstruct.statistics.paired import mean_of_differences

CATEGORY_DIFFERENCES = "category_differences"
_MOST = 24  # categories that a picture and a table show; the CSV file has them all


@dataclass(frozen=True)
class CategoryContrast:
    """One arm against another over the items of a category."""

    category: str
    contrast: PairedContrast


def categories_of(
    arms: Sequence[EvaluatedArm], against: str, official: Mapping[str, str], options: Options
) -> list[CategoryContrast]:
    """Return every arm but `against` compared with it by category; nothing where there are fewer than two.

    Args:
        official: the measure by which a category is judged, where its authors chose one.
    """
    reference = next(arm for arm in arms if arm.name == against)
    found = [
        CategoryContrast(category, _contrast_within(measure, arm, reference, names, options, category))
        for arm in arms
        if arm is not reference
        for category, names in _shared(arm, reference).items()
        for measure in [official.get(category, ROUGE_L)]
    ]
    return found if len({one.category for one in found}) > 1 else []


def _shared(arm: EvaluatedArm, reference: EvaluatedArm) -> dict[str, list[str]]:
    """Return the items that both have by category, categories by name; items without one are in none."""
    groups: dict[str, list[str]] = {}
    for name, item in arm.items.items():
        if item.category and name in reference.items:
            groups.setdefault(item.category, []).append(name)
    return dict(sorted(groups.items()))


def _contrast_within(
    measure: str, arm: EvaluatedArm, reference: EvaluatedArm, names: Sequence[str], options: Options, category: str
) -> PairedContrast:
    triples = [
        (arm.items[name].task, value_of(arm, name, measure), value_of(reference, name, measure)) for name in names
    ]
    complete = [(one, other) for _, one, other in triples if one is not None and other is not None]
    seed = generator(options.random_seed, "compare", "paired", measure, arm.name, category).getrandbits(64)
    return PairedContrast(
        measure=measure,
        arm=arm.name,
        against=reference.name,
        one=fmean(one for one, _ in complete) if complete else None,
        other=fmean(other for _, other in complete) if complete else None,
        difference=_difference(triples, seed, options),
        count=None,
        odds_ratio=None,
        mcnemar_p=None,
        test="",
        p=None,
    )


def _difference(triples: Sequence[Triple], seed: int, options: Options) -> Estimate:
    """Return the mean difference with its interval over tasks or, where they are few, over items, tasks as given."""
    tasks = len({task for task, one, other in triples if one is not None and other is not None})
    if tasks >= FEWEST_CLUSTERS:
        return called(mean_of_differences(triples, seed, options.level, options.resamples), "tasks")
    apart = [(str(place), one, other) for place, (_, one, other) in enumerate(triples)]
    found = called(mean_of_differences(apart, seed, options.level, options.resamples), "items")
    given = "its task" if tasks == 1 else f"the {tasks} tasks"
    return replace(found, method=f"bootstrap-t over items, {given} as given" if found.method else "")


def shown(found: Sequence[CategoryContrast]) -> list[CategoryContrast]:
    """Return the categories that have an interval in some arm, the largest difference first."""
    largest: dict[str, float] = {}
    for one in found:
        value, low = one.contrast.difference.value, one.contrast.difference.low
        if value is not None and low is not None:
            largest[one.category] = max(largest.get(one.category, -1.0), value)
    order = sorted(largest, key=lambda category: (-largest[category], category))[:_MOST]
    return sorted((one for one in found if one.category in order), key=lambda one: order.index(one.category))


def category_differences_table(found: Sequence[CategoryContrast], level: float) -> Table:
    """Return the categories of `shown` as a table."""
    rows_of = shown(found)
    several = len({one.contrast.arm for one in found}) > 1
    against = found[0].contrast.against
    rows = [
        (
            one.category,
            *([one.contrast.arm] if several else []),
            f"{one.contrast.difference.n:,}",
            measure_name(one.contrast.measure, ()),
            mean_cell(one.contrast.measure, one.contrast.one),
            mean_cell(one.contrast.measure, one.contrast.other),
            difference_cell(one.contrast),
        )
        for one in rows_of
    ]
    left_out = len({one.category for one in found}) - len({one.category for one in rows_of})
    methods = sorted({one.contrast.difference.method for one in rows_of if one.contrast.difference.method})
    note = f"Item by item, in points; intervals at {level:.0%}: {'; '.join(methods[:3])}"
    note += (" and alike." if len(methods) > 3 else ".") + " Nothing is tested here, and no interval is corrected."
    if left_out:
        note += f" Only in {CATEGORY_DIFFERENCES}.csv, most of them too small for an interval: {left_out:,}."
    columns = ("category", *(["arm"] if several else []), "pairs", "measure")
    names = ("this arm" if several else found[0].contrast.arm, against, "difference")
    title = f"By category, against {against}" if several else f"By category: {found[0].contrast.arm} against {against}"
    return Table(CATEGORY_DIFFERENCES, title, (*columns, *names), grouped(rows), note, left=2 if several else 1)


def category_differences_plot(found: Sequence[CategoryContrast], path: Path, level: float) -> Path:
    """Draw the categories of `shown` and return the path."""
    rows = [
        Row(f"{shortened(one.category)}, {measure_name(one.contrast.measure, ())}", one.contrast)
        for one in shown(found)
    ]
    return draw(rows, path, level)


def category_records(found: Sequence[CategoryContrast]) -> list[dict[str, Any]]:
    """Return every category as a row of a CSV file, numbers in full; scores 0..1."""
    return [
        {
            "category": one.category,
            "measure": one.contrast.measure,
            "arm": one.contrast.arm,
            "against": one.contrast.against,
            "pairs": one.contrast.difference.n,
            "incomplete": one.contrast.difference.missing,
            "arm_mean": one.contrast.one,
            "against_mean": one.contrast.other,
            "difference": one.contrast.difference.value,
            "difference_low": one.contrast.difference.low,
            "difference_high": one.contrast.difference.high,
            "interval": one.contrast.difference.method,
            "undefined": one.contrast.difference.undefined,
        }
        for one in found
    ]
