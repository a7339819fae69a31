"""The compiled loops of describe mode: `advance` describes texts against the pool and adds those that belong there.

`describe` prepares the arrays, enlarges them when `advance` stops for want of room, and reads what was found;
`describe_arrays` says what each array is. Numba infers the types, so parameters are Any here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from selfinstruct.novelty.describe_arrays import (
    ENTRIES,
    LANES,
    LONG,
    MASKS,
    MEMBERS,
    NOTHING,
    ROOM,
    ROW,
    ROWS,
    ROWS_USED,
    SHORT,
    SIZE,
    START,
    TABLE,
    WANTED,
    WIDE,
)
from selfinstruct.novelty.kernel import kernel, popcount, within_kernel
from selfinstruct.novelty.ranking import clear, find_top, sum_pairwise

_DENSE_FROM = 1024  # members from which frequent tokens get a row
_DENSE_SHARE = 16  # a token is frequent when one member in so many has it
_ONES = ~np.uint64(0)
_HIGH = np.uint64(32)


@kernel
def advance(
    pool: Any, scratch: Any, tokens: Any, offsets: Any, begin: Any, seeds: Any, threshold: Any, found: Any
) -> Any:
    """Go through the texts from `begin` on; return the first one that was not reached (want of room) or the end.

    The first `seeds` texts join unseen; the others are described, and join when they score at most `threshold`.
    """
    pool.counts[WANTED] = NOTHING
    for text in range(begin, offsets.size - 1):
        own = tokens[offsets[text] : offsets[text + 1]]
        pool.counts[WANTED] = _wanted(pool, own)
        if pool.counts[WANTED] != NOTHING:
            return text
        if text >= seeds:
            row = text - seeds
            found.means[row] = _describe(pool, scratch, own, found.indices[row], found.scores[row])
            found.accepted[row] = found.scores[row, 0] <= threshold
            if not found.accepted[row]:
                continue
        _add(pool, own)
    return offsets.size - 1


@within_kernel
def _wanted(pool: Any, tokens: Any) -> Any:
    """Return what has no room for one more member with these tokens."""
    if pool.counts[MEMBERS] == pool.bases.size:
        return MEMBERS
    is_long = tokens.size > SHORT
    entries = np.int64(0)
    for token in tokens:
        if token >= 0:
            entries += max(4, 2 * (pool.long_lists[token, ROOM] if is_long else pool.lists[token, ROOM]))
    if pool.counts[ENTRIES] + entries > pool.entries.size:
        return ENTRIES
    words = (tokens.size + 63) >> 6
    if is_long and pool.counts[LONG] == pool.long_members.size:
        return LONG
    if is_long and pool.counts[MASKS] + words * tokens.size > pool.masks.size:
        return MASKS
    return NOTHING


@within_kernel
def _add(pool: Any, tokens: Any) -> None:
    member = pool.counts[MEMBERS]
    pool.counts[MEMBERS] += 1
    if tokens.size > SHORT:
        pool.bases[member] = SHORT
        _add_long(pool, member, tokens)
        return
    pool.bases[member] = WIDE * tokens.size + SHORT
    for place in range(tokens.size):
        token = tokens[place]
        if _is_first(tokens, place):
            positions = np.uint64(0)
            for later in range(place, tokens.size):
                if tokens[later] == token:
                    positions |= np.uint64(1) << np.uint64(later)
            row = pool.lists[token, ROW]
            if row > 0:
                pool.rows[row - 1, member] = positions
            else:
                _append(pool, pool.lists, token, (np.uint64(member) << _HIGH) | positions)
                _promote(pool, token)


@within_kernel
def _add_long(pool: Any, member: Any, tokens: Any) -> None:
    long = pool.counts[LONG]
    words = (tokens.size + 63) >> 6
    pool.long_members[long], pool.long_lengths[long] = member, tokens.size
    pool.counts[LONG] += 1
    pool.counts[LANES] += words
    pool.lane_starts[long + 1] = pool.counts[LANES]
    for place in range(tokens.size):
        if _is_first(tokens, place):
            start = pool.counts[MASKS]
            pool.counts[MASKS] += words
            for word in range(words):
                pool.masks[start + word] = 0
            for later in range(place, tokens.size):
                if tokens[later] == tokens[place]:
                    pool.masks[start + (later >> 6)] |= np.uint64(1) << np.uint64(later & 63)
            _append(pool, pool.long_lists, tokens[place], (np.uint64(long) << _HIGH) | np.uint64(start))


@within_kernel
def _is_first(tokens: Any, place: Any) -> Any:
    earlier = 0
    while tokens[earlier] != tokens[place]:
        earlier += 1
    return earlier == place


@within_kernel
def _append(pool: Any, lists: Any, token: Any, entry: Any) -> None:
    """Append to a token's list; a full list moves to the end of `entries`, with twice the room."""
    size = lists[token, SIZE]
    if size == lists[token, ROOM]:
        start, room = pool.counts[ENTRIES], max(4, 2 * size)
        pool.counts[ENTRIES] += room
        for place in range(size):
            pool.entries[start + place] = pool.entries[lists[token, START] + place]
        lists[token, START], lists[token, ROOM] = start, room
    pool.entries[lists[token, START] + size] = entry
    lists[token, SIZE] = size + 1


@within_kernel
def _promote(pool: Any, token: Any) -> None:
    """Give a token that has become frequent a row of its own; its list stays behind, unused."""
    members, size, row = pool.counts[MEMBERS], pool.lists[token, SIZE], pool.counts[ROWS_USED]
    if members < _DENSE_FROM or size * _DENSE_SHARE < members or row == ROWS:
        return
    start = pool.lists[token, START]
    for place in range(start, start + size):
        pool.rows[row, pool.entries[place] >> _HIGH] = np.uint32(pool.entries[place])
    pool.counts[ROWS_USED] = row + 1
    pool.lists[token, ROW] = row + 1


@within_kernel
def _describe(pool: Any, scratch: Any, tokens: Any, indices: Any, scores: Any) -> Any:
    """Fill the ten most similar members of a text and return the mean score."""
    clear(indices, scores)
    members = pool.counts[MEMBERS]
    if members == 0:
        return 0.0
    _match_short(pool, scratch, tokens)
    _fill_table(scratch.table, tokens.size)
    if pool.counts[LONG] > 0:
        _match_long(pool, scratch, tokens)
    leaves, total = sum_pairwise(scratch, members)
    find_top(scratch, leaves, members, indices, scores)
    return total / members


@within_kernel
def _match_short(pool: Any, scratch: Any, tokens: Any) -> None:
    """Run the candidate's tokens, in order, over the states of all short members; then turn states into codes."""
    members = pool.counts[MEMBERS]
    states = scratch.states[:members]
    for member in range(members):
        states[member] = np.uint32(0xFFFFFFFF)
    for token in tokens:
        if token < 0:
            continue
        row, start = pool.lists[token, ROW], pool.lists[token, START]
        if row > 0:
            _match_row(states, pool.rows[row - 1, :members])
        else:
            _match_list(states, pool.entries[start : start + pool.lists[token, SIZE]])
    _encode(states, pool.bases[:members], scratch.codes[:members])


@within_kernel
def _match_row(states: Any, row: Any) -> None:
    for member in range(states.size):
        state = states[member]
        matched = state & row[member]
        states[member] = np.uint32(state + matched) | np.uint32(state - matched)


@within_kernel
def _match_list(states: Any, entries: Any) -> None:
    for place in range(entries.size):
        entry = entries[place]
        member = np.uint32(entry >> _HIGH)
        state = states[member]
        matched = state & np.uint32(entry)
        states[member] = np.uint32(state + matched) | np.uint32(state - matched)


@within_kernel
def _encode(states: Any, bases: Any, codes: Any) -> None:
    for member in range(states.size):
        codes[member] = bases[member] - popcount(states[member])


@within_kernel
def _fill_table(table: Any, length: Any) -> None:
    """Write the scores of a text of this length with short members, in the floating-point steps of rouge_score."""
    for other in range(1, WIDE):
        for lcs in range(1, min(length, other) + 1):
            table[WIDE * other + lcs] = _f_measure(lcs, length, other)


@within_kernel
def _f_measure(lcs: Any, length: Any, other: Any) -> Any:
    precision, recall = lcs / other, lcs / length
    return 2 * precision * recall / (precision + recall)


@within_kernel
def _match_long(pool: Any, scratch: Any, tokens: Any) -> None:
    """Run the candidate's tokens over the lanes of the long members, then write their scores behind the table."""
    for lane in range(pool.counts[LANES]):
        scratch.lanes[lane] = _ONES
    for token in tokens:
        if token < 0:
            continue
        start = pool.long_lists[token, START]
        for place in range(start, start + pool.long_lists[token, SIZE]):
            long = pool.entries[place] >> _HIGH
            mask = np.int64(pool.entries[place] & np.uint64(0xFFFFFFFF))
            carry = np.uint64(0)
            for lane in range(pool.lane_starts[long], pool.lane_starts[long + np.uint64(1)]):
                state = scratch.lanes[lane]
                matched = state & pool.masks[mask]
                plain = state + matched
                total = plain + carry
                carry = np.uint64(plain < matched) | np.uint64(total < plain)
                scratch.lanes[lane] = total | (state - matched)
                mask += 1
    for long in range(pool.counts[LONG]):
        zeros = np.uint64(0)
        for lane in range(pool.lane_starts[long], pool.lane_starts[long + 1]):
            zeros += popcount(~scratch.lanes[lane])
        lcs = np.int64(zeros)
        scratch.table[TABLE + long] = _f_measure(lcs, tokens.size, pool.long_lengths[long]) if lcs > 0 else 0.0
        scratch.codes[pool.long_members[long]] = TABLE + long
