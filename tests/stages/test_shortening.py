"""A prompt that is too long loses half its examples until it fits; what never fits is dropped by name."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.models import Model
from selfinstruct.pipeline import Plan
from selfinstruct.prompts import ClassificationShot, InputFirstShot, ShotPair, Shots, Templates
from selfinstruct.records import INSTRUCTIONS, Completion, Request
from selfinstruct.runs import DRIED_UP, dataset_sha256
from selfinstruct.stages.classification import classify
from selfinstruct.stages.instances import write_instances
from selfinstruct.stages.instructions import Bootstrap
from selfinstruct.stages.shortening import ask, halvings
from tests.test_pipeline import TEMPLATES, TestModel, lines, plan, run, stage


@pytest.mark.parametrize(
    ("examples", "fewest", "counts"),
    [
        (8, 1, [8, 4, 2, 1]),
        (5, 1, [5, 2, 1]),
        (31, 0, [31, 15, 7, 3, 1, 0]),
        (1, 1, [1]),
        (1, 0, [1, 0]),
        (0, 0, [0]),
    ],
)
def test_each_form_shows_half_the_examples_until_no_more_may_go(examples: int, fewest: int, counts: list[int]) -> None:
    assert list(halvings(examples, fewest)) == counts


class ShortSighted:
    """A model that reads prompts up to `longest` characters; remembers what it was asked."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.asked: list[str] = []

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.text)
        if len(request.text) > self.longest:
            return Completion("", "context_overflow", 0, 0, 0.0)
        return Completion(" No", "stop", 10, 1, 0.5)


def text_request(text: str) -> Request:
    return Request("", (), text, 8, 0.0, 1.0, 0.0, 0.0, ())


def test_forms_are_asked_one_after_the_other_until_one_fits() -> None:
    model: Model = ShortSighted(longest=2)
    answered = asyncio.run(ask(model, map(text_request, ["aaaa", "aaa", "aa", "a"])))
    assert answered.completion == Completion(" No", "stop", 10, 1, 0.5)
    assert [completion.finish_reason for completion in answered.completions] == [*["context_overflow"] * 2, "stop"]


def test_a_request_whose_last_form_is_too_long_ends_as_an_overflow() -> None:
    answered = asyncio.run(ask(ShortSighted(longest=0), map(text_request, ["aa", "a"])))
    assert answered.completion.finish_reason == "context_overflow"
    assert len(answered.completions) == 2


def test_a_shortened_prompt_shows_the_first_half_of_the_examples_in_their_order() -> None:
    the_plan = plan()
    bootstrap = Bootstrap(
        the_plan.seeds, the_plan.templates, the_plan.generation, the_plan.instruction_thresholds, the_plan.random_seed
    )
    whole, half, quarter, one = bootstrap.forms(0)
    shown = [line.partition(". ")[2] for line in whole.text.splitlines()[:-1]]
    for form, count in ((half, 4), (quarter, 2), (one, 1)):
        assert [line.partition(". ")[2] for line in form.text.splitlines()[:-1]] == shown[:count]
        assert form.text.endswith(f"\n{count + 1}.")


def test_shortened_requests_of_two_ordinals_are_two_samples_even_where_their_texts_agree() -> None:
    the_plan = plan(machine_examples=0, seed_examples=2)
    two_seeds = the_plan.seeds[:2]
    bootstrap = Bootstrap(
        two_seeds, the_plan.templates, the_plan.generation, the_plan.instruction_thresholds, the_plan.random_seed
    )
    shortest = [list(bootstrap.forms(ordinal))[-1] for ordinal in range(6)]
    assert len({request.text for request in shortest}) <= 2
    assert len(set(shortest)) == 6


def with_shots() -> Templates:
    shots = Shots(
        classification=tuple(ClassificationShot(f"Shot number {i}", i % 2 == 0) for i in range(7)),
        input_first=tuple(InputFirstShot(f"Shot number {i}", (ShotPair("", "done"),)) for i in range(5)),
        output_first=(),
    )
    template = "{% for shot in shots %}{{ shot.instruction }}\n{% endfor %}Task: {{ instruction }}"
    return replace(TEMPLATES, shots=shots, classification=stage(template), input_first=stage(template))


def shots_in(prompt: str) -> list[str]:
    return [line for line in prompt.splitlines() if line.startswith("Shot")]


def test_the_classification_question_loses_shots_from_its_end() -> None:
    model = ShortSighted(longest=60)  # "Shot number 0\n" has 14 characters, the task 12
    classified = asyncio.run(classify(model, with_shots(), "Sing."))
    assert classified.answer is False
    assert [len(shots_in(prompt)) for prompt in model.asked] == [7, 3]
    assert shots_in(model.asked[-1]) == shots_in(model.asked[0])[:3]


def test_a_classification_question_that_never_fits_is_unreadable_and_says_why() -> None:
    model = ShortSighted(longest=0)
    classified = asyncio.run(classify(model, with_shots(), "Sing."))
    assert (classified.answer, classified.saw) == (None, "context_overflow")
    assert [len(shots_in(prompt)) for prompt in model.asked] == [7, 3, 1, 0]


def test_instances_whose_prompt_never_fits_are_dropped_by_the_name_of_the_fault() -> None:
    model = ShortSighted(longest=0)
    written = asyncio.run(write_instances(model, with_shots(), "Sing.", is_classification=False))
    assert [len(shots_in(prompt)) for prompt in model.asked] == [5, 2, 1, 0]
    assert [item.verdict.rule for item in written.items] == ["context_overflow"]


class Narrow(TestModel):
    """The test model with a short memory: prompts with more than `most` examples are too long for it."""

    def __init__(self, most: int, delay: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(delay)
        self.most = most

    async def complete(self, request: Request) -> Completion:
        if request.stage == INSTRUCTIONS and len(request.text.splitlines()) - 1 > self.most:
            self.requests.append(request)
            await asyncio.sleep(self.delay())
            return Completion("", "context_overflow", 0, 0, 0.0)
        return await super().complete(request)


def test_shortened_requests_give_the_same_bytes_at_any_timing(tmp_path: Path) -> None:
    clock = random.Random(1)
    delays: list[Callable[[], float]] = [lambda: 0.0, lambda: clock.random() / 50, lambda: clock.random() ** 8 / 5]
    few_seeds = replace(plan(machine_examples=1, seed_examples=3), seeds=plan().seeds[:3])  # equal forms do occur
    hashes = set()
    for number, delay in enumerate(delays):
        run(tmp_path / str(number), Narrow(1, delay), few_seeds, followers=1 + 5 * number)
        hashes.add(dataset_sha256(tmp_path / str(number)))
        hashes.add((tmp_path / str(number) / "requests.jsonl").read_text())
    assert len(hashes) == 2


def test_every_form_that_was_asked_is_counted(tmp_path: Path) -> None:
    model = Narrow(2)
    _, tally = run(tmp_path, model, plan())
    records = lines(tmp_path, "requests.jsonl")
    assert {record["shortened"] for record in records} == {2}  # 8 examples, 4, 2
    asked = sum(request.stage == INSTRUCTIONS for request in model.requests)
    assert tally.usage["instructions"].requests == asked == 3 * len(records)


def test_prompts_that_never_fit_end_the_run_dry_and_by_name(tmp_path: Path) -> None:
    the_plan: Plan = plan(max_dry_requests=3)
    status, tally = run(tmp_path, Narrow(0), the_plan)
    assert status == DRIED_UP
    assert set(tally.candidate_rules) == {"context_overflow"}
