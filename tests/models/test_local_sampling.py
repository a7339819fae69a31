"""The next token: greedy, drawn from the smallest set that reaches top_p, with OpenAI's penalties. By hand."""

from __future__ import annotations

from typing import Any

import pytest

from selfinstruct.models.local_sampling import Sampler, drawn, within
from selfinstruct.records import Message, Request

torch: Any = pytest.importorskip("torch", reason="a model in this process needs selfinstruct[local]")


def request(**asked: Any) -> Request:
    defaults: dict[str, Any] = {"stage": "x", "messages": (Message("user", "Go."),), "text": "", "max_tokens": 9}
    defaults |= {"temperature": 1.0, "top_p": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0, "stop": ()}
    return Request(**{**defaults, **asked})


SHARES = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (1.0, [0.2, 0.5, 0.3]),
        (0.81, [0.2, 0.5, 0.3]),  # 0.5 + 0.3 do not reach it
        (0.79, [0.0, 0.5, 0.3]),  # 0.5 does not reach it, with 0.3 it does
        (0.5, [0.0, 0.5, 0.0]),  # reached by the first alone
        (0.0, [0.0, 0.5, 0.0]),  # never nothing at all
    ],
)
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: list[float]) -> None:
    assert within(SHARES, top_p).tolist() == pytest.approx(kept)


@pytest.mark.parametrize(
    ("place", "token"),
    [(0.0, 0), (0.199, 0), (0.201, 1), (0.699, 1), (0.701, 2), (1 - 2**-53, 2)],
)
def test_a_draw_falls_where_the_sum_of_the_shares_passes_it(place: float, token: int) -> None:
    """The sums are 0.2, 0.7, 1.0."""
    assert int(drawn(SHARES, place)) == token


@pytest.mark.parametrize(("place", "token"), [(0.0, 1), (0.624, 1), (0.626, 2), (1 - 2**-53, 2)])
def test_shares_are_of_what_is_kept(place: float, token: int) -> None:
    """0.5 of 0.8 is 0.625; a token that was left out is never drawn, also not at the ends."""
    assert int(drawn(within(SHARES, 0.79), place)) == token
    assert int(drawn(torch.tensor([0.0, 1.0, 0.0]), place)) == 1


def test_temperature_zero_takes_the_highest_score_and_the_lowest_token_on_a_tie() -> None:
    sampler = Sampler(request(temperature=0.0), random_seed=0)
    assert int(sampler.next_token(torch.tensor([1.0, 3.0, 2.0]))) == 1
    assert int(sampler.next_token(torch.tensor([1.0, 3.0, 3.0, 3.0]))) == 1


def test_penalties_lower_what_was_written_by_its_count_and_once() -> None:
    """Token 1 was written twice: 5.0 - 2 x 0.5 - 1.5 = 2.5, below token 2 with 2.6 and above token 0 with 2.4."""
    sampler = Sampler(request(temperature=0.0, frequency_penalty=0.5, presence_penalty=1.5), random_seed=0)
    scores = torch.tensor([2.4, 5.0, 2.6])
    sampler.note(1, scores)
    assert int(sampler.next_token(scores)) == 1  # 5.0 - 0.5 - 1.5 = 3.0
    sampler.note(1, scores)
    assert int(sampler.next_token(scores)) == 2
    assert int(sampler.next_token(torch.tensor([2.4, 5.0, 2.0]))) == 1
    assert scores.tolist() == pytest.approx([2.4, 5.0, 2.6])


def test_temperature_sharpens_and_flattens() -> None:
    """Scores 0 and ln 3 are shares of 1/4 and 3/4; at temperature 0.5 of 1/10 and 9/10, at 2 of 0.366 and 0.634."""
    scores = torch.log(torch.tensor([1.0, 3.0]))

    def share(temperature: float) -> float:
        sampler = Sampler(request(temperature=temperature), random_seed=0)
        return sum(int(sampler.next_token(scores)) for _ in range(4000)) / 4000

    for temperature, expected in ((1.0, 0.75), (0.5, 0.9), (2.0, 0.634)):
        assert share(temperature) == pytest.approx(expected, abs=0.021)  # three standard errors of 4,000 draws


def test_draws_belong_to_the_seed_and_the_whole_request() -> None:
    scores = torch.zeros(1000)

    def draws(asked: Request, seed: int = 0) -> list[int]:
        sampler = Sampler(asked, seed)
        return [int(sampler.next_token(scores)) for _ in range(5)]

    assert draws(request()) == draws(request())
    others = [draws(request(repeat=1)), draws(request(), seed=1), draws(request(max_tokens=10))]
    assert draws(request()) not in others
    assert len({tuple(other) for other in others}) == 3
