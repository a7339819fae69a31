"""The price of a job by hand: tokens of the training file x epochs x price per token, as a range, against the caps."""

from __future__ import annotations

import pytest

from selfinstruct.errors import InputError, LimitReached
from selfinstruct.finetune import bill
from selfinstruct.finetune.bill import Bill, file_tokens, paid_usd, reckon, refuse_over_cap, refuse_too_long
from selfinstruct.finetune.data import CHAT, TEXT, Example
from selfinstruct.models.limits import LimitOptions
from selfinstruct.records import Request


def words(_: str, request: Request) -> int:
    """A tokenizer that counts words, and three more around each turn of a chat."""
    return len(request.text.split()) + sum(len(turn.content.split()) + 3 for turn in request.messages)


def limits(**caps: float) -> LimitOptions:
    no_caps = {"max_requests": None, "max_tokens": None, "max_cost_usd": None, "sweep_max_cost_usd": None}
    rates = {"max_concurrency": 1, "requests_per_minute": None, "tokens_per_minute": None}
    return LimitOptions(**{**no_caps, **rates, "max_attempts": 1, "timeout_s": 1, "patience_s": 1, **caps})  # type: ignore[arg-type]


def test_tokens_are_those_of_the_texts_at_least_and_of_the_turns_at_most() -> None:
    """Two and one words, three and two: 8, the longest has 5. With three around each of four turns: 20."""
    examples = (Example("two words", " one"), Example("three words here", " two words"))
    assert file_tokens(examples, CHAT, "openai/m", words) == (8, 8 + 12, 5)
    assert file_tokens(examples, TEXT, "openai/m", words) == (8, 8, 5)


def test_a_system_prompt_counts_in_every_example() -> None:
    """Be brief: 2 more of the texts, 5 more of the turns."""
    assert file_tokens((Example("one", " two", "Be brief."),), CHAT, "openai/m", words) == (4, 13, 4)


def test_a_tokenizer_that_is_not_the_models_own_adds_a_fifth() -> None:
    """10 words, and 10 x 1.2 = 12."""
    example = Example("one two three four five", " six seven eight nine ten")
    assert file_tokens((example,), TEXT, "mistral/m", words) == (10, 12, 10)


def test_the_price_is_tokens_times_epochs_times_the_price_of_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 examples of 5 words are 500 tokens of text and 100 x 6 more of turns; 3 epochs at $0.002: $3 to $6.60."""
    monkeypatch.setattr(bill, "file_tokens", lambda *given: file_tokens(*given, words))
    found = reckon((Example("one two three", " four five"),) * 100, CHAT, "openai/m", 3, 0.002)
    assert found.tokens == (1500, 3300)
    assert found.cost_usd == pytest.approx((3.0, 6.6))


def test_epochs_that_the_provider_chooses_are_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """One epoch of 2 tokens at least, 25 at most."""
    monkeypatch.setattr(bill, "file_tokens", lambda *given: file_tokens(*given, words))
    found = reckon((Example("one", " two"),), TEXT, "openai/m", "auto", 0.01)
    assert (found.epochs, found.tokens) == ((1, 25), (2, 50))


def test_a_price_that_is_not_known_is_undefined_and_not_nothing() -> None:
    assert Bill(10, 9, (2, 2), (100, 120), None).cost_usd is None
    assert Bill(10, 9, (2, 2), (100, 120), 0.0).cost_usd == (0.0, 0.0)


def test_what_was_paid_is_the_providers_count_times_the_price() -> None:
    """1,000 tokens at $0.002 are $2."""
    assert paid_usd(Bill(10, 9, (2, 2), (100, 120), 0.002), 1000) == pytest.approx(2.0)
    assert paid_usd(Bill(10, 9, (2, 2), (100, 120), None), 1000) is None
    assert paid_usd(Bill(10, 9, (2, 2), (100, 120), 0.002), None) is None
    assert paid_usd(None, 1000) == 0.0


def test_an_example_that_the_model_cannot_read_in_one_piece_is_refused() -> None:
    """Nine tokens fit into a context of nine, and not into one of eight; nobody knows: nothing is refused."""
    found = Bill(10, 9, (2, 2), (100, 120), None)
    refuse_too_long(found, "openai/m", 9)
    refuse_too_long(found, "openai/m", None)
    with pytest.raises(InputError, match="has 9 tokens, and openai/m reads at most 8: it would be cut"):
        refuse_too_long(found, "openai/m", 8)


def test_a_cap_is_compared_with_the_highest_figure() -> None:
    """120 tokens at $0.5 are $60: a cap of 60 is enough, one of 59.99 is not."""
    found = Bill(10, 9, (2, 2), (100, 120), 0.5)
    refuse_over_cap(found, limits(max_cost_usd=60.0, max_tokens=120))
    with pytest.raises(LimitReached, match="may cost up to"):
        refuse_over_cap(found, limits(max_cost_usd=59.99))
    with pytest.raises(LimitReached, match="up to 120 tokens"):
        refuse_over_cap(found, limits(max_tokens=119))


def test_a_cap_without_a_price_is_refused() -> None:
    with pytest.raises(InputError, match="cost_per_training_token"):
        refuse_over_cap(Bill(10, 9, (2, 2), (100, 120), None), limits(max_cost_usd=1000.0))
    with pytest.raises(InputError, match="for each job"):
        refuse_over_cap(Bill(10, 9, (2, 2), (100, 120), 0.1), limits(sweep_max_cost_usd=1000.0))
