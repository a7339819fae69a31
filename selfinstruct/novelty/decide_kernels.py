"""The compiled loops of decide mode: `judge` walks the stream, each text looking up its rarest tokens.

Arrays go in and are filled; `decide` prepares them and reads the answer, `decide_arrays` says what each one is. Numba
infers the types, so parameters are Any here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from selfinstruct.novelty.kernel import kernel, popcount, within_kernel

_BLOCK = 32  # postings whose signatures are tested together
_FEW = 16  # postings of a token that are sooner tested than searched for the right lengths
_MANY = 128  # postings of the right lengths that are worth searching for the right places, too
_FAR = 0xFFFF
_ONE = np.uint64(1)


@kernel
def sort_each(tokens: Any, offsets: Any) -> None:
    """Sort the tokens of each text in place (Shell's sort: short texts are the rule, long ones must not hurt)."""
    for text in range(offsets.size - 1):
        begin, end = offsets[text], offsets[text + 1]
        gap = 1
        while 3 * gap < end - begin:
            gap = 3 * gap + 1
        while gap > 0:
            for place in range(begin + gap, end):
                token, hole = tokens[place], place
                while hole >= begin + gap and tokens[hole - gap] > token:
                    tokens[hole] = tokens[hole - gap]
                    hole -= gap
                tokens[hole] = token
            gap //= 3


@kernel
def sign_each(signatures: Any, tokens: Any, offsets: Any) -> None:
    """Flip the bit that each token hashes to (multiplicative hashing); `signatures` starts as zeros."""
    bits = np.uint64(64 * signatures.shape[1])
    for text in range(offsets.size - 1):
        for place in range(offsets[text], offsets[text + 1]):
            bit = ((np.uint64(tokens[place]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)) % bits
            signatures[text, bit >> np.uint64(6)] ^= _ONE << (bit & np.uint64(63))


@kernel
def list_keys(keys: Any, ranked: Any, needs: Any) -> Any:
    """Write the cell key of every posting that any text could have; return how many."""
    used = 0
    for text in range(ranked.classes.size):
        begin, of = ranked.offsets[text], np.int64(ranked.classes[text])
        for place in range(begin, ranked.offsets[text + 1] - needs.least_of_any[of] + 1):
            if place == begin or ranked.rarest_first[place] != ranked.rarest_first[place - 1]:
                keys[used] = _key(np.int64(ranked.rarest_first[place]), of) + _place(place - begin)
                used += 1
    return used


@kernel
def judge(ranked: Any, needs: Any, cells: Any, postings: Any, scratch: Any, accepted: Any, seeds: Any) -> None:
    """Fill `accepted`: per text, as bits, the thresholds under which it joins the pool (all of them for a seed)."""
    everything = ~np.uint64(0) >> np.uint64(64 - needs.least.shape[0])
    for text in range(accepted.size):
        accepted[text] = everything
        if text >= seeds:
            accepted[text] = _survivors(ranked, needs, cells, postings, scratch, accepted, text, everything)
        if accepted[text] != 0:
            _post(ranked, needs, cells, postings, text)


@within_kernel
def _post(ranked: Any, needs: Any, cells: Any, postings: Any, text: Any) -> None:
    """Write a text's postings, one for each distinct token of its prefix."""
    begin, of = ranked.offsets[text], np.int64(ranked.classes[text])
    for place in range(begin, ranked.offsets[text + 1] - needs.least_of_any[of] + 1):
        token = np.int64(ranked.rarest_first[place])
        if place == begin or ranked.rarest_first[place - 1] != token:
            key = _key(token, of) + _place(place - begin)
            cell = _find(cells.keys, cells.of_token[token], cells.of_token[token + 1], key)
            posting = postings.free[cell]
            postings.members[posting] = text
            postings.classes[posting] = of
            postings.signatures[posting] = ranked.signatures[text, 0]
            postings.free[cell] = posting + 1


@within_kernel
def _survivors(
    ranked: Any, needs: Any, cells: Any, postings: Any, scratch: Any, accepted: Any, text: Any, everything: Any
) -> Any:
    """Return the thresholds that no member in the pool is above.

    The candidate's tokens are looked up from the rarest on. As thresholds are decided, `lowest` rises, and what is
    still needed, so the rest of the prefix shrinks.
    """
    begin, own = ranked.offsets[text], np.int64(ranked.classes[text])
    length = ranked.offsets[text + 1] - begin
    alive, lowest, roomy = everything, np.int64(0), np.int64(-1)
    highest = ranked.lengths.size - 1
    place = 0
    while alive != 0:
        start = needs.first[lowest, own]
        if start < 0 or place > length - needs.least[lowest, own, start]:
            break
        token = np.int64(ranked.rarest_first[begin + place])
        place += 1
        if place > 1 and ranked.rarest_first[begin + place - 2] == token:
            continue
        if roomy != lowest:
            roomy = lowest
            _make_room(ranked, needs, scratch, lowest, own, length)
        while needs.least[lowest, own, highest] > length - place + 1:
            highest -= 1
        cell, cell_end = cells.of_token[token], cells.of_token[token + 1]
        if cells.starts[cell_end] - cells.starts[cell] > _FEW:
            cell = _find(cells.keys, cell, cell_end, _key(token, start))
            cell_end = _find(cells.keys, cell, cell_end, _key(token, highest + 1))
        is_long = cells.starts[cell_end] - cells.starts[cell] > _MANY
        of = start if is_long else highest
        while of <= highest and alive != 0:
            near = np.uint64(needs.slack[lowest, own, of])
            if is_long:  # then class by class, without the members that have the token too far back
                least = needs.least[lowest, own, of]
                if least <= length - place + 1:
                    near = np.uint64(length + ranked.lengths[of] - 2 * least)
                    key = _key(token, of)
                    cell = _find(cells.keys, cell, cells.of_token[token + 1], key)
                    key += np.uint64(min(ranked.lengths[of] - least + 1, _FAR + 1))
                    cell_end = _find(cells.keys, cell, cells.of_token[token + 1], key)
                else:
                    cell_end = cell
            of += 1
            at, end = cells.starts[cell], cells.starts[cell_end]
            while at < end and alive != 0:
                block_end = min(at + _BLOCK, end)
                if _count_near(postings.signatures[at:block_end], ranked.signatures[text, 0], near) > 0:
                    alive = _compare(ranked, needs, postings, scratch, accepted, text, at, block_end, alive, lowest)
                    while alive != 0 and (alive >> np.uint64(lowest)) & _ONE == 0:
                        lowest += 1
                at = block_end
    if scratch.compared[text] == text:  # the mark that _compare left: positions are loaded
        _unload(ranked, scratch, begin, length)
    return alive


@within_kernel
def _make_room(ranked: Any, needs: Any, scratch: Any, lowest: Any, own: Any, length: Any) -> None:
    for other in range(ranked.lengths.size):
        least = needs.least[lowest, own, other]
        scratch.room[other] = length + ranked.lengths[other] - 2 * least if least <= length else -1


@within_kernel
def _compare(
    ranked: Any,
    needs: Any,
    postings: Any,
    scratch: Any,
    accepted: Any,
    text: Any,
    at: Any,
    end: Any,
    alive: Any,
    lowest: Any,
) -> Any:
    """Compare the candidate with the members of these postings; return the thresholds that are still alive."""
    begin, own = ranked.offsets[text], np.int64(ranked.classes[text])
    length = ranked.offsets[text + 1] - begin
    for posting in range(at, end):
        of = np.int64(postings.classes[posting])
        if np.int64(popcount(postings.signatures[posting] ^ ranked.signatures[text, 0])) > scratch.room[of]:
            continue
        member = postings.members[posting]
        shared = alive & accepted[member]
        if shared == 0 or scratch.compared[member] == text:
            continue
        scratch.compared[member] = text
        bar = lowest
        while (shared >> np.uint64(bar)) & _ONE == 0:
            bar += 1
        least = needs.least[bar, own, of]
        if least > length or (
            _bits_apart(ranked.signatures[text], ranked.signatures[member]) > length + ranked.lengths[of] - 2 * least
        ):
            continue
        if scratch.compared[text] != text:
            scratch.compared[text] = text
            _load(ranked, scratch, begin, length)
        tokens = ranked.tokens[ranked.offsets[member] : ranked.offsets[member + 1]]
        if length <= 64:
            lcs = _lcs_of_short(scratch.positions, length, tokens)
        else:
            lcs = _lcs_of_long(scratch, length, tokens)
        while bar < needs.least.shape[0] and needs.least[bar, own, of] <= lcs:
            alive &= ~(shared & (_ONE << np.uint64(bar)))
            bar += 1
        if alive == 0:
            break
    return alive


@within_kernel
def _load(ranked: Any, scratch: Any, begin: Any, length: Any) -> None:
    """Note where the candidate has each of its tokens."""
    for place in range(length):
        token = ranked.tokens[begin + place]
        bit = _ONE << np.uint64(place & 63)
        if length <= 64:
            scratch.positions[token] |= bit
            continue
        slot = scratch.slots[token]
        if slot < 0:
            slot = place
            scratch.slots[token] = slot
            for word in range(scratch.masks.shape[1]):
                scratch.masks[slot, word] = 0
        scratch.masks[slot, place >> 6] |= bit


@within_kernel
def _unload(ranked: Any, scratch: Any, begin: Any, length: Any) -> None:
    for place in range(begin, begin + length):
        if length <= 64:
            scratch.positions[ranked.tokens[place]] = 0
        else:
            scratch.slots[ranked.tokens[place]] = -1


@within_kernel
def _lcs_of_short(positions: Any, length: Any, other: Any) -> Any:
    """Return the LCS length of the candidate (at most 64 tokens) and another text (Hyyrö 2004)."""
    state = ~np.uint64(0)
    for place in range(other.size):
        matched = state & positions[other[place]]
        state = (state + matched) | (state - matched)
    return np.int64(popcount(~state << np.uint64(64 - length)))


@within_kernel
def _lcs_of_long(scratch: Any, length: Any, other: Any) -> Any:
    """Return the same for a candidate of any length; the carry of the addition runs through the words."""
    words = (length + 63) >> 6
    for word in range(words):
        scratch.state[word] = ~np.uint64(0)
    for place in range(other.size):
        slot = scratch.slots[other[place]]
        carry = np.uint64(0)
        for word in range(words if slot >= 0 else 0):
            state = scratch.state[word]
            matched = state & scratch.masks[slot, word]
            plain = state + matched
            total = plain + carry
            carry = np.uint64(plain < matched) | np.uint64(total < plain)
            scratch.state[word] = total | (state - matched)
    zeros = popcount(~scratch.state[words - 1] << np.uint64(64 * words - length))
    for word in range(words - 1):
        zeros += popcount(~scratch.state[word])
    return np.int64(zeros)


@within_kernel
def _count_near(signatures: Any, own: Any, slack: Any) -> Any:
    """Count the signatures at most `slack` bits from the own one. Apart from the rest, so that it is vectorised."""
    near = np.uint64(0)
    for place in range(signatures.size):
        near += np.uint64(popcount(signatures[place] ^ own) <= slack)
    return near


@within_kernel
def _bits_apart(one: Any, other: Any) -> Any:
    apart = np.uint64(0)
    for word in range(one.size):
        apart += popcount(one[word] ^ other[word])
    return np.int64(apart)


@within_kernel
def _key(token: Any, of: Any) -> Any:
    return (np.uint64(token) << np.uint64(32)) | (np.uint64(of) << np.uint64(16))


@within_kernel
def _place(place: Any) -> Any:
    """Return what a place in the prefix adds to a key; all far places count as the last."""
    return np.uint64(min(place, _FAR))


@within_kernel
def _find(keys: Any, begin: Any, end: Any, key: Any) -> Any:
    """Return the index of the first of the ascending keys that is at least `key`."""
    while begin < end:
        middle = (begin + end) >> 1
        if keys[middle] < key:
            begin = middle + 1
        else:
            end = middle
    return begin
