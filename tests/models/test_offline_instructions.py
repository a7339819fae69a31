"""New instructions of the offline model: sound, imitative, novel enough, and faulty as often as asked."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from selfinstruct.models.offline import answer, read_options
from selfinstruct.models.offline.general import is_classification, read_taste, write_instruction
from selfinstruct.models.offline.grammar import GRAMMAR, Voice, expand, sentence
from selfinstruct.novelty import NoveltyIndex
from tests.models.offline_requests import (
    BLOCKED,
    EXAMPLES,
    new_tasks,
    options_with,
    shipped_options,
    write_many,
)


def test_without_faults_every_new_instruction_passes_the_filters() -> None:
    texts = write_many(new_tasks("paper"), options_with())
    assert len(texts) == 40 * 11
    for text in texts:
        assert 4 <= len(text.split()) <= 150 and text[0].isascii() and text[0].isalnum()
        assert not BLOCKED.search(text), text


@pytest.mark.parametrize(
    ("rate", "is_faulty"),
    [
        ("blocked_word", lambda text: BLOCKED.search(text)),
        ("too_short", lambda text: len(text.split()) < 4),
        ("too_long", lambda text: len(text.split()) > 150),
        ("punctuation_start", lambda text: not text[0].isalnum()),
        ("non_ascii_start", lambda text: not text[0].isascii()),
        ("blank_item", lambda text: text == ""),
        ("near_duplicate", lambda text: max(nearness(text, example) for example in EXAMPLES) > 0.7),
    ],
)
def test_each_fault_of_an_instruction_is_made_as_often_as_its_rate_says(rate: str, is_faulty: Any) -> None:
    request = replace(new_tasks("paper"), max_tokens=10_000)
    always = write_many(request, options_with(**{rate: 1.0}), count=4)
    assert len(always) >= 4 * 10 and all(is_faulty(text) for text in always)
    half = write_many(request, options_with(**{rate: 0.5}), count=20)
    assert 0.35 < sum(bool(is_faulty(text)) for text in half) / len(half) < 0.65


def nearness(text: str, other: str) -> float:
    index = NoveltyIndex()
    index.add(other)
    return index.describe(text).max_score


def test_a_preamble_stands_before_a_list_but_never_inside_an_open_item() -> None:
    chat = answer(new_tasks("chat"), "grammar", options_with(preamble=1.0)).text
    assert chat.startswith("Sure! Here are 8 new tasks:\n\n5. ")
    assert answer(new_tasks("paper"), "grammar", options_with(preamble=1.0)).text.startswith(" ")


def test_topics_of_the_examples_come_back_as_far_as_imitation_goes() -> None:
    examples = [f"Tell a story about the {word}." for word in ("zeppelin", "walrus", "trombone", "iceberg")]
    shares = []
    for imitation in (0.0, 1.0):
        texts = write_many(new_tasks("paper", examples), options_with(imitation))
        shares.append(sum(bool(re.search("zeppelin|walrus|trombone|iceberg", text)) for text in texts) / len(texts))
    assert shares[0] == 0.0 and shares[1] > 0.05


def test_verbs_and_lengths_of_the_examples_come_back() -> None:
    examples = [f"Scribble a note about tea and add {words}." for words in ("salt", "rum", "milk", "ice")]
    texts = write_many(new_tasks("paper", examples), options_with(1.0))
    assert any(text.startswith("Scribble ") for text in texts)
    long_ones = [" ".join([example] * 5) for example in examples]
    longer = write_many(new_tasks("paper", long_ones), options_with(1.0))
    mean, longer_mean = (sum(len(t.split()) for t in group) / len(group) for group in (texts, longer))
    assert longer_mean > mean * 1.3


def test_classification_examples_bring_classification_tasks() -> None:
    examples = ["Classify the tweet as rude or polite.", "Is the mail spam? Answer yes or no."] * 4
    texts = write_many(new_tasks("paper", examples), options_with())
    assert sum(map(is_classification, texts)) / len(texts) > 0.8
    assert sum(map(is_classification, write_many(new_tasks("paper", EXAMPLES[:3]), options_with()))) / 440 < 0.3


def test_lower_case_examples_bring_lower_case_tasks() -> None:
    texts = write_many(new_tasks("paper", [text.capitalize() for text in EXAMPLES]), options_with(), count=5)
    assert all(text == text.capitalize() for text in texts)


def test_the_language_is_far_larger_than_the_largest_run() -> None:
    """The paper kept 52,445 instructions. 20,000 draws hold under 1 % repeats, so millions are possible."""
    voice = Voice(Random(1), 0.25, 1.0, ())
    taste = read_taste(EXAMPLES, 0.0)
    texts = {write_instruction(taste, voice) for _ in range(20_000)}
    assert len(texts) > 19_800


def test_most_new_instructions_stay_novel_and_a_lower_threshold_keeps_fewer() -> None:
    request, kept = new_tasks("paper"), {}
    texts = write_many(request, read_options(shipped_options()), count=60)
    for threshold in (0.7, 0.5, 0.3):
        index = NoveltyIndex()
        for text in EXAMPLES:
            index.add(text)
        for text in texts:
            if len(text.split()) > 3 and not index.is_above(text, threshold):
                index.add(text)
        kept[threshold] = (len(index) - len(EXAMPLES)) / len(texts)
    assert kept[0.7] > 0.6 and kept[0.7] > kept[0.5] + 0.1 and kept[0.5] > kept[0.3] + 0.3, kept


def test_no_word_of_the_grammar_is_blocked_outside_its_blocked_sentences() -> None:
    for symbol, productions in GRAMMAR.items():
        if symbol != "blocked":
            assert not [part for production in productions for part in production[::2] if BLOCKED.search(part)], symbol


def test_every_symbol_of_the_grammar_can_be_expanded() -> None:
    for symbol in GRAMMAR:
        for seed in range(20):
            assert "{" not in expand(symbol, Voice(Random(seed), 0.0, 1.0, ()))


def test_a_vowel_takes_an() -> None:
    voice = Voice(Random(1), 0.0, 1.0, ("apple",))
    assert not any(re.search(r"\ba [aeio]", sentence("sentence", voice)) for _ in range(300))


def test_a_small_breadth_makes_a_model_that_repeats_itself() -> None:
    request = new_tasks("paper")
    wide = write_many(request, options_with(), count=20)
    narrow = write_many(request, replace(options_with(), breadth=0.05), count=20)
    assert len(set(narrow)) < len(set(wide))
