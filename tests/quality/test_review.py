"""The review by a judge: the sample, the questions, the answers, and what they say about the whole dataset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.config import build
from selfinstruct.errors import InputError, ProviderError
from selfinstruct.findings import Finding
from selfinstruct.models.offline import answer, read_options
from selfinstruct.models.store import open_store
from selfinstruct.models.stored import StoredModel
from selfinstruct.quality.review import ReviewOptions, as_lines, check_questions, render_question, review
from selfinstruct.quality.review_findings import review_findings
from selfinstruct.quality.strata import allocate, sample_by_stratum, strata, weighted_share
from selfinstruct.records import Completion, Instance, Request

CONF = Path(__file__).resolve().parents[2] / "conf" / "review" / "paper.yaml"
OFFLINE = Path(__file__).resolve().parents[2] / "conf" / "model" / "offline.yaml"
INSTANCES = [
    *(Instance(f"Name fruit number {number}.", "", f"fruit {number}", False) for number in range(60)),
    *(Instance(f"Rewrite line {number}.", f"line {number}", f"rewritten {number}", False) for number in range(30)),
    *(Instance(f"Is {number} even?", f"{number}", "yes", True) for number in range(9)),
    Instance("Is it good?", "", "good", True),
]


@pytest.fixture
def options() -> ReviewOptions:
    return build(ReviewOptions, yaml.safe_load(CONF.read_text(encoding="utf-8")))


class Judge:
    """A Model that answers by a function of the prompt, and remembers what it was asked."""

    def __init__(self, say: Callable[[str], str]) -> None:
        self._say = say
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        return Completion(self._say(request.messages[-1].content), "stop", 100, 2, 0.001)

    def stop(self) -> None: ...

    async def close(self) -> None: ...


def test_the_shipped_questions_are_those_of_the_paper(options: ReviewOptions) -> None:
    assert list(options.questions) == ["valid_task", "appropriate_input", "correct_output"]
    assert options.sample_size == 200
    check_questions(options)


def test_a_question_shows_what_it_asks_about_and_nothing_that_it_does_not(options: ReviewOptions) -> None:
    instance = Instance("Name a fruit.", "", "A {{ pear }}", False)
    texts = {name: render_question(options, name, instance).messages[-1].content for name in options.questions}
    assert "Name a fruit." in texts["valid_task"] and "pear" not in texts["valid_task"]
    assert "(none)" in texts["appropriate_input"] and "pear" not in texts["appropriate_input"]
    assert "A {{ pear }}" in texts["correct_output"]  # what a model wrote is text, never a template
    assert render_question(options, "valid_task", instance).temperature == 0


def test_a_completion_model_is_asked_by_text(options: ReviewOptions) -> None:
    request = render_question(replace(options, style="completion"), "valid_task", INSTANCES[0])
    assert request.messages == () and "Name fruit number 0." in request.text


def test_a_template_that_names_what_is_not_there_is_refused(options: ReviewOptions) -> None:
    wrong = replace(options.questions["valid_task"], template="Is {{ answer }} right?")
    with pytest.raises(
        InputError, match=r"review\.questions\.valid_task\.template: 'answer' is undefined.*input, instruction, output"
    ):
        check_questions(replace(options, questions={"valid_task": wrong}))


def test_every_stratum_is_in_the_sample_in_proportion() -> None:
    sample = sample_by_stratum(INSTANCES, 20, random_seed=42)
    sizes = {name: len(set(numbers) & set(sample)) for name, numbers in strata(INSTANCES).items()}
    # One place each, then always one more to the highest size / (2 * places + 1). For the last place of 20 these
    # are 60 / 21, 30 / 13, 9 / 5 and 1 / 3; before it, 9 / 3 won a second place for classification with input.
    assert sizes == {
        "classification, empty input": 1,
        "classification, input": 2,
        "other, empty input": 11,
        "other, input": 6,
    }
    assert sample == sorted(sample) and len(set(sample)) == 20


def test_a_larger_sample_holds_the_smaller_one_and_another_seed_another_one() -> None:
    samples = [set(sample_by_stratum(INSTANCES, size, random_seed=42)) for size in range(1, 101)]
    assert all(smaller < larger for smaller, larger in pairwise(samples))
    assert samples[19] != set(sample_by_stratum(INSTANCES, 20, random_seed=43))
    assert sample_by_stratum(INSTANCES, 500, random_seed=42) == list(range(100))


def test_fewer_places_than_strata_go_to_the_largest() -> None:
    assert allocate({"a": 3, "b": 2, "c": 9}, 2) == {"c": 1, "a": 1, "b": 0}


def test_each_stratum_weighs_as_much_as_it_has_instances() -> None:
    assert weighted_share({"a": (3, 4), "b": (1, 2)}, {"a": 90, "b": 10}) == pytest.approx(0.9 * 0.75 + 0.1 * 0.5)
    assert weighted_share({"a": (3, 4), "b": (0, 0)}, {"a": 90, "b": 10}) == 0.75  # nothing known about b
    assert weighted_share({"a": (0, 0)}, {"a": 5}) is None


def test_every_sampled_instance_is_asked_every_question(options: ReviewOptions) -> None:
    judge = Judge(lambda prompt: "No." if "correct and acceptable" in prompt else "**Yes**, it is.")
    found = asyncio.run(review(judge, replace(options, sample_size=10), INSTANCES, 42))
    assert len(judge.asked) == len(found.completions) == 30
    assert all(request.stage == "review" for request in judge.asked)
    assert [one.instance for one in found.reviewed] == sample_by_stratum(INSTANCES, 10, 42)
    assert all(
        one.answers == {"valid_task": True, "appropriate_input": True, "correct_output": False}
        for one in found.reviewed
    )
    assert found.reviewed[0].saw["valid_task"] == "**Yes**, it is."


def test_answers_that_cannot_be_read_are_missing_and_never_a_no(options: ReviewOptions) -> None:
    judge = Judge(lambda prompt: "Hard to say." if "correct and acceptable" in prompt else "Yes")
    found = asyncio.run(review(judge, replace(options, sample_size=10), INSTANCES, 42))
    numbers = review_findings(as_lines(found), INSTANCES)
    assert numbers["review.valid_task_share"] == Finding(1.0, 10, 0, note="a sample of 10 of 100, weighted by stratum")
    assert numbers["review.correct_output_share"] == Finding(None, 0, 10, "no answer of the judge could be read")
    assert numbers["review.all_share"].missing == 10


def test_a_refusal_of_the_provider_is_missing(options: ReviewOptions) -> None:
    class Refusing(Judge):
        async def complete(self, request: Request) -> Completion:
            return replace(await super().complete(request), finish_reason="content_filter")

    found = asyncio.run(review(Refusing(lambda _: "No"), replace(options, sample_size=4), INSTANCES, 42))
    assert {one.answers["valid_task"] for one in found.reviewed} == {None}
    assert found.reviewed[0].saw["valid_task"] == "content_filter"


def _line(stratum: str, *answers: bool | None) -> dict[str, Any]:
    return {"stratum": stratum, "answers": dict(zip(("valid_task", "correct_output"), answers, strict=True))}


def test_the_share_over_the_dataset_is_weighted_and_all_needs_every_answer() -> None:
    instances = INSTANCES[:90]  # 60 without input, 30 with one
    lines = [
        _line("other, empty input", True, True),
        _line("other, empty input", True, False),
        _line("other, empty input", False, None),  # all: no, whatever the second answer would have been
        _line("other, input", True, None),  # all: not known
        _line("other, input", True, True),
    ]
    found = review_findings(lines, instances)
    note = "a sample of 5 of 90, weighted by stratum"
    assert found["review.valid_task_share"] == Finding(pytest.approx(60 / 90 * 2 / 3 + 30 / 90 * 1), 5, 0, note=note)
    assert found["review.correct_output_share"] == Finding(
        pytest.approx(60 / 90 * 1 / 2 + 30 / 90 * 1), 3, 2, note=note
    )
    assert found["review.all_share"] == Finding(pytest.approx(60 / 90 * 1 / 3 + 30 / 90 * 1), 4, 1, note=note)


def test_without_a_judge_the_review_is_undefined() -> None:
    assert review_findings([], INSTANCES)["review.all_share"].text() == "undefined, because no judge was asked"


def test_no_instances_ask_nothing(options: ReviewOptions) -> None:
    judge = Judge(lambda _: "Yes")
    assert asyncio.run(review(judge, options, [], 42)).reviewed == ()
    assert judge.asked == []


def test_the_first_failure_ends_the_review(options: ReviewOptions) -> None:
    class Failing(Judge):
        async def complete(self, request: Request) -> Completion:
            await super().complete(request)
            await asyncio.sleep(0 if len(self.asked) == 1 else 60)
            raise ProviderError("the key is not valid")

    with pytest.raises(ProviderError, match="the key is not valid"):
        asyncio.run(review(Failing(lambda _: ""), replace(options, sample_size=3), INSTANCES, 42))


def test_answers_are_stored_and_a_second_review_pays_nothing(options: ReviewOptions, tmp_path: Path) -> None:
    """The judge is the offline model, behind a completion store; a larger sample pays for its new instances only."""
    offline = read_options(yaml.safe_load(OFFLINE.read_text(encoding="utf-8"))["options"])

    class Offline(Judge):
        async def complete(self, request: Request) -> Completion:
            self.asked.append(request)
            return answer(request, "grammar", offline)

    async def ask(size: int) -> tuple[int, list[dict[str, Any]]]:
        store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
        judge = Offline(lambda _: "")
        stored = StoredModel(judge, store, {"name": "offline/grammar"}, 0, "payer")
        try:
            found = await review(stored, replace(options, sample_size=size), INSTANCES, 42)
        finally:
            await stored.drain()
            store.close()
        return len(judge.asked), as_lines(found)

    first, again, larger = (asyncio.run(ask(size)) for size in (8, 8, 12))
    assert first[0] == 24 and again[0] == 0 and larger[0] == 12
    assert first[1] == again[1]
    assert [line for line in larger[1] if line["instance"] in {one["instance"] for one in first[1]}] == first[1]
