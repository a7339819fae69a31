"""Each instruction rule: a kept case, a rejected case and the exact boundary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfinstruct.filters import INSTRUCTION_RULES, InstructionThresholds, judge_instruction, judge_novelty
from selfinstruct.records import Similarity, Verdict

OFF = InstructionThresholds(None, None, (), (), False, False, None, "rouge")
PAPER = InstructionThresholds(
    min_words=4,
    max_words=150,
    blocked_words=("image", "images", "graph", "file", "map", "go to"),
    blocked_prefixes=("Write a program",),
    starts_with_punctuation=True,
    starts_with_non_ascii=True,
    max_rouge_l=0.7,
    tokenizer="rouge",
)


def similar(score: float) -> Similarity:
    return Similarity(score, 0, ((0, score),), score)


def test_the_rules_stand_in_the_published_order() -> None:
    assert [name for name, _ in INSTRUCTION_RULES] == [
        "empty",
        "too_short",
        "too_long",
        "blocked_word",
        "blocked_prefix",
        "starts_with_punctuation",
        "starts_with_non_ascii",
    ]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_instruction_is_never_kept_even_with_every_rule_off(text: str) -> None:
    assert judge_instruction(text, OFF).rule == "empty"


@pytest.mark.parametrize("text", ["x", "!", "É", "Write a program", "image " * 1000])
def test_everything_else_is_kept_with_every_rule_off(text: str) -> None:
    assert judge_instruction(text, OFF).is_kept


def test_the_fewest_words_are_inclusive() -> None:
    assert judge_instruction("Name three trees.", PAPER) == Verdict("too_short", "3 words")
    assert judge_instruction("Name three tall trees.", PAPER).is_kept
    assert judge_instruction("Name", PAPER) == Verdict("too_short", "1 word")


def test_the_most_words_are_inclusive() -> None:
    assert judge_instruction("word " * 150, PAPER).is_kept
    assert judge_instruction("word " * 151, PAPER) == Verdict("too_long", "151 words")


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        ("Describe the image in words.", "image"),
        ("IMAGE of a tree, please describe.", "IMAGE"),
        ("Which graph, if any, is right?", "graph"),
        ("Please go to the shop now.", "go to"),
        ("Please go \n to the shop now.", "go to"),
        ("Open the file.", None),
        ("What is graphic design about?", None),
        ("Why was the suit filed late?", None),
        ("Do you prefer to gogo to rest?", None),
        ("Is a filename a name too?", None),
        ("Describe the imagery of this poem.", None),
    ],
)
def test_blocked_words_are_whole_words_in_any_case(text: str, saw: str | None) -> None:
    expected = Verdict("blocked_word", saw) if saw else Verdict()
    if text == "Open the file.":
        expected = Verdict("too_short", "3 words")
    assert judge_instruction(text, PAPER) == expected


def test_a_blocked_word_may_hold_signs_of_the_pattern_language() -> None:
    thresholds = replace(OFF, blocked_words=("c++", "a.b"))
    assert judge_instruction("Write it in C++ please.", thresholds) == Verdict("blocked_word", "C++")
    assert judge_instruction("Write axb please.", thresholds).is_kept


def test_blocked_prefixes_count_at_the_start_only() -> None:
    assert judge_instruction("Write a program that sorts.", PAPER) == Verdict("blocked_prefix", "Write a program")
    assert judge_instruction("write a  program that sorts.", PAPER) == Verdict("blocked_prefix", "write a program")
    assert judge_instruction("Never write a program that sorts.", PAPER).is_kept
    # As published, the prefix is compared letter by letter, so the beginning of a longer word counts, too.
    assert judge_instruction("Write a programme for the concert.", PAPER).rule == "blocked_prefix"


def test_the_first_character_must_not_be_punctuation() -> None:
    assert judge_instruction("(a) Name three tall trees.", PAPER) == Verdict("starts_with_punctuation", "(")
    assert judge_instruction("7 trees grow here: name three.", PAPER).is_kept


def test_the_first_character_must_not_be_beyond_ascii() -> None:
    assert judge_instruction("Écris un poème court.", PAPER) == Verdict("starts_with_non_ascii", "É")
    assert judge_instruction("Un poème court, écris-le.", PAPER).is_kept
    assert (
        judge_instruction("~ name three trees now", PAPER).rule == "starts_with_punctuation"
    )  # 0x7e, the last of ASCII
    assert judge_instruction("\x80 name three trees now", PAPER).rule == "starts_with_non_ascii"


def test_the_first_rule_that_objects_is_named() -> None:
    assert judge_instruction("(image)", PAPER).rule == "too_short"
    assert judge_instruction("Write a program about an image.", PAPER).rule == "blocked_word"


def test_the_threshold_of_novelty_itself_is_kept() -> None:
    assert judge_novelty(similar(0.7), "Name a tree.", PAPER).is_kept
    assert judge_novelty(similar(0.7000001), "Name a tree.", PAPER).rule == "too_similar"
    assert judge_novelty(similar(0.83), "Name a\ntree.", PAPER) == Verdict("too_similar", "0.83 to Name a tree.")
    assert judge_novelty(similar(1.0), "Name a tree.", OFF).is_kept


def test_only_the_start_of_the_nearest_text_is_shown() -> None:
    assert judge_novelty(similar(1.0), "x" * 500, PAPER).saw == "1.00 to " + "x" * 60
