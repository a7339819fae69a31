"""Tokens, words, white space and stop sequences."""

from __future__ import annotations

import pytest
from rouge_score import tokenizers

from selfinstruct.text import (
    count_words,
    cut_at_stop,
    fold_white_space,
    rouge_tokens,
    sentence_case,
    unicode_tokens,
)


@pytest.mark.parametrize("text", ["", "Write 3 haikus!", "É-mail, naïve", "日本語 only", "a_b-c.d", "İstanbul K"])
def test_rouge_tokens_equal_those_of_rouge_score(text: str) -> None:
    assert rouge_tokens(text) == tokenizers.DefaultTokenizer(use_stemmer=False).tokenize(text)


def test_rouge_tokens_equal_those_of_rouge_score_on_every_code_point() -> None:
    reference = tokenizers.DefaultTokenizer(use_stemmer=False)
    for start in range(0, 0x110000, 4096):
        points = [chr(point) for point in range(start, start + 4096) if not 0xD800 <= point <= 0xDFFF]
        text = "x ".join(points)
        assert rouge_tokens(text) == reference.tokenize(text), hex(start)


def test_unicode_tokens_see_scripts_that_rouge_tokens_cannot() -> None:
    assert rouge_tokens("Напиши рассказ") == []
    assert unicode_tokens("Напиши рассказ") == ["напиши", "рассказ"]


def test_words_are_counted_between_white_space() -> None:
    assert count_words("  one two\n three-four\t5 ") == 4


def test_published_case_raises_the_first_letter_and_lowers_the_others() -> None:
    assert sentence_case("write SQL for the NASA table") == "Write sql for the nasa table"


def test_white_space_folds_to_single_spaces() -> None:
    assert fold_white_space(" a \n\n b\tc ") == "a b c"


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("one\n\ntwo", ("\n\n",), ("one", "\n\n")),
        ("one", ("\n\n",), ("one", "")),
        ("one Task: two\n\n", ("\n\n", "Task:"), ("one ", "Task:")),
        ("a16. b", ("16", "16."), ("a", "16.")),  # at the same place the longer mark is named
        ("", ("x",), ("", "")),
    ],
)
def test_text_is_cut_at_the_earliest_stop_sequence(text: str, stop: tuple[str, ...], expected: tuple[str, str]) -> None:
    assert cut_at_stop(text, stop) == expected
