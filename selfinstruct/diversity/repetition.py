"""How much a set of texts repeats itself: the share of distinct n-grams, and how well it compresses.

distinct(["name a fruit", "name a tree"], 1).value          # 4 distinct of 6 words, 0.666...
compression_ratio(["name a fruit"] * 100).value             # about 40: says the same again and again
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from selfinstruct.findings import Finding, share, undefined
from selfinstruct.text import unicode_tokens

LONGEST = 4


def distinct(texts: Sequence[str], size: int) -> Finding:
    """Return distinct n-grams of words by all n-grams (0..1; 1: nothing is said twice), none across two texts.

    It falls as a set grows, since words come back: compare sets of one size only.

    Source: Li et al. 2016, "A diversity-promoting objective function for neural conversation models", section 5.2.
    """
    seen: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        grams = list(ngrams(unicode_tokens(text), size))
        total += len(grams)
        seen.update(grams)
    return share(len(seen), total, f"no text has {size} words in a row" if size > 1 else "no text has a word")


def ngrams(tokens: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Yield the runs of `size` neighbouring tokens, in order."""
    return zip(*(tokens[start:] for start in range(size)), strict=False)


def compression_ratio(texts: Sequence[str]) -> Finding:
    """Return the bytes of the texts, one a line, by their compressed bytes (zlib, level 9); higher: more repetition.

    A small set compresses badly whatever it says; n is its bytes. Builds of zlib may differ in the third digit, so
    the ratio is reported and no decision rests on it.

    Source: Shaib et al. 2024, "Standardizing the measurement of text diversity", section 3.
    """
    raw = "\n".join(texts).encode("utf-8", "surrogatepass")
    if not raw:
        return undefined("there is no text")
    return Finding(len(raw) / len(zlib.compress(raw, 9)), len(raw))
