"""What a review by a judge says about the whole dataset: shares of yes, with what could not be read beside them.

The lines of report/review.jsonl and the instances that they speak of go in:

    review_findings(lines, instances)["review.correct_output_share"]     # Finding(0.58, n=197, missing=3, ...)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.findings import Finding, undefined
from selfinstruct.quality.strata import strata, weighted_share
from selfinstruct.records import Instance

ALL = "all"


def review_findings(lines: Sequence[Mapping[str, Any]], instances: Sequence[Instance]) -> dict[str, Finding]:
    """Return the share of yes for each question, and of instances for which every answer is yes ("all").

    The sample is stratified, so each stratum weighs as much as it has instances. An answer that could not be read is
    missing, never a no; an instance with a no fails "all" whatever else could not be read.
    """
    if not lines:
        return {"review.all_share": undefined("no judge was asked")}
    sizes = {name: len(numbers) for name, numbers in strata(instances).items()}
    questions = list(lines[0]["answers"])
    answers = {name: [(line["stratum"], line["answers"][name]) for line in lines] for name in questions}
    answers[ALL] = [(line["stratum"], _all(list(line["answers"].values()))) for line in lines]
    return {f"review.{name}_share": _share(given, sizes, len(instances)) for name, given in answers.items()}


def _all(answers: Sequence[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _share(answers: Sequence[tuple[str, bool | None]], sizes: Mapping[str, int], total: int) -> Finding:
    readable = Counter(name for name, answer in answers if answer is not None)
    yes = Counter(name for name, answer in answers if answer)
    missing = len(answers) - readable.total()
    value = weighted_share({name: (yes[name], readable[name]) for name in sizes}, sizes)
    if value is None:
        return undefined("no answer of the judge could be read", 0, missing)
    note = "all of them" if len(answers) >= total else f"a sample of {len(answers):,} of {total:,}, weighted by stratum"
    return Finding(value, readable.total(), missing, note=note)
