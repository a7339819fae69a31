"""What a request may need at most, and what an answer is booked at, also where the provider does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.models.budget import Spent
from selfinstruct.models.library import import_litellm
from selfinstruct.models.prices import Prices
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.models.store import Row, open_store
from selfinstruct.records import Completion, Message, Request

PRICES = Prices(1e-6, 4e-6)


def ask(content: str, max_tokens: int = 50) -> Request:
    return Request("instructions", (Message("user", content),), "", max_tokens, 0.0, 1.0, 0.0, 0.0, ())


@pytest.mark.parametrize(
    "content",
    ["7" * 3_000, "3.14159 " * 500, "}{;)(" * 400, "説明してください。" * 200, "ÀÁÂ\u0301\u0489" * 300, "🜂🜁" * 200],
)
def test_no_tokenizer_makes_more_of_a_prompt_than_its_worst_case(content: str) -> None:
    """By the tokenizer that LiteLLM carries; a chat template puts up to about ten tokens around a message."""
    litellm = import_litellm()
    found = litellm.token_counter(model="gpt-4", messages=[{"role": "user", "content": content}])
    assert len(content) // 4 < found <= Reckoning().worst_case(ask(content, max_tokens=0)).tokens


def test_the_worst_case_is_every_byte_a_token_and_the_whole_answer() -> None:
    # 6 bytes of prompt, 32 around it, 16 around its one message; 50 tokens of answer
    assert Reckoning(PRICES).worst_case(ask("Grüße")) == Spent(1, 7 + 32 + 16 + 50, 55 * 1e-6 + 50 * 4e-6)


def test_options_that_ask_for_more_count() -> None:
    asked = Reckoning(PRICES, {"max_completion_tokens": 80, "n": 3}).worst_case(ask("a"))
    assert asked.tokens == 1 + 32 + 16 + 3 * 80


@pytest.mark.parametrize(
    ("completion", "booked"),
    [
        (Completion("x", "stop", 10, 5, 0.25), Spent(1, 15, 0.25)),
        (Completion("x", "stop", 10, 5, None), Spent(1, 15, 10 * 1e-6 + 5 * 4e-6)),
        (Completion("x", "stop", None, None, None), Spent(1, 1 + 48 + 50, 49 * 1e-6 + 50 * 4e-6)),
        (Completion("x", "stop", None, None, 0.125), Spent(1, 1 + 48 + 50, 0.125)),
        (Completion("", "content_filter", 0, 0, 0.0), Spent(1, 0, 0.0)),
    ],
    ids=["told", "no price told", "nothing told", "only the price told", "refused"],
)
def test_an_answer_is_booked_at_what_is_told_and_else_at_its_worst(completion: Completion, booked: Spent) -> None:
    assert Reckoning(PRICES).booked(ask("a"), completion) == booked


def test_answers_of_earlier_executions_are_booked_the_same_way(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    told, untold = Completion("x", "stop", 10, 5, 0.25), Completion("y", "stop")
    store.put([Row("a", 0, "run", ask("a"), told), Row("b", 0, "run", ask("b"), untold)])
    reckoning = Reckoning(PRICES)
    assert store.spent("run", reckoning) == Spent(1, 15, 0.25).plus(reckoning.worst_case(ask("b")))
    assert store.spent("run", Reckoning()).cost_usd == 0.25  # where nothing has a price, nothing is reckoned
    store.close()
