"""What a run would ask and cost, before anything is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfinstruct import config as configs
from selfinstruct.forecast import Forecast, Range, forecast
from selfinstruct.job import RunJob
from selfinstruct.models.prices import Prices, count_tokens, known_prices
from selfinstruct.pipeline import Plan
from selfinstruct.records import Message, Request

from .configs import compose


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    monkeypatch.chdir(tmp_path_factory.mktemp("forecast"))
    return RunJob(configs.load(compose("tracking=off", "generation.target=64")))._plan()


def by_words(request: Request) -> int:
    return len((request.text or " ".join(message.content for message in request.messages)).split())


def found(plan: Plan, prices: Prices | None = None) -> Forecast:
    return forecast(plan, by_words, prices)


def test_requests_follow_from_target_and_yield(plan: Plan) -> None:
    stages = {stage.stage: stage for stage in found(plan).stages}
    # 64 instructions at 8, 4 and 1 an answer; then one classification and one request for instances each
    assert stages["instructions"].requests == Range(8, 16, 64)
    assert stages["classification"].requests == Range(64, 64, 64)
    later = stages["input_first"].requests.expected + stages["output_first"].requests.expected
    assert later == 64
    share = sum(task.is_classification for task in plan.seeds) / len(plan.seeds)
    assert stages["output_first"].requests.expected == round(64 * share)


def test_the_first_prompt_is_the_one_that_the_run_sends_first(plan: Plan) -> None:
    from selfinstruct.stages.instructions import Bootstrap

    bootstrap = Bootstrap(plan.seeds, plan.templates, plan.generation, plan.instruction_thresholds, plan.random_seed)
    assert found(plan).stages[0].first == next(bootstrap.forms(0))


def test_an_answer_is_never_longer_than_max_tokens(plan: Plan) -> None:
    for stage in found(plan).stages:
        assert stage.answer_tokens.low <= stage.answer_tokens.expected <= stage.answer_tokens.high
        assert stage.answer_tokens.high == stage.first.max_tokens


def test_tokens_and_cost_add_up(plan: Plan) -> None:
    told = found(plan, Prices(1e-6, 2e-6))
    first = told.stages[0]
    assert first.tokens.high == 64 * (first.prompt_tokens + first.first.max_tokens)
    assert first.cost_usd(Prices(1e-6, 2e-6)).high == pytest.approx(
        64 * (first.prompt_tokens * 1e-6 + first.first.max_tokens * 2e-6)
    )
    assert told.cost_usd is not None
    assert told.cost_usd.expected == pytest.approx(
        sum(stage.cost_usd(Prices(1e-6, 2e-6)).expected for stage in told.stages)
    )
    assert found(plan).cost_usd is None


def test_seeds_without_classification_tasks_have_no_output_first_stage(plan: Plan) -> None:
    seeds = tuple(task for task in plan.seeds if not task.is_classification)
    assert [stage.stage for stage in found(replace(plan, seeds=seeds)).stages] == [
        "instructions",
        "classification",
        "input_first",
    ]


def test_declared_prices_win_and_unknown_ones_are_none() -> None:
    assert known_prices("openai/my-own", 1e-6, 2e-6) == Prices(1e-6, 2e-6)
    assert known_prices("openai/my-own", None, None) is None
    assert known_prices("openai/my-own", 1e-6, None) is None
    known = known_prices("openai/gpt-4.1-mini", None, None)
    assert known is not None
    assert 0 < known.input_usd < known.output_usd < 1e-4


def test_a_price_that_one_run_declares_is_not_known_to_the_next() -> None:
    from selfinstruct.models.library import import_litellm
    from selfinstruct.models.route import register_price

    register_price(import_litellm(), "openai/declared-by-one", Prices(1e-6, 2e-6))
    assert known_prices("openai/declared-by-one", None, None) is None


def test_tokens_are_counted_for_chat_and_for_text() -> None:
    text = Request("instructions", (), "Name three colours.", 10, 0.0, 1.0, 0.0, 0.0, ())
    chat = replace(text, text="", messages=(Message("user", "Name three colours."),))
    counted = count_tokens("openai/gpt-4.1-mini", text)
    assert 3 <= counted <= 5
    assert counted < count_tokens("openai/gpt-4.1-mini", chat) <= counted + 10


def test_a_tuned_model_has_the_price_of_tuned_models_of_its_base() -> None:
    from selfinstruct.models.library import import_litellm

    listed = import_litellm().model_cost["ft:gpt-4.1-mini-2025-04-14"]
    found = known_prices("openai/ft:gpt-4.1-mini-2025-04-14:lab:si-9f3c1b2a7d40:Ab1", None, None)
    assert found == Prices(listed["input_cost_per_token"], listed["output_cost_per_token"])
    assert known_prices("openai/ft:nobody-knows:lab::Ab1", None, None) is None
