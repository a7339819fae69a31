"""Texts as numbers: every token of every text by its number in one vocabulary, side by side in one array.

Texts go in, a `Corpus` comes out; all thresholds and both modes work from the same one. Texts are tokenised as bytes,
a chunk at a time, so that a million texts never exist twice.

    tokenise(["Name a colour.", "name"], "rouge")    # tokens [0, 1, 2, 0], offsets [0, 3, 4], vocabulary 3
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from selfinstruct.novelty.kernel import kernel

_CHUNK = 16_384
_END = "\0"
_NO_WORD = re.compile(rf"[^\w{_END}]+")
_ROUGE_BYTES = np.array([chr(byte) in "abcdefghijklmnopqrstuvwxyz0123456789" for byte in range(256)])
_UNICODE_BYTES = np.array([byte not in b"\0 " for byte in range(256)])


@dataclass(frozen=True)
class Corpus:
    """Tokenised texts.

    tokens: int32, all texts one after the other. offsets: int64, text i is tokens[offsets[i]:offsets[i + 1]].
    vocabulary: number of distinct tokens; they are numbered by first occurrence.
    """

    tokens: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    vocabulary: int


def tokenise(texts: Sequence[str], tokenizer: str) -> Corpus:
    """Return the corpus of the texts; the tokens are those of selfinstruct.text's tokenizer of that name."""
    words = Words()
    parts, ends = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    total = 0
    for begin in range(0, len(texts), _CHUNK):
        chunk = texts[begin : begin + _CHUNK]
        tokens, chunk_ends = words.number(chunk, tokenizer)
        parts.append(tokens)
        ends.append(chunk_ends + total)
        total += len(tokens)
    return Corpus(np.concatenate(parts), np.concatenate(ends), words.count)


class Words:
    """A growing vocabulary: an open-addressing hash table over the bytes of the tokens seen so far."""

    def __init__(self, capacity: int = 1 << 13) -> None:
        self.count = 0
        self._hashes = np.empty(capacity, np.uint64)
        self._slots = np.full(2 * capacity, -1, np.int32)
        self._ends = np.zeros(capacity + 1, np.int64)
        self._bytes = np.empty(8 * capacity, np.uint8)

    def number(self, texts: Sequence[str], tokenizer: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Return the token numbers of the texts and the end of each text among them; new tokens join."""
        data = _as_bytes(texts, tokenizer)
        is_token = _ROUGE_BYTES if tokenizer == "rouge" else _UNICODE_BYTES
        tokens = np.empty(len(data) // 2 + 1, np.int32)
        ends = np.empty(len(texts), np.int64)
        self._bytes = _grown(self._bytes, int(self._ends[self.count]) + len(data))
        while True:
            self.count, found = _number(
                data, is_token, self.count, self._slots, self._hashes, self._ends, self._bytes, tokens, ends
            )
            if found >= 0:
                return tokens[:found].copy(), ends
            self._double()  # then the chunk again: the tokens that have a number keep it

    def _double(self) -> None:
        self._hashes = _grown(self._hashes, 2 * len(self._hashes))
        self._ends = _grown(self._ends, len(self._hashes) + 1)
        self._slots = np.full(2 * len(self._hashes), -1, np.int32)
        _fill_slots(self._slots, self._hashes, self.count)


def _as_bytes(texts: Sequence[str], tokenizer: str) -> npt.NDArray[np.uint8]:
    """Join the texts, each closed by a zero byte, with the tokenizer's case folding done.

    Both foldings work character by character where tokens are concerned, so folding the joined text changes nothing.
    """
    joined = _END.join(texts) + _END
    if joined.count(_END) != len(texts):  # a text holds a zero itself, which is no token character
        joined = _END.join(text.replace(_END, " ") for text in texts) + _END
    if tokenizer == "rouge":
        data = joined.lower().encode("ascii", "replace")
    else:
        data = _NO_WORD.sub(" ", joined.casefold()).encode("utf-8", "surrogatepass")
    return np.frombuffer(bytearray(data), np.uint8)  # a bytearray, because kernels are compiled for writable arrays


def _grown(array: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    """Return the array, or a copy of at least twice its size when it holds fewer than `least` entries."""
    if least <= len(array):
        return array
    larger = np.empty((max(least, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


@kernel
def _fill_slots(slots: Any, hashes: Any, count: int) -> None:
    last = np.uint64(slots.size - 1)
    for word in range(count):
        slot = hashes[word] & last
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & last
        slots[slot] = word


@kernel
def _number(
    data: Any, is_token: Any, count: int, slots: Any, hashes: Any, ends: Any, known: Any, tokens: Any, text_ends: Any
) -> tuple[int, int]:
    """Fill `tokens` and `text_ends`; return the vocabulary size and how many tokens, or -1 when the table is full.

    Word w is known[ends[w]:ends[w + 1]]; hashes[w] is its hash, slots the hash table of word numbers (-1 is free).
    """
    last = np.uint64(slots.size - 1)
    found, text, at = 0, 0, 0
    while at < data.size:
        if not is_token[data[at]]:
            if data[at] == 0:
                text_ends[text] = found
                text += 1
            at += 1
            continue
        begin = at
        code = np.uint64(14695981039346656037)  # FNV-1a, then its high bits mixed into the low ones
        while is_token[data[at]]:  # a zero byte closes the last text
            code = (code ^ np.uint64(data[at])) * np.uint64(1099511628211)
            at += 1
        code ^= code >> np.uint64(29)
        slot = code & last
        word = slots[slot]
        while word >= 0:
            if hashes[word] == code and ends[word + 1] - ends[word] == at - begin:
                place = 0
                while place < at - begin and known[ends[word] + place] == data[begin + place]:
                    place += 1
                if place == at - begin:
                    break
            slot = (slot + np.uint64(1)) & last
            word = slots[slot]
        if word < 0:
            if count == hashes.size:
                return count, -1
            word = count
            slots[slot] = word
            hashes[word] = code
            for place in range(at - begin):
                known[ends[word] + place] = data[begin + place]
            ends[word + 1] = ends[word] + at - begin
            count += 1
        tokens[found] = word
        found += 1
    return count, found
