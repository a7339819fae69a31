"""Pairs are judged in both orders: a verdict that changes with the order is a tie, and counted."""

from __future__ import annotations

import asyncio

import pytest

from selfinstruct.evaluation import Answers, Item, Prediction
from selfinstruct.evaluation.judging import judge_answers, questions_about
from selfinstruct.evaluation.pairs import pair_verdict, read_better, render_pair, verdict_of
from selfinstruct.records import Completion, Request
from tests.evaluation.models import said
from tests.evaluation.test_grades import ITEM, options


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("Better: 1", "first"),
        ("Better: 2\nIt is shorter.", "second"),
        ("**Better:** tie", "tie"),
        ("Better: answer 2", "second"),
        ("Verdict: Tie", "tie"),
        ("The better is 1.", "first"),
        ("2", "second"),
        ("Answer 1.", "first"),
        ("1 and 2 are alike", None),
        ("Better: 1. No, better: 2", None),
        ("Better: 12", None),
        ("", None),
        ("Both are fine.", None),
    ],
)
def test_which_place_is_better_is_read_or_it_is_not(text: str, better: str | None) -> None:
    assert read_better(text) == better


@pytest.mark.parametrize(
    ("straight", "turned", "verdict"),
    [
        ("first", "second", ("one", "consistent")),
        ("second", "first", ("other", "consistent")),
        ("tie", "tie", ("tie", "consistent")),
        ("first", "first", ("tie", "inconsistent")),
        ("second", "second", ("tie", "inconsistent")),
        ("first", "tie", ("tie", "inconsistent")),
        ("tie", "first", ("tie", "inconsistent")),
        (None, "first", (None, "unreadable")),
        ("first", None, (None, "unreadable")),
    ],
)
def test_only_a_verdict_that_survives_the_change_of_places_is_one(
    straight: str | None, turned: str | None, verdict: tuple[str | None, str]
) -> None:
    assert verdict_of(straight, turned) == verdict


@pytest.mark.parametrize(
    ("straight", "turned", "place"),
    [("1", "1", "first"), ("2", "2", "second"), ("1", "2", ""), ("1", "tie", ""), ("tie", "tie", ""), ("?", "?", "")],
)
def test_the_place_that_a_judge_clings_to_is_noted(straight: str, turned: str, place: str) -> None:
    said = [Completion(f"Better: {one}", "stop") for one in (straight, turned)]
    assert pair_verdict(options(), "a", "b", ITEM, said[0], said[1]).place == place


def test_a_refusal_in_one_order_is_no_verdict() -> None:
    said = pair_verdict(options(), "a", "b", ITEM, Completion("Better: 1", "stop"), Completion("", "content_filter"))
    assert (said.verdict, said.outcome) == (None, "refused")


def test_the_two_questions_differ_in_the_order_only() -> None:
    one, other = render_pair(options(), ITEM, "X", "Y"), render_pair(options(), ITEM, "Y", "X")
    swapped = one.messages[1].content.replace("\nX\n", "\n?\n").replace("\nY\n", "\nX\n").replace("\n?\n", "\nY\n")
    assert swapped == other.messages[1].content


class Judge:
    """A judge by rule that notes what it was asked."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        return Completion(*said(self.kind, request.messages[-1].content))


ITEMS = tuple(Item(f"q{n}", f"q{n}", "", f"Say {n}.", "", ()) for n in range(5))


def answers(name: str, *texts: str) -> Answers:
    given = zip(ITEMS, texts, strict=False)
    return Answers(name, {item.id: Prediction(text) for item, text in given})


ONE = answers("one", "good", "fair", "good same", "mumble")
OTHER = answers("other", "poor", "good", "good same", "good", "fair")


def test_every_answer_is_graded_and_every_pair_that_both_answered_is_compared() -> None:
    judge = Judge("judge")
    found = asyncio.run(judge_answers(judge, options(), ITEMS, [ONE, OTHER], lambda _: None))
    assert [(grade.arm, grade.id, grade.grade) for grade in found.grades] == [
        ("one", "q0", "A"), ("one", "q1", "B"), ("one", "q2", "A"), ("one", "q3", None),
        ("other", "q0", "C"), ("other", "q1", "A"), ("other", "q2", "A"), ("other", "q3", "A"), ("other", "q4", "B"),
    ]  # fmt: skip
    assert [(one.id, one.verdict, one.outcome) for one in found.verdicts] == [
        ("q0", "one", "consistent"),
        ("q1", "other", "consistent"),
        ("q2", "tie", "same"),  # equal answers: nobody was asked
        ("q3", None, "unreadable"),
    ]
    assert len(judge.asked) == 9 + 2 * 3 == len(questions_about(options(), ITEMS, [ONE, OTHER]))
    assert found.usage["pairs"]["requests"] == 6


def test_a_judge_that_likes_the_first_place_gives_ties_that_are_counted() -> None:
    found = asyncio.run(judge_answers(Judge("first"), options(), ITEMS, [ONE, OTHER], lambda _: None))
    assert [one.outcome for one in found.verdicts] == ["inconsistent", "inconsistent", "same", "unreadable"]
    assert [one.verdict for one in found.verdicts] == ["tie", "tie", "tie", None]


def test_pairs_are_left_out_on_request() -> None:
    found = asyncio.run(judge_answers(Judge("judge"), options(pairwise=False), ITEMS, [ONE, OTHER], lambda _: None))
    assert (len(found.grades), found.verdicts) == (9, ())
