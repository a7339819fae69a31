"""A stream of any length: the real instructions first, then recombinations of them with a growing vocabulary."""

from __future__ import annotations

import random
from collections.abc import Sequence

_EXPONENT = 0.62  # Heaps' law, V = V0 * (tokens / tokens0) ** 0.62, fitted to the 52,002 instructions


def extend(texts: Sequence[str], count: int, parts: int = 3) -> list[str]:
    """Return `count` texts: each new one joins pieces of `parts` real ones; some hold a coined word.

    Words are coined as often as Heaps' law asks for, and coined words come back, the early ones more often.
    """
    draw = random.Random(11)
    real = [words for text in texts if len(words := text.split()) >= parts]
    tokens = sum(len(text.split()) for text in texts)
    vocabulary = len({word.lower().strip(".,?!") for text in texts for word in text.split()})
    growth = vocabulary / tokens**_EXPONENT
    stream, coined = list(texts[:count]), 0
    while len(stream) < count:
        words: list[str] = []
        for part in range(parts):
            chosen = draw.choice(real)
            at = draw.randrange(len(chosen))
            size = len(chosen) // parts + (draw.random() < len(chosen) % parts / parts)
            words += chosen[at : at + size] if part else chosen[:size]
        tokens += len(words)
        if words and growth * tokens**_EXPONENT > vocabulary + coined:
            words[draw.randrange(len(words))] = f"coined{coined}"
            coined += 1
        elif words and coined and draw.random() < 0.2:
            words[draw.randrange(len(words))] = f"coined{int(coined * draw.random() ** 2)}"
        stream.append(" ".join(words))
    return stream
