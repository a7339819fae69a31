"""Similarity, repetition, the Vendi score and lengths."""

from __future__ import annotations

import math
import zlib

import pytest

from selfinstruct.diversity.lengths import Lengths, measure_lengths
from selfinstruct.diversity.repetition import compression_ratio, distinct
from selfinstruct.diversity.similarity import compare
from selfinstruct.diversity.vendi import vendi_score
from selfinstruct.findings import Finding
from selfinstruct.records import Instance, Instruction

TEXTS = ["Name a smell.", "Sort numbers.", "Name a number."]


def _instructions(texts: list[str]) -> list[Instruction]:
    return [Instruction(text, 0, None, {"Name a colour.": 0.1 * number}, 0.0) for number, text in enumerate(texts, 1)]


def test_each_instruction_has_its_highest_score_to_the_seeds_and_to_its_pool() -> None:
    found = compare(_instructions(TEXTS), ["Name a colour.", "Sort the list of numbers."])
    # name a (smell|colour): 2 of 3 and 3 tokens, F 2/3. sort numbers: 2 of 2 and 5, F 2 * 1 * 0.4 / 1.4 = 4/7.
    assert found.to_seeds == pytest.approx((2 / 3, 4 / 7, 2 / 3))
    assert found.to_pool == pytest.approx((0.1, 0.2, 0.3))


def test_self_similarity_is_the_mean_over_all_pairs() -> None:
    # smell-sort 0, smell-number 2 of 3 and 3: 2/3, sort-number 0 (numbers is another token).
    assert compare(_instructions(TEXTS), ["Anything."]).self_similarity == Finding(pytest.approx((2 / 3) / 3), 3)


def test_self_similarity_does_not_depend_on_the_seeds_or_on_what_the_run_recorded() -> None:
    plain = [Instruction(text, 0, None) for text in TEXTS]
    with_seeds, without = compare(plain, ["Name a colour."]), compare(plain, [])
    assert with_seeds.self_similarity == without.self_similarity
    assert (without.to_seeds, without.to_pool) == ((), ())


@pytest.mark.parametrize("texts", [[], ["Name a smell."]])
def test_one_instruction_makes_no_pair(texts: list[str]) -> None:
    text = compare(_instructions(texts), ["Name a colour."]).self_similarity.text()
    assert text == f"undefined, because {len(texts)} accepted instructions make no pair"


def test_distinct_n_counts_n_grams_within_texts_only() -> None:
    texts = ["name a fruit", "name a tree"]
    assert distinct(texts, 1) == Finding(4 / 6, 6)
    assert distinct(texts, 2) == Finding(3 / 4, 4)  # name a, a fruit, a tree; "fruit name" is none
    assert distinct(texts, 4).text() == "undefined, because no text has 4 words in a row"
    assert distinct([""], 1).text() == "undefined, because no text has a word"


def test_a_set_that_repeats_itself_compresses_better() -> None:
    same, mixed = (
        ["name a fruit"] * 50,
        [f"{word} {number * 7919 % 997}" for number, word in enumerate("abcdefghij" * 5)],
    )
    ratio = compression_ratio(same)
    raw = "\n".join(same).encode()
    assert ratio == Finding(len(raw) / len(zlib.compress(raw, 9)), len(raw))
    assert (ratio.value or 0) > 3 * (compression_ratio(mixed).value or 0)
    assert compression_ratio([]).value is None


def test_the_vendi_score_of_equal_texts_is_1_and_of_texts_without_a_common_word_their_number() -> None:
    assert vendi_score(["sing a song"] * 4, 100, 1).value == pytest.approx(1)
    assert vendi_score(["one", "two", "three", ""], 100, 1).value == pytest.approx(4)


def test_the_vendi_score_is_the_exponential_entropy_of_the_kernel() -> None:
    # Words: "a b", "a c" share one of two, cosine 1/2; pairs of words: none, 0; their mean 1/4. Two texts with the
    # similarity 1/4 have the eigenvalues (1 + 1/4) / 2 and (1 - 1/4) / 2.
    entropy = -(0.625 * math.log(0.625) + 0.375 * math.log(0.375))
    assert vendi_score(["a b", "a c"], 100, 1) == Finding(pytest.approx(math.exp(entropy)), 2, note="all of them")


def test_the_vendi_score_of_a_sample_is_seeded_and_says_so() -> None:
    texts = [f"text number {number} about {'tea' if number % 3 else 'rain'}" for number in range(60)]
    first, again, other = (vendi_score(texts, 20, seed) for seed in (1, 1, 2))
    assert first == again and first.value != other.value
    assert (first.n, first.note) == (20, "a sample of 20 of 60")


def test_no_text_has_no_vendi_score() -> None:
    assert vendi_score([], 10, 1).text() == "undefined, because there is no text"


def test_lengths_are_words_and_empty_inputs_have_none() -> None:
    instances = [
        Instance("a", "", "one two", None),
        Instance("a", "  ", "x", None),
        Instance("a", "in put s", "y z w", None),
    ]
    lengths = measure_lengths(["Name a fruit.", "Sing."], instances)
    assert lengths == Lengths(instruction=(3, 1), input=(3,), output=(2, 1, 3))
    findings = lengths.findings()
    assert findings["length.instruction_words_median"] == Finding(2.0, 2)
    assert findings["length.output_words_max"] == Finding(3.0, 3)


def test_without_inputs_their_length_is_undefined() -> None:
    findings = measure_lengths(["Sing."], [Instance("Sing.", "", "La", None)]).findings()
    assert findings["length.input_words_median"].text() == "undefined, because there is no input that is not empty"
