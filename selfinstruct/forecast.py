"""What a run would ask and what that would cost, from its plan alone: nothing is sent, nothing is written.

    forecast(plan, count_tokens, prices).stages[0].requests       # Range(low=13, expected=25, high=100)

The first prompts are the very ones that the run sends first; the later stages are shown with a seed instruction in the
place of a new one. How much will be asked depends on answers that nobody has yet, so each figure has a range:

    requests        low: every answer brings as many new instructions as expected_per_request says; expected: half of
                    them; high: one eighth of them, the yield of a pool that is nearly exhausted
    answer tokens   expected: as long as the seed tasks are; low: half of that; high: every answer is cut by max_tokens
    prompt tokens   the mean over the first prompts of each stage
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from selfinstruct.models.prices import Prices
from selfinstruct.pipeline import Plan
from selfinstruct.prompts import render_classification, render_instances
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST, Request, SeedTask
from selfinstruct.stages.instructions import Bootstrap

_SAMPLED = 20
_EXPECTED_YIELD, _LOWEST_YIELD = 1 / 2, 1 / 8
_YES_OR_NO_TOKENS, _YES_OR_NO_JSON_TOKENS = 2, 8
_INSTANCES_PER_ANSWER = 2

CountTokens = Callable[[Request], int]
CountText = Callable[[str], int]


@dataclass(frozen=True)
class Range:
    """A guess and its bounds."""

    low: float
    expected: float
    high: float

    def times(self, other: Range) -> Range:
        """Return the product, bound by bound."""
        return Range(self.low * other.low, self.expected * other.expected, self.high * other.high)

    def plus(self, other: Range) -> Range:
        """Return the sum, bound by bound."""
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)


@dataclass(frozen=True)
class StageForecast:
    """One stage: its first request, how many there will be, and the tokens of one (mean prompt; answer as a range)."""

    stage: str
    first: Request
    requests: Range
    prompt_tokens: float
    answer_tokens: Range

    @property
    def tokens(self) -> Range:
        """Tokens of all requests, prompts and answers together."""
        each = Range(*(self.prompt_tokens + tokens for tokens in _bounds(self.answer_tokens)))
        return self.requests.times(each)

    def cost_usd(self, prices: Prices) -> Range:
        """US dollars of all requests."""
        each = Range(*(prices.cost_usd(self.prompt_tokens, tokens) for tokens in _bounds(self.answer_tokens)))
        return self.requests.times(each)


@dataclass(frozen=True)
class Forecast:
    """The stages in the order in which a run comes to them; `prices` is None where they are not known."""

    stages: tuple[StageForecast, ...]
    prices: Prices | None

    @property
    def requests(self) -> Range:
        """Requests of all stages."""
        return _sum([stage.requests for stage in self.stages])

    @property
    def tokens(self) -> Range:
        """Tokens of all stages."""
        return _sum([stage.tokens for stage in self.stages])

    @property
    def cost_usd(self) -> Range | None:
        """US dollars of all stages; None where the price is not known."""
        if self.prices is None:
            return None
        return _sum([stage.cost_usd(self.prices) for stage in self.stages])


def forecast(plan: Plan, count_tokens: CountTokens, prices: Prices | None) -> Forecast:
    """Return what a run of this plan would ask, stage by stage.

    Args:
        count_tokens: prompt tokens of a request; also asked about seed texts, as requests of that text alone.
        prices: of the model; None where they are not known.
    """
    stages = [_instructions(plan, count_tokens)]
    if plan.templates.form == "instructions":
        stages += [_classification(plan, count_tokens), *_instances(plan, count_tokens)]
    return Forecast(tuple(stages), prices)


def _instructions(plan: Plan, count_tokens: CountTokens) -> StageForecast:
    bootstrap = Bootstrap(plan.seeds, plan.templates, plan.generation, plan.instruction_thresholds, plan.random_seed)
    first = [next(bootstrap.forms(ordinal)) for ordinal in range(min(_SAMPLED, bootstrap.window_end()))]
    best = plan.generation.expected_per_request
    yields = (best, max(1.0, best * _EXPECTED_YIELD), best * _LOWEST_YIELD)
    requests = Range(*(float(math.ceil(plan.generation.target / per_request)) for per_request in yields))
    of_task = _mean_tokens(plan.seeds, count_tokens, _whole if plan.templates.form == "tasks" else _instruction)
    return _stage(INSTRUCTIONS, first, requests, best * of_task, count_tokens)


def _classification(plan: Plan, count_tokens: CountTokens) -> StageForecast:
    requests = [render_classification(plan.templates, task.instruction) for task in plan.seeds[:_SAMPLED]]
    answer_tokens = _YES_OR_NO_JSON_TOKENS if requests[0].schema else _YES_OR_NO_TOKENS
    return _stage(CLASSIFICATION, requests, _exactly(plan.generation.target), answer_tokens, count_tokens)


def _instances(plan: Plan, count_tokens: CountTokens) -> list[StageForecast]:
    """Output-first for as large a share as among the seeds, input-first for the rest."""
    stages = []
    for stage, is_classification in ((INPUT_FIRST, False), (OUTPUT_FIRST, True)):
        alike = [task for task in plan.seeds if task.is_classification == is_classification]
        if not alike:
            continue
        requests = [render_instances(plan.templates, task.instruction, is_classification) for task in alike[:_SAMPLED]]
        number = _exactly(round(plan.generation.target * len(alike) / len(plan.seeds)))
        expected = _INSTANCES_PER_ANSWER * _mean_tokens(alike, count_tokens, _first_instance)
        stages.append(_stage(stage, requests, number, expected, count_tokens))
    return stages


def _stage(
    stage: str, first: Sequence[Request], requests: Range, answer_tokens: float, count_tokens: CountTokens
) -> StageForecast:
    most = float(first[0].max_tokens)
    expected = min(answer_tokens, most)
    answers = Range(expected / 2, expected, most)
    return StageForecast(stage, first[0], requests, fmean(count_tokens(request) for request in first), answers)


def _mean_tokens(seeds: Sequence[SeedTask], count_tokens: CountTokens, part: Callable[[SeedTask], str]) -> float:
    return fmean(count_tokens(_bare(part(task))) for task in seeds[:_SAMPLED])


def _bare(text: str) -> Request:
    return Request("", (), text, 0, 0.0, 1.0, 0.0, 0.0, ())


def _instruction(task: SeedTask) -> str:
    return task.instruction


def _first_instance(task: SeedTask) -> str:
    return f"{task.instances[0].input}\n{task.instances[0].output}"


def _whole(task: SeedTask) -> str:
    return f"{task.instruction}\n{_first_instance(task)}"


def _exactly(number: int) -> Range:
    return Range(number, number, number)


def _bounds(values: Range) -> tuple[float, float, float]:
    return values.low, values.expected, values.high


def _sum(ranges: Sequence[Range]) -> Range:
    total = Range(0, 0, 0)
    for one in ranges:
        total = total.plus(one)
    return total
