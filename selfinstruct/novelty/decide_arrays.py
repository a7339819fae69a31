"""The groups of arrays that decide mode works on: what `decide` prepares and the kernels read and fill.

A "class" is the number of a token count among the distinct token counts of the corpus (0 for the smallest): tables
over classes stay small whatever the longest text is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NEVER = 1 << 30


class Ranked(NamedTuple):
    """A corpus ready for any threshold.

    tokens: by rarity rank (0 is the rarest), in text order. rarest_first: the same, each text sorted. offsets: text i
    is [offsets[i], offsets[i + 1]). lengths: the distinct token counts, ascending. classes: per text, which of them.
    signatures: (texts, words), where bit b is the parity of the tokens that hash to b. vocabulary: 0, 1, ..., size.
    """

    tokens: npt.NDArray[np.int32]
    rarest_first: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    classes: npt.NDArray[np.uint16]
    signatures: npt.NDArray[np.uint64]
    vocabulary: npt.NDArray[np.int64]


class Needs(NamedTuple):
    """What the thresholds ask of the LCS length; axes are (threshold, own class, other class).

    least: the least LCS that is above the threshold, or NEVER. first: the first other class that has one, or -1.
    slack: how many tokens may be unshared (both texts together), as running maximum over the other class.
    least_of_any: per class, the least LCS with any other class at the lowest threshold.
    """

    least: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    slack: npt.NDArray[np.int64]
    least_of_any: npt.NDArray[np.int64]


class Cells(NamedTuple):
    """Where postings go: a cell of consecutive slots per (token, class of the member, place of the token in it).

    keys: token << 32 | class << 16 | place, ascending; places count from the rarest token. starts: first slot of each
    cell, and the end. of_token: first cell of each token, and the end. So the slots of a token are neighbours, within
    them those of a range of classes, and within a class those of the first places.
    """

    keys: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    of_token: npt.NDArray[np.int64]


class Postings(NamedTuple):
    """What stands in the slots: next free slot per cell; member, its class and first signature word per slot."""

    free: npt.NDArray[np.int64]
    members: npt.NDArray[np.int32]
    classes: npt.NDArray[np.uint16]
    signatures: npt.NDArray[np.uint64]


class Scratch(NamedTuple):
    """Working memory of one pass.

    compared: per text, the last candidate that it was compared with. room: per class, how many tokens may be unshared.
    positions: per token, where the candidate has it (texts of at most 64 tokens). slots, masks, state: the same for
    longer ones, over several words.
    """

    compared: npt.NDArray[np.int32]
    room: npt.NDArray[np.int64]
    positions: npt.NDArray[np.uint64]
    slots: npt.NDArray[np.int32]
    masks: npt.NDArray[np.uint64]
    state: npt.NDArray[np.uint64]
