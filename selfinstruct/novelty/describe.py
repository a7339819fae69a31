"""Describe mode: every score of every text against the whole pool, compiled.

Token numbers go in; what was found comes out, one row per text. The pool grows by doubling: adding a member copies
nothing but, now and then, one token's list.

    index = CompiledIndex(vocabulary=3)
    index.add([0, 1, 2])
    index.describe([0, 1]).max_score    # 0.8
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from selfinstruct.novelty.ahead import wait_for
from selfinstruct.novelty.describe_arrays import (
    ENTRIES,
    LONG,
    MASKS,
    MEMBERS,
    ROWS,
    ROWS_USED,
    SHORT,
    TABLE,
    TOP,
    WANTED,
    Found,
    Pool,
    Scratch,
)
from selfinstruct.novelty.describe_kernels import advance
from selfinstruct.novelty.described import DescribedStream
from selfinstruct.records import Similarity

_NEVER_JOINS = -2.0  # below every score, also that of an empty pool


class CompiledIndex:
    """A pool of token lists that describes candidates, for pools that are too large for plain Python."""

    def __init__(self, vocabulary: int = 1024) -> None:
        self._pool = Pool(
            counts=np.zeros(7, np.int64),
            bases=np.empty(1024, np.uint32),
            lists=np.zeros((vocabulary, 4), np.int64),
            long_lists=np.zeros((vocabulary, 4), np.int64),
            entries=np.empty(1 << 14, np.uint64),
            rows=np.zeros((ROWS, 1024), np.uint32),
            long_members=np.empty(16, np.int64),
            long_lengths=np.empty(16, np.int64),
            lane_starts=np.zeros(17, np.int64),
            masks=np.empty(1024, np.uint64),
        )
        self._scratch = Scratch(
            states=np.empty(1024, np.uint32),
            codes=np.empty(1024, np.uint32),
            table=np.zeros(TABLE + 16),
            lanes=np.empty(1024, np.uint64),
            leaf_starts=np.empty(32, np.int64),
            leaf_best=np.empty(32),
            stack=np.zeros((3, 64), np.int64),
            sums=np.zeros(64),
        )

    def __len__(self) -> int:
        return int(self._pool.counts[MEMBERS])

    def add(self, tokens: Sequence[int]) -> int:
        """Append a member, given as token numbers, and return its pool index."""
        if tokens:
            self._make_room_for_token(max(tokens))
        numbers = np.array(tokens, np.int32)
        self.stream(numbers, np.array([0, len(numbers)]), seeds=1, threshold=0.0)
        return len(self) - 1

    def describe(self, tokens: Sequence[int]) -> Similarity:
        """Compare a candidate with every member; numbers below 0 stand for tokens that no member has."""
        numbers = np.array(tokens, np.int32)
        return self.stream(numbers, np.array([0, len(numbers)]), seeds=0, threshold=_NEVER_JOINS)[0]

    def stream(
        self, tokens: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], seeds: int, threshold: float
    ) -> DescribedStream:
        """Let the first texts of a corpus join the pool; describe each of the others and let it join, or not.

        Text i is tokens[offsets[i]:offsets[i + 1]]; it joins when it scores at most `threshold`. One row per text after
        the seeds.
        """
        texts = len(offsets) - 1
        rows = texts - seeds
        found = Found(np.zeros(rows, np.bool_), np.empty((rows, TOP), np.int32), np.empty((rows, TOP)), np.empty(rows))
        at = 0
        wait_for("describe")
        while True:
            at = advance(self._pool, self._scratch, tokens, offsets, at, seeds, threshold, found)
            if self._pool.counts[WANTED] < 0:
                return DescribedStream(*found)
            self._make_room(int(self._pool.counts[WANTED]), int(offsets[at + 1] - offsets[at]))

    def _make_room(self, wanted: int, length: int) -> None:
        pool, scratch = self._pool, self._scratch
        if wanted == MEMBERS:
            capacity = 2 * len(pool.bases)
            rows = np.zeros((ROWS, capacity), np.uint32)
            used = pool.counts[ROWS_USED]
            rows[:used, : len(pool.bases)] = pool.rows[:used]
            self._pool = pool._replace(bases=_at_least(pool.bases, capacity), rows=rows)
            self._scratch = scratch._replace(
                states=np.empty(capacity, np.uint32),
                codes=np.empty(capacity, np.uint32),
                leaf_starts=np.empty(capacity // SHORT, np.int64),
                leaf_best=np.empty(capacity // SHORT),
            )
        elif wanted == ENTRIES:
            self._pool = pool._replace(entries=_at_least(pool.entries, 2 * len(pool.entries)))
        elif wanted == LONG:
            capacity = 2 * len(pool.long_members)
            self._pool = pool._replace(
                long_members=_at_least(pool.long_members, capacity),
                long_lengths=_at_least(pool.long_lengths, capacity),
                lane_starts=_at_least(pool.lane_starts, capacity + 1),
            )
            self._scratch = scratch._replace(table=np.zeros(TABLE + capacity))
        elif wanted == MASKS:
            self._pool = pool._replace(masks=_at_least(pool.masks, 2 * len(pool.masks)))
            self._scratch = scratch._replace(lanes=np.empty(len(self._pool.masks), np.uint64))

    def _make_room_for_token(self, token: int) -> None:
        pool = self._pool
        if token >= len(pool.lists):
            lists, long_lists = _at_least(pool.lists, token + 1), _at_least(pool.long_lists, token + 1)
            self._pool = pool._replace(lists=lists, long_lists=long_lists)


def _at_least(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return the array, or a copy of at least twice its length (the rest zeros) if it is shorter than `size`."""
    if size <= len(array):
        return array
    larger = np.zeros((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
