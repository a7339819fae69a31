"""Random generators derived from names, so that no draw depends on any other.

`generator(42, "instructions", 7)` is the same sequence on every machine, in every process, in any order of calls.
"""

from __future__ import annotations

import hashlib
import random


def generator(random_seed: int, *names: str | int) -> random.Random:
    """Return the generator that belongs to these names under this seed.

    The seed is the SHA-256 of the values joined by a slash, so neighbouring ordinals share nothing.
    """
    label = "/".join(str(name) for name in (random_seed, *names))
    return random.Random(int.from_bytes(hashlib.sha256(label.encode()).digest()[:16], "big"))
