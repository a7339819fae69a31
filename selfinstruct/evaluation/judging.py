"""A judge looks at answers: it grades each, and compares several models' answers to an item two by two.

    judged = await judge_answers(model, options, items, [tuned, base], told)
    judged.grades[0]       # Grade(arm="tuned", id="user_oriented_task_0", grade="B", outcome="graded", saw="Grade: B")
    judged.verdicts[0]     # Verdict(one="tuned", other="base", id=..., verdict="tie", outcome="inconsistent", saw=...)

Each question is one request, so the completion store keeps the judge's answers like all others. Two models that gave
the same answer share its grade.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.errors import SelfInstructError
from selfinstruct.evaluation.asking import ask_all
from selfinstruct.evaluation.grades import GRADES, Grade, grade_of, render_grade
from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.options import GradingOptions
from selfinstruct.evaluation.pairs import PAIRS, Verdict, is_same, pair_verdict, render_pair, same_verdict
from selfinstruct.evaluation.predictions import Answers
from selfinstruct.evaluation.usage import usage_of
from selfinstruct.models import Model
from selfinstruct.records import Completion, Request


@dataclass(frozen=True)
class Judged:
    """What a judge said, what that used by stage, and what stopped it, if it was; then some is missing."""

    grades: tuple[Grade, ...]
    verdicts: tuple[Verdict, ...]
    usage: Mapping[str, Mapping[str, Any]]
    error: SelfInstructError | None

    def counts(self) -> dict[str, int]:
        """Return how many answers have a grade, how many were asked about in vain, and how many pairs were judged."""
        graded = sum(grade.grade is not None for grade in self.grades)
        return {"graded": graded, "not_graded": len(self.grades) - graded, "verdicts": len(self.verdicts)}


@dataclass(frozen=True)
class Pair:
    """Two arms' answers to one item."""

    one: str
    other: str
    item: Item
    answers: tuple[str, str]

    @property
    def is_same(self) -> bool:
        """Whether there is nothing to compare."""
        return is_same(*self.answers)


async def judge_answers(
    model: Model,
    options: GradingOptions,
    items: Sequence[Item],
    arms: Sequence[Answers],
    told: Callable[[int], None],
) -> Judged:
    """Ask the judge about every answer to the items, and about every pair of answers to one item in both orders.

    Raises:
        InputError: a template cannot be rendered.
    """
    graded = answered(items, arms)
    pairs = pairs_of(items, arms) if options.pairwise else []
    requests = judge_requests(options, graded, pairs)
    asked = await ask_all(model, requests, told)
    said = list(asked.completions)
    of_grades, of_pairs = said[: len(graded)], said[len(graded) :]
    grades = tuple(
        grade_of(options, arm, item, completion)
        for (arm, item, _), completion in zip(graded, of_grades, strict=True)
        if completion is not None
    )
    usage = {GRADES: usage_of(of_grades)} | ({PAIRS: usage_of(of_pairs)} if pairs else {})
    return Judged(grades, tuple(_verdicts(options, pairs, of_pairs)), usage, asked.error)


def answered(items: Sequence[Item], arms: Sequence[Answers]) -> list[tuple[str, Item, str]]:
    """Return (arm, item, answer) for every answer there is, arm by arm."""
    return [(arm.name, item, arm.by_item[item.id].text) for arm in arms for item in items if item.id in arm.by_item]


def pairs_of(items: Sequence[Item], arms: Sequence[Answers]) -> list[Pair]:
    """Return every two arms' answers to every item that both answered."""
    return [
        Pair(one.name, other.name, item, (one.by_item[item.id].text, other.by_item[item.id].text))
        for one, other in itertools.combinations(arms, 2)
        for item in items
        if item.id in one.by_item and item.id in other.by_item
    ]


def questions_about(options: GradingOptions, items: Sequence[Item], arms: Sequence[Answers]) -> list[Request]:
    """Return everything that the judge would be asked. Raises InputError as above."""
    return judge_requests(options, answered(items, arms), pairs_of(items, arms) if options.pairwise else [])


def judge_requests(
    options: GradingOptions, graded: Sequence[tuple[str, Item, str]], pairs: Sequence[Pair]
) -> list[Request]:
    """Return the questions: one for each answer, then two for each pair that differs. Raises InputError as above."""
    questions = [render_grade(options, item, answer) for _, item, answer in graded]
    for pair in pairs:
        if not pair.is_same:
            questions += [render_pair(options, pair.item, *order) for order in (pair.answers, pair.answers[::-1])]
    return questions


def _verdicts(options: GradingOptions, pairs: Sequence[Pair], said: Sequence[Completion | None]) -> list[Verdict]:
    left = iter(said)
    found = []
    for pair in pairs:
        if pair.is_same:
            found.append(same_verdict(pair.one, pair.other, pair.item))
            continue
        straight, turned = next(left), next(left)
        if straight is not None and turned is not None:
            found.append(pair_verdict(options, pair.one, pair.other, pair.item, straight, turned))
    return found
