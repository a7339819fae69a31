"""The same decisions by other means: rouge_score itself on a sample, and rapidfuzz's LCS over every pair.

Neither shares code with the index, so they are its oracle here as well as its rivals.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from selfinstruct.text import rouge_tokens


def rouge_score_seconds(
    seeds: Sequence[str], texts: Sequence[str], accepted: npt.NDArray[np.bool_], strata: int = 10, per_stratum: int = 1
) -> tuple[float, int]:
    """Return how long rouge_score would take in one process with cached tokens, and how many pairs were timed.

    The stream is cut into strata of equal length; from each, candidates are drawn and compared with the whole pool as
    it stood. Seconds per pair within a stratum times its pairs, summed. Every decision is checked on the way.
    """
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    draw = random.Random(7)
    pool_sizes = len(seeds) + np.concatenate(([0], np.cumsum(accepted)[:-1]))
    tokens = [scorer._tokenizer.tokenize(text) for text in (*seeds, *texts)]
    members = np.concatenate((np.arange(len(seeds)), len(seeds) + np.flatnonzero(accepted)))
    total, timed = 0.0, 0
    for stratum in np.array_split(np.arange(len(texts)), strata):
        seconds, pairs = 0.0, 0
        for row in draw.sample(stratum.tolist(), per_stratum):
            pool = [tokens[member] for member in members[: pool_sizes[row]]]
            candidate = tokens[len(seeds) + row]
            begin = time.perf_counter()
            highest = max(rouge_scorer._score_lcs(candidate, member).fmeasure for member in pool)
            seconds += time.perf_counter() - begin
            pairs += len(pool)
            assert (highest <= 0.7) == accepted[row]
        total += seconds / pairs * int(pool_sizes[stratum].sum())
        timed += pairs
    return total, timed


def rapidfuzz_decisions(
    seeds: Sequence[str], texts: Sequence[str], threshold: float, block: int = 512
) -> npt.NDArray[np.bool_]:
    """Return the accept decisions, every pair compared: one character a token, blocks of candidates, one thread."""
    numbers: dict[str, int] = {}
    written = ["".join(_letter(numbers.setdefault(t, len(numbers))) for t in rouge_tokens(x)) for x in (*seeds, *texts)]
    pool, stream = written[: len(seeds)], written[len(seeds) :]
    accepted = np.zeros(len(stream), np.bool_)
    for begin in range(0, len(stream), block):
        candidates = stream[begin : begin + block]
        highest = _f_measures(candidates, pool).max(axis=1, initial=0.0)
        among = _f_measures(candidates, candidates)
        for row in range(len(candidates)):
            earlier = accepted[begin : begin + row]
            accepted[begin + row] = max(highest[row], among[row, :row][earlier].max(initial=0.0)) <= threshold
        pool += [text for text, kept in zip(candidates, accepted[begin : begin + block], strict=True) if kept]
    return accepted


def _f_measures(candidates: Sequence[str], pool: Sequence[str]) -> npt.NDArray[np.float64]:
    from rapidfuzz.distance import LCSseq
    from rapidfuzz.process import cdist

    lcs = cdist(candidates, pool, scorer=LCSseq.similarity, dtype=np.uint16, workers=1).astype(np.float64)
    rows = np.maximum([len(text) for text in candidates], 1)[:, None]
    columns = np.maximum([len(text) for text in pool], 1)[None, :]
    precision, recall = lcs / columns, lcs / rows
    with np.errstate(invalid="ignore"):
        scores: npt.NDArray[np.float64] = 2 * precision * recall / (precision + recall)
    return np.nan_to_num(scores)


def _letter(number: int) -> str:
    return chr(number + 0x100 if number + 0x100 < 0xD800 else number + 0x100 + 0x800)
