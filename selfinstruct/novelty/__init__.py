"""How new is a text? Exact ROUGE-L against a whole task pool, every float equal to rouge_score's.

Texts go in; `Similarity` (one text against the pool) or accept decisions (a whole stream) come out. The index keeps
tokens, not texts: pool indices are the caller's key to its own list.

    index = NoveltyIndex()
    index.add("Name a colour.")
    index.describe("Name a smell.").max_score                                # 0.6666666666666666
    judge_stream(["Name a colour."], ["Name a smell.", "name a COLOUR"], 0.7)   # array([ True, False])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selfinstruct.errors import InputError
from selfinstruct.novelty.plain import PlainIndex
from selfinstruct.records import Similarity
from selfinstruct.text import rouge_tokens, unicode_tokens

TOKENIZERS: dict[str, Callable[[str], list[str]]] = {"rouge": rouge_tokens, "unicode": unicode_tokens}

__all__ = [
    "TOKENIZERS",
    "DescribedStream",
    "NoveltyIndex",
    "count_invisible",
    "describe_stream",
    "judge_stream",
    "judge_stream_many",
]


class NoveltyIndex:
    """A task pool that says how similar a text is to its members.

    Args:
        tokenizer: "rouge" (runs of a-z and 0-9, as rouge_score) or "unicode" (words of any script).

    Raises:
        InputError: there is no tokenizer of that name.
    """

    def __init__(self, tokenizer: str = "rouge") -> None:
        self._tokens = _tokenizer(tokenizer)
        self._index = PlainIndex()

    def __len__(self) -> int:
        return len(self._index)

    def add(self, text: str) -> int:
        """Append a text to the pool and return its pool index (0, 1, 2, ...)."""
        return self._index.add(self._tokens(text))

    def describe(self, text: str) -> Similarity:
        """Compare a text with every member: highest score, ten most similar, mean score. The pool stays as it is."""
        return self._index.describe(self._tokens(text))

    def is_above(self, text: str, threshold: float) -> bool:
        """Return whether the highest score of a text is strictly above the threshold (0.7 itself is not above 0.7)."""
        return self._index.is_above(self._tokens(text), threshold)


@dataclass(frozen=True)
class DescribedStream:
    """What `describe_stream` found: one entry per text, in the order of the texts.

    accepted: whether the text joined the pool. Pool indices count the seeds first, then the accepted texts.
    """

    accepted: npt.NDArray[np.bool_]
    similarities: Sequence[Similarity]


def judge_stream(
    seeds: Sequence[str], texts: Sequence[str], threshold: float, tokenizer: str = "rouge"
) -> npt.NDArray[np.bool_]:
    """Return for each text, in order, whether it is accepted: highest score at most `threshold`, 0..1.

    The pool starts as the seeds; every accepted text joins it.
    """
    return describe_stream(seeds, texts, threshold, tokenizer).accepted


def judge_stream_many(
    seeds: Sequence[str], texts: Sequence[str], thresholds: Sequence[float], tokenizer: str = "rouge"
) -> npt.NDArray[np.bool_]:
    """Return the decisions of `judge_stream` for several thresholds: shape (thresholds, texts)."""
    rows = [judge_stream(seeds, texts, threshold, tokenizer) for threshold in thresholds]
    return np.array(rows, dtype=np.bool_).reshape(len(thresholds), len(texts))


def describe_stream(
    seeds: Sequence[str], texts: Sequence[str], threshold: float, tokenizer: str = "rouge"
) -> DescribedStream:
    """Describe each text against the pool as it stands, then accept it or not, as `judge_stream` does."""
    index = NoveltyIndex(tokenizer)
    for text in seeds:
        index.add(text)
    similarities = []
    for text in texts:
        similarity = index.describe(text)
        similarities.append(similarity)
        if similarity.max_score <= threshold:
            index.add(text)
    accepted = [similarity.max_score <= threshold for similarity in similarities]
    return DescribedStream(np.array(accepted, dtype=np.bool_), similarities)


def count_invisible(texts: Sequence[str], tokenizer: str = "rouge") -> int:
    """Return how many texts have something to read but no token: they score 0 with everything and pass unseen."""
    tokens = _tokenizer(tokenizer)
    return sum(1 for text in texts if text.strip() and not tokens(text))


def _tokenizer(name: str) -> Callable[[str], list[str]]:
    if name not in TOKENIZERS:
        raise InputError(f"tokenizer: {name!r} is unknown; choose one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]
