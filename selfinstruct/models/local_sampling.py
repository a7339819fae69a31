"""The next token of one answer, from the model's scores and from what its request asks for.

    sampler = Sampler(request, random_seed=0)
    sampler.next_token(scores)        scores: one number for each token of the vocabulary

Each answer has draws of its own, derived from the seed and the whole request (`repeat` included), and looks at its own
scores only: which other requests it is answered with does not count.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from selfinstruct.jsonl import canonical
from selfinstruct.randomness import generator
from selfinstruct.records import Request


class Sampler:
    """Chooses the tokens of one answer, one after the other.

    Temperature 0 takes the highest score, on a tie the lowest token. Otherwise a token is drawn from the smallest set
    whose probability reaches `top_p`. Penalties are OpenAI's: a token that was written c times loses c times
    frequency_penalty and once presence_penalty; what stands in the prompt does not count.
    """

    def __init__(self, request: Request, random_seed: int) -> None:
        self._request = request
        self._random = generator(random_seed, "transformers", canonical(asdict(request)))
        self._penalty: Any = None
        self._seen: set[int] = set()

    def next_token(self, scores: Any) -> Any:
        """Return the chosen token as a tensor without dimensions, so that a GPU need not be waited for."""
        import torch

        if self._penalty is not None:
            scores = scores - self._penalty
        if self._request.temperature == 0:
            places = torch.arange(scores.numel(), device=scores.device)
            return torch.where(scores == scores.max(), places, scores.numel()).min()
        precision = torch.float32 if scores.device.type == "mps" else torch.float64
        shares = torch.softmax(scores.to(precision) / self._request.temperature, dim=-1)
        return drawn(within(shares, self._request.top_p), self._random.random())

    def note(self, token: int, scores: Any) -> None:
        """Remember that a token was written."""
        import torch

        frequency, presence = self._request.frequency_penalty, self._request.presence_penalty
        if not frequency and not presence:
            return
        if self._penalty is None:
            self._penalty = torch.zeros_like(scores)
        self._penalty[token] += frequency + (0.0 if token in self._seen else presence)
        self._seen.add(token)


def within(shares: Any, top_p: float) -> Any:
    """Return the probabilities with those outside of the smallest set that reaches `top_p` made 0; not normalised."""
    import torch

    if top_p >= 1:
        return shares
    ranked, order = torch.sort(shares, descending=True, stable=True)
    is_inside = torch.cumsum(ranked, dim=-1) - ranked < top_p
    is_inside[0] = True
    return torch.zeros_like(shares).scatter(0, order, torch.where(is_inside, ranked, 0.0))


def drawn(shares: Any, place: float) -> Any:
    """Return the first token at which the shares, summed in the vocabulary's order, pass `place` (0..1) of all."""
    import torch

    sums = torch.cumsum(shares, dim=-1)
    token = torch.searchsorted(sums, (sums[-1] * place).reshape(1), right=True)[0]
    last = (sums < sums[-1]).sum()
    return torch.minimum(token, last)
