"""The groups of arrays that describe mode works on: what `describe` prepares and the kernels read and fill.

A member of at most 32 tokens ("short") has one machine word of state, and most of the work is done on vectors of those
words. A longer member takes as many 64-bit words ("lanes") as it needs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SHORT = 32
WIDE = SHORT + 1
TABLE = WIDE * WIDE  # scores of short members by (their length, LCS); those of long members follow
TOP = 10
ROWS = 64
# What `Pool.counts` counts; the last says what `advance` stopped for (one of the others), or NOTHING.
MEMBERS, ENTRIES, ROWS_USED, LONG, LANES, MASKS, WANTED = range(7)
NOTHING = -1
START, SIZE, ROOM, ROW = range(4)  # the columns of Pool.lists


class Pool(NamedTuple):
    """The members.

    counts: see above. bases: per member, 33 x its length + 32 if it is short, else 32. lists and long_lists: per token,
    where its entries start, how many there are, how many fit, and 1 + its row (0: none). entries: short members as
    member << 32 | positions, long ones as long member << 32 | start of its positions in `masks`. rows: (row, member)
    positions, for frequent tokens. long_members, long_lengths, lane_starts: per long member.
    """

    counts: npt.NDArray[np.int64]
    bases: npt.NDArray[np.uint32]
    lists: npt.NDArray[np.int64]
    long_lists: npt.NDArray[np.int64]
    entries: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.uint32]
    long_members: npt.NDArray[np.int64]
    long_lengths: npt.NDArray[np.int64]
    lane_starts: npt.NDArray[np.int64]
    masks: npt.NDArray[np.uint64]


class Scratch(NamedTuple):
    """Working memory: states and score codes of the members, score table, lanes of the long members.

    leaf_starts, leaf_best: the blocks of the summation. stack, sums: its unfinished halves.
    """

    states: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.uint32]
    table: npt.NDArray[np.float64]
    lanes: npt.NDArray[np.uint64]
    leaf_starts: npt.NDArray[np.int64]
    leaf_best: npt.NDArray[np.float64]
    stack: npt.NDArray[np.int64]
    sums: npt.NDArray[np.float64]


class Found(NamedTuple):
    """One row per text: whether it joined the pool, its ten most similar (-1 where there are fewer), the mean score."""

    accepted: npt.NDArray[np.bool_]
    indices: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
