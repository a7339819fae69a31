"""Decide mode: is anything in the pool too similar? Only the answer, for a whole stream, as fast as it goes.

A corpus and thresholds go in, accept bits come out. Almost no pair is compared: two texts whose F-measure is above the
threshold share one of their rarest tokens, so only such a prefix is indexed (Chaudhuri et al. 2006; Bayardo et al.
2007); a parity signature then bounds how many tokens two texts can share, and only what passes is compared.

    decide(prepare(tokenise(seeds + texts, "rouge")), len(seeds), [0.7])[0]    # one bool per text
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from selfinstruct.novelty.ahead import wait_for
from selfinstruct.novelty.corpus import Corpus
from selfinstruct.novelty.decide_arrays import NEVER, Cells, Needs, Postings, Ranked, Scratch
from selfinstruct.novelty.decide_kernels import judge, list_keys, sign_each, sort_each

_LONG_TEXTS = 24  # mean tokens from which 64 parity bits tell too little
_WIDE_SIGNATURE = 8
_UNUSED = 0xAAAAAAAAAAAAAAAA  # the signature of a slot without posting: far from that of any short text


def prepare(corpus: Corpus) -> Ranked:
    """Rank the tokens by rarity, sort each text by it, and sign each text: the part that no threshold changes."""
    texts, vocabulary = len(corpus.offsets) - 1, corpus.vocabulary
    rank = np.empty(vocabulary, np.int32)
    counts = np.bincount(corpus.tokens, minlength=vocabulary)
    rank[np.argsort(counts, kind="stable")] = np.arange(vocabulary, dtype=np.int32)
    tokens = rank[corpus.tokens]
    rarest_first = tokens.copy()
    sort_each(rarest_first, corpus.offsets)
    lengths, classes = np.unique(np.diff(corpus.offsets), return_inverse=True)
    words = _WIDE_SIGNATURE if len(tokens) > _LONG_TEXTS * texts else 1
    signatures = np.zeros((texts, words), np.uint64)
    sign_each(signatures, tokens, corpus.offsets)
    return Ranked(
        tokens, rarest_first, corpus.offsets, lengths, classes.astype(np.uint16), signatures, np.arange(vocabulary + 1)
    )


def decide(ranked: Ranked, seeds: int, thresholds: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Return (thresholds, texts after the seeds): True where no pool member scores above the threshold.

    Args:
        ranked: the seeds and then the texts of the stream.
        seeds: how many of them are in the pool from the start.
        thresholds: ascending, at most 64; they share one pass, each with a pool of its own.
    """
    needs = needed(ranked.lengths, thresholds)
    cells = _lay_out(ranked, needs)
    accepted = np.zeros(len(ranked.offsets) - 1, np.uint64)
    wait_for("decide")
    judge(ranked, needs, cells, _no_postings(ranked, cells), _scratch(ranked), accepted, seeds)
    bits = np.uint64(1) << np.arange(len(thresholds), dtype=np.uint64)
    decisions: npt.NDArray[np.bool_] = (accepted[None, seeds:] & bits[:, None]) != 0
    return decisions


def judge_nothing() -> None:
    """Have the loop compiled, by the call that has nothing to do."""
    numbers, words, places = np.empty(0, np.int32), np.empty((0, 1), np.uint64), np.zeros(1, np.int64)
    lengths = np.ones(1, np.int64)
    ranked = Ranked(numbers, numbers, places, lengths, np.empty(0, np.uint16), words, np.arange(1))
    cells = Cells(np.empty(0, np.uint64), places, places)
    postings, scratch = _no_postings(ranked, cells), _scratch(ranked)
    judge(ranked, needed(lengths, [1.0]), cells, postings, scratch, np.empty(0, np.uint64), 0)


def needed(lengths: npt.NDArray[np.int64], thresholds: Sequence[float]) -> Needs:
    """Work out the integers that replace the thresholds, with the floating-point steps of rouge_score."""
    one, other = lengths[None, :, None], lengths[None, None, :]
    above = np.array(thresholds)[:, None, None]
    shorter = np.minimum(one, other)
    # F grows with the LCS, so step up from just below the real solution until F, as a float, is above.
    least = np.maximum(1, (above * (one + other) / 2).astype(np.int64) - 1)
    while (stuck := (least <= shorter) & ~(_f_measure(least, one, other) > above)).any():
        least += stuck
    possible = least <= shorter
    first = np.where(possible.any(axis=2), possible.argmax(axis=2), -1)
    apart = np.where(possible, one + other - 2 * least, -1)
    least[~possible] = NEVER
    return Needs(least, first, np.maximum.accumulate(apart, axis=2), least[0].min(axis=1))


def _f_measure(
    lcs: npt.NDArray[np.int64], one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    precision, recall = lcs / np.maximum(one, 1), lcs / np.maximum(other, 1)
    result: npt.NDArray[np.float64] = 2 * precision * recall / (precision + recall)
    return result


def _lay_out(ranked: Ranked, needs: Needs) -> Cells:
    """Reserve a slot for every posting that there would be if all texts were accepted."""
    keys = np.empty(len(ranked.tokens), np.uint64)
    used = list_keys(keys, ranked, needs)
    keys = keys[:used]
    keys.sort()
    is_new = np.ones(used, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    begins = np.flatnonzero(is_new)
    cells = keys[begins]
    of_token = np.searchsorted(cells, ranked.vocabulary.astype(np.uint64) << np.uint64(32))
    return Cells(cells, np.append(begins, used), of_token)


def _no_postings(ranked: Ranked, cells: Cells) -> Postings:
    slots, nothing = int(cells.starts[-1]), len(ranked.lengths)
    return Postings(
        cells.starts[:-1].copy(),
        np.empty(slots, np.int32),
        np.full(slots, nothing, np.uint16),
        np.full(slots, _UNUSED, np.uint64),
    )


def _scratch(ranked: Ranked) -> Scratch:
    texts, words_known, longest = len(ranked.offsets) - 1, len(ranked.vocabulary) - 1, int(ranked.lengths[-1])
    has_long = longest > 64
    words = (longest + 63) // 64
    return Scratch(
        np.full(texts, -1, np.int32),
        np.full(len(ranked.lengths) + 1, -1, np.int64),
        np.zeros(words_known, np.uint64),
        np.full(words_known if has_long else 0, -1, np.int32),
        np.zeros((longest, words) if has_long else (0, 0), np.uint64),
        np.zeros(words, np.uint64),
    )
