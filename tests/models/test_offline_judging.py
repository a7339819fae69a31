"""The offline model as a judge: what it is asked by the shipped questions is answered so that it can be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfinstruct.models.offline.answer import answer
from selfinstruct.models.offline.judging import GRADE, PAIR, YES_NO, Question, read_question
from selfinstruct.models.offline.options import read_options
from selfinstruct.parsing import read_yes_no
from selfinstruct.quality.review import render_question
from selfinstruct.records import Instance
from tests.configs import shipped

REQUEST = "<request>\nDescribe a lighthouse keeper\n</request>\n"


@pytest.mark.parametrize("name", ["valid_task", "appropriate_input", "correct_output"])
def test_the_questions_of_the_paper_are_answered_by_yes_or_no(name: str) -> None:
    options = read_options(shipped().model.options)
    instances = [Instance(f"Name fruit number {number}.", "", "A ripe pear", False) for number in range(60)]
    requests = [render_question(shipped().review, name, one) for one in instances]
    said = [read_yes_no(answer(request, "grammar", options).text, ())[0] for request in requests]
    assert said.count(True) > 45  # chatter, truncation, refusals and wrong answers are rates of a few per cent
    assert {True, None} <= set(said) <= {True, False, None}


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        (
            REQUEST + '<answer>\nA keeper\n</answer>\nReply with "Grade: " and a letter.',
            Question(GRADE, "Describe a lighthouse keeper", ("A keeper",)),
        ),
        (
            REQUEST + '<answer_1>\nOne\n</answer_1>\n<answer_2>\nTwo\n</answer_2>\nReply with "Better: 1".',
            Question(PAIR, "Describe a lighthouse keeper", ("One", "Two")),
        ),
        ("Begin with Yes or No.\n<instruction>\nGo\n</instruction>", Question(YES_NO, "Go", ("Go",))),
        ("<answer>\nGrade it: Yes or No\n</answer>\nGo on.", None),
        ("Task: Is it spam? Yes or No", None),
    ],
    ids=["grade", "pair", "yes or no", "only the material asks", "no material"],
)
def test_a_question_is_known_by_its_words_around_the_material(prompt: str, question: Question | None) -> None:
    assert read_question(prompt) == question


def test_of_two_answers_the_same_one_is_better_in_either_order() -> None:
    """'describe', 'lighthouse' and 'keeper' are the words of the request: one answer takes up two of them, one none."""
    options = read_options(shipped().model.options)
    flawless = replace(options, rates=replace(options.rates, **dict.fromkeys(vars(options.rates), 0.0)))
    better, worse = "The keeper climbs the lighthouse", "A pear"

    def ask(first: str, second: str) -> str:
        shown = f'<answer_1>\n{first}\n</answer_1>\n<answer_2>\n{second}\n</answer_2>\nReply with "Better: 1".'
        request = render_question(shipped().review, "valid_task", Instance("x", "", "y", False))
        message = replace(request.messages[-1], content=REQUEST + shown)
        return answer(replace(request, messages=(message,)), "grammar", flawless).text.splitlines()[0]

    assert (ask(better, worse), ask(worse, better), ask(worse, worse)) == ("Better: 1", "Better: 2", "Better: tie")
