from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from selfinstruct.errors import InputError
from selfinstruct.novelty import (
    count_invisible,
    describe_stream,
    highest_scores,
    judge_stream,
    judge_stream_many,
)
from selfinstruct.records import Similarity

from .conftest import ODD_TEXTS
from .test_index import mutated

Oracle = Callable[[str, Sequence[str]], Similarity]

# SHA-256 of numpy.packbits over the accept decisions of the 52,002 instructions after the 175 seeds. All bits were
# found again, independently, by comparing every pair with rapidfuzz's LCS (2026-11).
DECISIONS = {
    0.3: "c577bcc02dbced0d46b6df013009a8b3f9dbd6b530d0f4a736f06332ad289260",
    0.4: "7e34a7b4dbddfba0d8c335e6241178754ea5c9ccd1c85a397fa012c99801cc14",
    0.5: "c8d6b4a28e0eed853e3fccc95c3f9f99155d4bcbcfa89f6f7c9d58199f95490d",
    0.6: "e093f61bba10c4db00ab6af131d23b0eb3b34965de4826f8e534b775b1e05c58",
    0.7: "c64030f2fece004f374669254632471bec5ddc35e308929929ecabd472a492b4",
}


def literally(oracle: Oracle, seeds: Sequence[str], texts: Sequence[str], threshold: float) -> list[bool]:
    pool, accepted = list(seeds), []
    for text in texts:
        accepted.append(oracle(text, pool).max_score <= threshold)
        if accepted[-1]:
            pool.append(text)
    return accepted


def repetitive(texts: Sequence[str], count: int) -> list[str]:
    """A stream with near-duplicates at every distance, as a model that repeats itself writes it."""
    draw = random.Random(3)
    stream: list[str] = []
    for text in texts[:count]:
        stream.append(text)
        copy = text
        for _ in range(draw.randrange(4)):
            copy = mutated(copy, draw)
            stream.append(copy)
    return stream


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_decisions_are_those_of_rouge_score(
    threshold: float, on_each_path: str, oracle: Oracle, seeds: list[str], instructions: list[str]
) -> None:
    texts = ODD_TEXTS + repetitive(instructions, 60) + ODD_TEXTS[:4]
    assert judge_stream(seeds[:20], texts, threshold).tolist() == literally(oracle, seeds[:20], texts, threshold)


def test_deciding_and_describing_agree_at_every_threshold(compiled: None, instructions: list[str]) -> None:
    texts = repetitive(instructions[2000:], 1200)
    thresholds = [0.0, 0.05, 0.2, 0.35, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 0.95, 1.0]
    together = judge_stream_many(instructions[:100], texts, thresholds)
    for row, threshold in enumerate(thresholds):
        described = describe_stream(instructions[:100], texts, threshold)
        assert np.array_equal(described.accepted, together[row])
        assert np.array_equal(judge_stream(instructions[:100], texts, threshold), together[row])
    assert together.sum(axis=1).tolist() == sorted(together.sum(axis=1).tolist())


def test_thresholds_come_back_in_the_order_asked_for(on_each_path: str, instructions: list[str]) -> None:
    texts = repetitive(instructions, 100)
    assert np.array_equal(
        judge_stream_many([], texts, [0.9, 0.3, 0.9]),
        np.stack([judge_stream([], texts, threshold) for threshold in (0.9, 0.3, 0.9)]),
    )
    assert judge_stream_many([], texts, []).shape == (0, len(texts))


def test_long_texts_are_decided_as_described(compiled: None) -> None:
    """Past 24 tokens on average the signatures are wider, past 64 tokens a text needs several words."""
    draw = random.Random(4)
    words = [f"w{number}" for number in range(400)]
    texts = [" ".join(draw.choices(words, k=draw.choice([15, 40, 64, 65, 128, 200, 300]))) for _ in range(80)]
    texts += [mutated(mutated(text, draw), draw) for text in texts] + texts[:3]
    for threshold in (0.2, 0.7, 0.97):
        described = describe_stream([], texts, threshold)
        assert np.array_equal(judge_stream([], texts, threshold), described.accepted)
        assert 80 <= described.accepted.sum() < 163


def test_a_carry_runs_through_words_without_a_match(on_each_path: str) -> None:
    words = [f"w{number}" for number in range(150)]
    whole, swapped = " ".join(words), " ".join(words[128:] + words[:64])
    # Only one of the two blocks is in order: LCS 64, F = 128 / 236 = 0.54; both would be 172 / 236 = 0.73.
    assert judge_stream([swapped], [whole], 0.6).tolist() == [True]
    assert judge_stream([whole], [swapped], 0.6).tolist() == [True]
    assert describe_stream([whole], [swapped], 0.6)[0].max_score == pytest.approx(128 / 236)
    assert judge_stream([whole], [swapped], 0.5).tolist() == [False]


def test_a_described_row_reads_as_the_index_would_say_it(
    on_each_path: str, oracle: Oracle, seeds: list[str], instructions: list[str]
) -> None:
    texts = repetitive(instructions, 30)
    described = describe_stream(seeds[:5], texts, 0.7)
    pool = seeds[:5]
    assert len(described) == len(texts)
    for row, text in enumerate(texts):
        assert described[row] == oracle(text, pool)
        assert described.accepted[row] == (described[row].max_score <= 0.7)
        if described.accepted[row]:
            pool = [*pool, text]


def test_highest_scores_are_those_of_rouge_score_against_a_pool_that_stays(
    on_each_path: str, oracle: Oracle, seeds: list[str], instructions: list[str]
) -> None:
    texts = ODD_TEXTS + repetitive(instructions, 20)
    pool = seeds[:30]
    assert highest_scores(pool, texts).tolist() == [oracle(text, pool).max_score for text in texts]
    assert highest_scores([], ["a", "b"]).tolist() == [0.0, 0.0]
    assert highest_scores(["a"], []).tolist() == []


def test_the_first_text_of_an_empty_pool_is_accepted(on_each_path: str) -> None:
    assert judge_stream([], ["a", "a", "b"], 0.0).tolist() == [True, False, True]
    assert describe_stream([], ["a"], 0.0)[0] == Similarity(0.0, -1, (), 0.0)
    assert judge_stream(["a"], [], 0.5).tolist() == []


def test_texts_without_tokens_always_pass(on_each_path: str) -> None:
    assert judge_stream(["!", "a"], ["!", "?", "", "名前", "名前"], 0.0).all()


def test_exactly_0_7_falls_as_rouge_score_floats_fall(on_each_path: str, oracle: Oracle) -> None:
    """Of the 91 shapes up to 85 tokens whose F is 0.7 in real numbers, 48 come out above in floats and 3 below."""
    above = below = shapes = 0
    for length in range(1, 86):
        for other in range(length, 86):
            lcs, rest = divmod(7 * (length + other), 20)
            if rest or lcs > length:
                continue
            member = [f"s{i}" for i in range(lcs)] + [f"m{i}" for i in range(length - lcs)]
            text = [f"s{i}" for i in range(lcs)] + [f"t{i}" for i in range(other - lcs)]
            score = oracle(" ".join(text), [" ".join(member)]).max_score
            accepted = bool(judge_stream([" ".join(member)], [" ".join(text)], 0.7)[0])
            assert accepted == (score <= 0.7)
            shapes, above, below = shapes + 1, above + (score > 0.7), below + (score < 0.7)
    assert (shapes, above, below) == (91, 48, 3)


@pytest.mark.parametrize("threshold", sorted(DECISIONS))
def test_the_published_stream_is_decided_as_recorded(
    threshold: float, seeds: list[str], instructions: list[str]
) -> None:
    bits = judge_stream(seeds, instructions, threshold)
    assert hashlib.sha256(np.packbits(bits).tobytes()).hexdigest() == DECISIONS[threshold]


def test_a_sample_of_the_published_stream_is_decided_as_rouge_score_does(
    oracle: Oracle, seeds: list[str], instructions: list[str]
) -> None:
    bits = judge_stream(seeds, instructions, 0.5)
    rows = [200, 1500, 3000]
    for row in [*rows, int(np.flatnonzero(~bits)[900])]:
        pool = seeds + [text for text, kept in zip(instructions[:row], bits[:row], strict=True) if kept]
        assert bits[row] == (oracle(instructions[row], pool).max_score <= 0.5)


def test_small_pools_never_wait_for_the_compiler() -> None:
    script = (
        "import sys\n"
        "from selfinstruct.novelty import NoveltyIndex, describe_stream, judge_stream\n"
        "texts = [f'write text number {n} about topic {n * 7}' for n in range(500)]\n"
        "assert judge_stream([], texts, 0.9).any() and describe_stream([], texts, 0.9).accepted.any()\n"
        "index = NoveltyIndex()\n"
        "for text in texts: index.add(text)\n"
        "print('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("threshold", [-0.01, 1.01, float("nan")])
def test_a_threshold_outside_0_and_1_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match="not between 0 and 1"):
        judge_stream([], ["a"], threshold)
    with pytest.raises(InputError, match="not between 0 and 1"):
        describe_stream([], ["a"], threshold)


def test_an_unknown_tokenizer_is_refused() -> None:
    with pytest.raises(InputError, match="choose one of"):
        judge_stream([], ["a"], 0.7, "words")


def test_texts_that_the_tokenizer_cannot_see_are_counted() -> None:
    texts = ["Назови цвет", "...", "", "  ", "Name it", "7"]
    assert count_invisible(texts) == 2
    assert count_invisible(texts, "unicode") == 1  # "..." has no word in any script
