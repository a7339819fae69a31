"""The paper's review by a judge model: is the task valid, the input appropriate, the output correct?

A Model, the questions (conf/review/) and the instances of a run go in; each question about each sampled instance is one
request, so that a completion store keeps the answers like all others. Out come the answers, one record an instance:

    {"instance": 17, "stratum": "other, empty input", "answers": {"valid_task": true, "appropriate_input": true,
     "correct_output": null}, "saw": {"valid_task": "Yes.", "appropriate_input": "Yes", "correct_output": "Hm."}}

Source: Wang et al. 2023, section 3.4 and table 2; there an author of the paper answered, about 200 instances.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, MinLen

from selfinstruct.models import Model
from selfinstruct.parsing import read_yes_no
from selfinstruct.prompts import StageTemplate
from selfinstruct.quality.strata import sample_by_stratum, stratum
from selfinstruct.records import NOT_ANSWERED, Completion, Instance, Request
from selfinstruct.templating import render

STAGE = "review"
NO_INPUT = "(none)"
_EXAMPLE = Instance("Name a fruit.", "", "A pear", False)


@dataclass(frozen=True)
class ReviewOptions:
    """The questions by name, in order, and how many instances they are asked about.

    style: chat fills messages, completion fills text. A template may name instruction, input and output.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    style: Literal["chat", "completion"]
    sample_size: Annotated[int, Ge(1)]
    questions: Annotated[Mapping[str, StageTemplate], MinLen(1)]


@dataclass(frozen=True)
class Reviewed:
    """The answers about one instance (its number, from 0), by question; None where an answer could not be read."""

    instance: int
    stratum: str
    answers: dict[str, bool | None]
    saw: dict[str, str]


@dataclass(frozen=True)
class Review:
    """What a judge said; `completions` are its answers as they came, in the same order, for the bill."""

    reviewed: tuple[Reviewed, ...]
    completions: tuple[Completion, ...]


def check_questions(options: ReviewOptions) -> None:
    """Render every question once, so that a fault shows before anything is sent.

    Raises:
        InputError: a template cannot be rendered; names the question.
    """
    for name in options.questions:
        render_question(options, name, _EXAMPLE)


def render_question(options: ReviewOptions, name: str, instance: Instance) -> Request:
    """Return the request that asks one question about one instance. Raises InputError as above."""
    question = options.questions[name]
    values = {
        "instruction": instance.instruction.strip(),
        "input": instance.input.strip() or NO_INPUT,
        "output": instance.output.strip(),
    }
    return render(f"review.questions.{name}", question, options.style, STAGE, values)


async def review(model: Model, options: ReviewOptions, instances: Sequence[Instance], random_seed: int) -> Review:
    """Ask the judge every question about a sample of the instances, all at once; the model keeps its own limits.

    The sample is stratified by classification and empty input, and seeded. A larger `sample_size` goes on with the
    instances of a smaller one, so their answers are not paid for again.

    Raises:
        InputError: a template cannot be rendered.
        SelfInstructError: as `Model.complete`; answers that came before are in the completion store, if there is one.
    """
    sample = sample_by_stratum(instances, options.sample_size, random_seed)
    requests = [render_question(options, name, instances[number]) for number in sample for name in options.questions]
    completions = await _complete_all(model, requests)
    width = len(options.questions)
    return Review(
        tuple(
            _read(options, number, instances[number], completions[place * width : (place + 1) * width])
            for place, number in enumerate(sample)
        ),
        completions,
    )


async def _complete_all(model: Model, requests: Sequence[Request]) -> tuple[Completion, ...]:
    """The first failure ends the others, so that nothing more is sent."""
    tasks = [asyncio.create_task(model.complete(request)) for request in requests]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _read(options: ReviewOptions, number: int, instance: Instance, completions: Sequence[Completion]) -> Reviewed:
    answers: dict[str, bool | None] = {}
    saw: dict[str, str] = {}
    for (name, question), completion in zip(options.questions.items(), completions, strict=True):
        answer, seen = read_yes_no(completion.text, question.stop)
        is_refused = completion.finish_reason in NOT_ANSWERED
        answers[name], saw[name] = (None, completion.finish_reason) if is_refused else (answer, seen)
    return Reviewed(number, stratum(instance), answers, saw)


def as_lines(found: Review) -> list[dict[str, Any]]:
    """Return the answers as plain values, one a line of report/review.jsonl."""
    return [asdict(one) for one in found.reviewed]
