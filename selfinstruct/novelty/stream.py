"""A recorded stream of candidates judged again: accept or not, in order, every accepted text joining the pool.

Seeds and texts go in; one decision or one description per text comes out. Nothing is asked of a model.

    judge_stream(["Name a colour."], ["Name a smell.", "name a COLOUR"], 0.7)    # array([ True, False])
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from selfinstruct.errors import InputError
from selfinstruct.novelty import plain
from selfinstruct.novelty.ahead import compile_ahead
from selfinstruct.novelty.corpus import tokenise
from selfinstruct.novelty.decide import decide, prepare
from selfinstruct.novelty.describe import CompiledIndex
from selfinstruct.novelty.described import Bits, DescribedStream
from selfinstruct.novelty.index import NoveltyIndex, tokenizer_named
from selfinstruct.novelty.plain import MOST_SIMILAR

_CHARACTERS_PER_TOKEN = 6
_NONE_JOINS = -2.0  # a threshold below every score
_SPAN = 0.151  # thresholds this close together share one pass: their pools are much the same


def judge_stream(seeds: Sequence[str], texts: Sequence[str], threshold: float, tokenizer: str = "rouge") -> Bits:
    """Return for each text whether it is accepted: its highest score against the pool is at most `threshold`.

    Raises:
        InputError: a threshold outside 0..1, or an unknown tokenizer.
    """
    bits: Bits = judge_stream_many(seeds, texts, [threshold], tokenizer)[0]
    return bits


def judge_stream_many(
    seeds: Sequence[str], texts: Sequence[str], thresholds: Sequence[float], tokenizer: str = "rouge"
) -> Bits:
    """Return the decisions of `judge_stream` for each threshold: shape (thresholds, texts). Raises what it raises.

    The texts are tokenised once. Thresholds that are close together share a pass, in which each has its own pool.
    """
    for threshold in thresholds:
        _check(threshold)
    tokenizer_named(tokenizer)
    if _is_small(seeds, texts):
        rows = [describe_stream(seeds, texts, threshold, tokenizer).accepted for threshold in thresholds]
        return np.array(rows, np.bool_).reshape(len(thresholds), len(texts))
    compile_ahead("decide")
    ranked = prepare(tokenise([*seeds, *texts], tokenizer))
    bits: dict[float, Bits] = {}
    for group in _groups(thresholds):
        bits |= zip(group, decide(ranked, len(seeds), group), strict=True)
    return np.array([bits[threshold] for threshold in thresholds], np.bool_).reshape(len(thresholds), len(texts))


def describe_stream(
    seeds: Sequence[str], texts: Sequence[str], threshold: float, tokenizer: str = "rouge"
) -> DescribedStream:
    """Describe each text against the pool as it stands, then accept it or not, as `judge_stream` does.

    Raises:
        InputError: a threshold outside 0..1, or an unknown tokenizer.
    """
    _check(threshold)
    tokenizer_named(tokenizer)
    if _is_small(seeds, texts):
        return _describe_plainly(seeds, texts, threshold, tokenizer)
    compile_ahead("describe")
    corpus = tokenise([*seeds, *texts], tokenizer)
    return CompiledIndex(corpus.vocabulary).stream(corpus.tokens, corpus.offsets, len(seeds), threshold)


def highest_scores(pool: Sequence[str], texts: Sequence[str], tokenizer: str = "rouge") -> npt.NDArray[np.float64]:
    """Return the highest score of each text against a pool that stays as it is; 0.0 where the pool is empty.

    Raises:
        InputError: an unknown tokenizer.
    """
    tokenizer_named(tokenizer)
    if not pool:
        return np.zeros(len(texts))
    if _is_small(pool, texts):
        described = _describe_plainly(pool, texts, _NONE_JOINS, tokenizer)
    else:
        compile_ahead("describe")
        corpus = tokenise([*pool, *texts], tokenizer)
        described = CompiledIndex(corpus.vocabulary).stream(corpus.tokens, corpus.offsets, len(pool), _NONE_JOINS)
    return described.scores[:, 0].copy()


def count_invisible(texts: Sequence[str], tokenizer: str = "rouge") -> int:
    """Return how many texts are not blank and yet have no token: they score 0 with everything, so all of them pass.

    With "rouge" that is every text in a script other than Latin.

    Raises:
        InputError: an unknown tokenizer.
    """
    tokens = tokenizer_named(tokenizer)
    return sum(1 for text in texts if text.strip() and not tokens(text))


def _describe_plainly(seeds: Sequence[str], texts: Sequence[str], threshold: float, tokenizer: str) -> DescribedStream:
    index = NoveltyIndex(tokenizer)
    for text in seeds:
        index.add(text)
    rows = len(texts)
    indices, scores = np.full((rows, MOST_SIMILAR), -1, np.int32), np.full((rows, MOST_SIMILAR), -1.0)
    accepted, means = np.zeros(rows, np.bool_), np.zeros(rows)
    for row, text in enumerate(texts):
        similarity = index.describe(text)
        for rank, (member, score) in enumerate(similarity.most_similar):
            indices[row, rank], scores[row, rank] = member, score
        means[row] = similarity.mean
        accepted[row] = similarity.max_score <= threshold
        if accepted[row]:
            index.add(text)
    return DescribedStream(accepted, indices, scores, means)


def _is_small(seeds: Sequence[str], texts: Sequence[str]) -> bool:
    characters = sum(map(len, seeds)) + sum(map(len, texts))
    return characters <= _CHARACTERS_PER_TOKEN * plain.MOST_TOKENS


def _groups(thresholds: Sequence[float]) -> list[list[float]]:
    """Return the distinct thresholds, ascending, in groups that share a pass (at most 64, one bit each)."""
    groups: list[list[float]] = []
    for threshold in sorted(set(thresholds)):
        if groups and threshold - groups[-1][0] <= _SPAN and len(groups[-1]) < 64:
            groups[-1].append(threshold)
        else:
            groups.append([threshold])
    return groups


def _check(threshold: float) -> None:
    if not 0.0 <= threshold <= 1.0:
        raise InputError(f"max_rouge_l: {threshold} is not between 0 and 1; 0.7 is the published value")
