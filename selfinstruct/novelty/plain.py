"""The novelty index in plain Python: nothing to compile, exact for texts of any length, right for small pools.

Token lists go in, `Similarity` comes out. The longest common subsequence (LCS) is found bit-parallel, for the whole
pool at once: a member's state holds a 1 for each of its tokens that is not yet matched, and the postings of a
candidate token say which members change (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").

    index = PlainIndex()
    index.add(["name", "a", "colour"])
    index.describe(["name", "a", "smell"]).max_score    # 0.6666666666666666
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfinstruct.novelty.score import f_measure
from selfinstruct.records import Similarity

MOST_SIMILAR = 10


class PlainIndex:
    """A pool of token lists with postings from token to (member, positions as a bit mask)."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._postings: dict[str, list[tuple[int, int]]] = {}

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, tokens: Sequence[str]) -> int:
        """Append a member and return its pool index."""
        member = len(self._lengths)
        self._lengths.append(len(tokens))
        for token, mask in _position_masks(tokens).items():
            self._postings.setdefault(token, []).append((member, mask))
        return member

    def describe(self, tokens: Sequence[str]) -> Similarity:
        """Compare a candidate with every member."""
        pool = len(self._lengths)
        if not pool:
            return Similarity(0.0, -1, (), 0.0)
        scores = np.zeros(pool)
        for member, lcs in self._common(tokens).items():
            scores[member] = f_measure(lcs, self._lengths[member], len(tokens))
        best = np.argsort(-scores, kind="stable")[:MOST_SIMILAR]  # stable: equal scores stay in pool order
        most_similar = tuple((int(member), float(scores[member])) for member in best)
        return Similarity(most_similar[0][1], most_similar[0][0], most_similar, float(np.mean(scores)))

    def is_above(self, tokens: Sequence[str], threshold: float) -> bool:
        """Return whether the highest score is strictly above the threshold."""
        if threshold < 0.0:
            return bool(self._lengths)
        common = self._common(tokens)
        return any(f_measure(lcs, self._lengths[member], len(tokens)) > threshold for member, lcs in common.items())

    def _common(self, tokens: Sequence[str]) -> dict[int, int]:
        """Return the LCS length for every member that shares a token with the candidate."""
        states: dict[int, int] = {}
        for token in tokens:
            for member, mask in self._postings.get(token, ()):
                state = states.get(member)
                if state is None:
                    state = (1 << self._lengths[member]) - 1
                matched = state & mask
                states[member] = (state + matched) | (state - matched)
        return {member: _zeros(state, self._lengths[member]) for member, state in states.items()}


def _position_masks(tokens: Sequence[str]) -> dict[str, int]:
    masks: dict[str, int] = {}
    for position, token in enumerate(tokens):
        masks[token] = masks.get(token, 0) | 1 << position
    return masks


def _zeros(state: int, length: int) -> int:
    """Count the zeros among the lowest `length` bits: the additions above carry beyond them."""
    return length - (state & ((1 << length) - 1)).bit_count()
