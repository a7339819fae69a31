"""`dry_run=true` of an evaluation: what the model and the judge would be asked, and what that would cost.

A plan goes in, the text for stdout and the figures for the sweep come out; nothing is sent, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from selfinstruct.evaluation.costing import answers_forecast, judging_forecast, stand_ins
from selfinstruct.evaluation.judging import questions_about
from selfinstruct.evaluation.manifest import Plan
from selfinstruct.evaluation.rendering import render_item
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.limits import LimitOptions
from selfinstruct.outcomes import Rehearsed

if TYPE_CHECKING:
    from selfinstruct.forecast import Forecast


@dataclass(frozen=True)
class Rehearsal:
    """What a dry run says, and its figures for the sweep that it may belong to."""

    text: str
    figures: Rehearsed


def rehearse(plan: Plan, name: str, limits: LimitOptions) -> Rehearsal:
    """Return the first prompts, and what would be asked and cost, of the model and of the judge."""
    from selfinstruct.dry_run import describe_dry_run

    asked = _asked(plan)
    parts = []
    if plan.given is not None:
        parts.append(f"{name}: {len(plan.given)} sets of predictions are scored as they are, and no model is asked.")
    parts += [describe_dry_run(f"{name}: {model.name}", model.name, one, limits) for model, one in asked]
    return Rehearsal("\n\n".join(parts), _together([found for _, found in asked]))


def _asked(plan: Plan) -> list[tuple[ModelOptions, Forecast]]:
    """Return the models that would be asked, each with its forecast."""
    items = plan.benchmark.items
    asked = []
    if plan.given is None:
        requests = [render_item(plan.options, plan.model.mode, item) for item in items]
        asked.append((plan.model, _forecast(plan.model, partial(answers_forecast, requests, items))))
    if plan.judge is not None:
        answers = stand_ins(items) if plan.given is None else plan.given
        requests = questions_about(plan.grading, plan.judged, answers)
        asked.append((plan.judge, _forecast(plan.judge, partial(judging_forecast, requests))))
    return asked


def _forecast(model: ModelOptions, make: Callable[..., Forecast]) -> Forecast:
    from selfinstruct.models.prices import count_tokens, known_prices

    prices = known_prices(model.name, model.input_cost_per_token, model.output_cost_per_token)
    return make(partial(count_tokens, model.name), prices)


def _together(found: Sequence[Forecast]) -> Rehearsed:
    """Return what one evaluation would ask of all its models; no cost where the price of one is not known."""
    from selfinstruct.forecast import Range

    requests, cost_usd, is_known = Range(0, 0, 0), Range(0, 0, 0), True
    for one in found:
        requests = requests.plus(one.requests)
        is_known = is_known and one.cost_usd is not None
        cost_usd = cost_usd.plus(one.cost_usd or Range(0, 0, 0))
    return Rehearsed(requests, cost_usd if is_known else None)
