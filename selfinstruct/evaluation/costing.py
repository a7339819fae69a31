"""What an evaluation would ask and what that would cost: requests go in, forecasts come out; nothing is sent.

The number of requests is exact. Answer tokens are a range: as long as the references are (a judge: as long as a grade
with one sentence), at least half of that, at most max_tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.predictions import Answers, Prediction
from selfinstruct.forecast import Forecast, Range, StageForecast
from selfinstruct.models.prices import Prices
from selfinstruct.records import Request

_SAMPLED = 20
_WITHOUT_REFERENCE_TOKENS = 100.0
_JUDGE_TOKENS = 30.0

CountTokens = Callable[[Request], int]


def answers_forecast(
    requests: Sequence[Request], items: Sequence[Item], count_tokens: CountTokens, prices: Prices | None
) -> Forecast:
    """Return what asking about the items would take, one request for each in the same order."""
    references = [item.references[0] for item in items[:_SAMPLED] if item.references]
    expected = fmean(count_tokens(_bare(text)) for text in references) if references else _WITHOUT_REFERENCE_TOKENS
    return Forecast(tuple(_stages(requests, expected, count_tokens)), prices)


def stand_ins(items: Sequence[Item]) -> list[Answers]:
    """Return references in the place of answers that nobody has yet, so that a judge's questions can be counted."""
    return [Answers("", {item.id: Prediction(item.references[0] if item.references else "") for item in items})]


def judging_forecast(requests: Sequence[Request], count_tokens: CountTokens, prices: Prices | None) -> Forecast:
    """Return what a judge's questions would take, stage by stage."""
    return Forecast(tuple(_stages(requests, _JUDGE_TOKENS, count_tokens)), prices)


def _stages(requests: Sequence[Request], expected: float, count_tokens: CountTokens) -> list[StageForecast]:
    found = []
    for stage in dict.fromkeys(request.stage for request in requests):
        of_stage = [request for request in requests if request.stage == stage]
        step = max(1, len(of_stage) // _SAMPLED)  # all over the benchmark: its tasks differ in length
        prompts = fmean(count_tokens(request) for request in of_stage[::step])
        most = float(of_stage[0].max_tokens)
        number, answer = float(len(of_stage)), min(expected, most)
        answers = Range(answer / 2, answer, most)
        found.append(StageForecast(stage, of_stage[0], Range(number, number, number), prompts, answers))
    return found


def _bare(text: str) -> Request:
    return Request("", (), text, 0, 0.0, 1.0, 0.0, 0.0, ())
