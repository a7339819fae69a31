"""Derived generators: the same everywhere, and none depends on another."""

from __future__ import annotations

import hashlib
import random

from selfinstruct.randomness import generator


def test_a_generator_is_seeded_by_the_sha256_of_its_names() -> None:
    seed = int.from_bytes(hashlib.sha256(b"42/instructions/7").digest()[:16], "big")
    reference = random.Random(seed)
    draws = generator(42, "instructions", 7)
    assert [draws.random() for _ in range(5)] == [reference.random() for _ in range(5)]


def test_the_sequence_is_the_same_on_every_machine() -> None:
    draws = generator(42, "instructions", 7)
    assert [draws.randrange(1000) for _ in range(4)] == [952, 613, 752, 909]  # as printed on 2026-11-21, Python 3.11


def test_neighbouring_names_share_nothing() -> None:
    firsts = {generator(seed, stage, i).random() for seed in (1, 2) for stage in ("a", "b") for i in range(50)}
    assert len(firsts) == 2 * 2 * 50
