"""The mean and the ten highest of a pool's scores, compiled: the mean in NumPy's very order of additions.

Score codes and the table that they point into go in (`Scratch`); sums and rows of ten come out.
"""

from __future__ import annotations

from typing import Any

from selfinstruct.novelty.describe_arrays import TOP
from selfinstruct.novelty.kernel import within_kernel

_LEAF = 128  # NumPy's block of pairwise summation


@within_kernel
def clear(indices: Any, scores: Any) -> None:
    """Make an empty row of ten."""
    for rank in range(TOP):
        indices[rank], scores[rank] = -1, -1.0


@within_kernel
def sum_pairwise(scratch: Any, members: Any) -> Any:
    """Return how many blocks the scores fall into, and their sum in the order of NumPy's pairwise summation.

    NumPy halves (at a multiple of 8) until a block has at most 128 values; here with a stack of the halves to come.
    """
    leaves, depth, total = 0, 0, 0.0
    begins, sizes, turns = scratch.stack[0], scratch.stack[1], scratch.stack[2]
    begins[0], sizes[0], turns[0] = 0, members, 0
    while depth >= 0:
        begin, size = begins[depth], sizes[depth]
        if size <= _LEAF:
            total = _sum_leaf(scratch.codes[begin : begin + size], scratch.table, scratch.leaf_best[leaves:])
            scratch.leaf_starts[leaves] = begin
            leaves += 1
            depth -= 1
            continue
        half = size // 2
        half -= half % 8
        turns[depth] += 1
        if turns[depth] == 1:
            depth += 1
            begins[depth], sizes[depth], turns[depth] = begin, half, 0
        elif turns[depth] == 2:
            scratch.sums[depth] = total
            depth += 1
            begins[depth], sizes[depth], turns[depth] = begin + half, size - half, 0
        else:
            total = scratch.sums[depth] + total
            depth -= 1
    return leaves, total


@within_kernel
def _sum_leaf(codes: Any, table: Any, best: Any) -> Any:
    """Return the sum of at most 128 scores as NumPy adds them: eight running sums. Note the highest in best[0]."""
    size = codes.size
    whole = size - size % 8
    highest, total, place = 0.0, 0.0, 0
    if whole > 0:
        s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        while place < whole:
            f0, f1, f2, f3 = (
                table[codes[place]],
                table[codes[place + 1]],
                table[codes[place + 2]],
                table[codes[place + 3]],
            )
            f4, f5, f6, f7 = (
                table[codes[place + 4]],
                table[codes[place + 5]],
                table[codes[place + 6]],
                table[codes[place + 7]],
            )
            s0, s1, s2, s3 = s0 + f0, s1 + f1, s2 + f2, s3 + f3
            s4, s5, s6, s7 = s4 + f4, s5 + f5, s6 + f6, s7 + f7
            highest = max(highest, max(max(max(f0, f1), max(f2, f3)), max(max(f4, f5), max(f6, f7))))
            place += 8
        total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    while place < size:
        score = table[codes[place]]
        highest = max(highest, score)
        total += score
        place += 1
    best[0] = highest
    return total


@within_kernel
def find_top(scratch: Any, leaves: Any, members: Any, indices: Any, scores: Any) -> None:
    """Fill the ten highest scores, and the lower index first where scores are equal.

    The tenth highest of the blocks' highest scores is a lower bound for the tenth highest score, so only the few
    blocks that reach it are looked into, in pool order.
    """
    bound = -1.0
    if leaves >= TOP:
        for leaf in range(leaves):
            if scratch.leaf_best[leaf] > scores[TOP - 1]:
                _insert(indices, scores, leaf, scratch.leaf_best[leaf])
        bound = scores[TOP - 1]
        clear(indices, scores)
    for leaf in range(leaves):
        if scratch.leaf_best[leaf] < bound:
            continue
        end = scratch.leaf_starts[leaf + 1] if leaf + 1 < leaves else members
        for member in range(scratch.leaf_starts[leaf], end):
            score = scratch.table[scratch.codes[member]]
            if score >= bound and score > scores[TOP - 1]:
                _insert(indices, scores, member, score)


@within_kernel
def _insert(indices: Any, scores: Any, index: Any, score: Any) -> None:
    rank = TOP - 1
    while rank > 0 and scores[rank - 1] < score:
        indices[rank], scores[rank] = indices[rank - 1], scores[rank - 1]
        rank -= 1
    indices[rank], scores[rank] = index, score
