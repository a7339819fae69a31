"""The novelty index in plain Python: nothing to compile, exact for texts of any length, right for small pools.

Token numbers go in, `Similarity` comes out. The longest common subsequence (LCS) is found bit-parallel and for the
whole pool at once: a member's state holds a 1 for each of its tokens that is not yet matched, and the postings of a
candidate token say whose states change (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").

    index = PlainIndex()
    index.add([0, 1, 2])
    index.describe([0, 1, 3]).max_score    # 0.6666666666666666
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfinstruct.records import Similarity

MOST_SIMILAR = 10
MOST_TOKENS = 32_768
"""Pool size, in tokens, up to which this is soon enough; about 3,000 instructions, or 300 long scenarios."""


def f_measure(lcs: int, length: int, other_length: int) -> float:
    """Return ROUGE-L F from the LCS length and the two token counts, in the floating-point steps of rouge_score 0.1.2.

    Which text is "target" and which "prediction" changes precision and recall but no bit of F: doubling is exact, and
    floating-point addition and multiplication commute.
    """
    if lcs == 0:
        return 0.0
    precision, recall = lcs / length, lcs / other_length
    return 2 * precision * recall / (precision + recall)


class PlainIndex:
    """A pool of token lists, with postings from token to (member, its positions as a bit mask)."""

    def __init__(self) -> None:
        self.members: list[list[int]] = []
        self.token_count = 0
        self._postings: dict[int, list[tuple[int, int]]] = {}

    def __len__(self) -> int:
        return len(self.members)

    def add(self, tokens: Sequence[int]) -> int:
        """Append a member and return its pool index."""
        member = len(self.members)
        self.members.append(list(tokens))
        self.token_count += len(tokens)
        for token, mask in _position_masks(tokens).items():
            self._postings.setdefault(token, []).append((member, mask))
        return member

    def describe(self, tokens: Sequence[int]) -> Similarity:
        """Compare a candidate with every member; numbers below 0 stand for tokens that no member has."""
        if not self.members:
            return Similarity(0.0, -1, (), 0.0)
        scores = np.zeros(len(self.members))
        for member, lcs in self._common(tokens).items():
            scores[member] = f_measure(lcs, len(self.members[member]), len(tokens))
        best = np.argsort(-scores, kind="stable")[:MOST_SIMILAR]  # stable: equal scores stay in pool order
        most_similar = tuple((int(member), float(scores[member])) for member in best)
        return Similarity(most_similar[0][1], most_similar[0][0], most_similar, float(np.mean(scores)))

    def _common(self, tokens: Sequence[int]) -> dict[int, int]:
        """Return the LCS length for every member that shares a token with the candidate."""
        states: dict[int, int] = {}
        for token in tokens:
            for member, mask in self._postings.get(token, ()):
                state = states.get(member)
                if state is None:
                    state = (1 << len(self.members[member])) - 1
                matched = state & mask
                states[member] = (state + matched) | (state - matched)
        return {member: _zeros(state, len(self.members[member])) for member, state in states.items()}


def _position_masks(tokens: Sequence[int]) -> dict[int, int]:
    masks: dict[int, int] = {}
    for position, token in enumerate(tokens):
        masks[token] = masks.get(token, 0) | 1 << position
    return masks


def _zeros(state: int, length: int) -> int:
    """Count the zeros among the lowest `length` bits: the additions carry beyond them."""
    return length - (state & ((1 << length) - 1)).bit_count()
