"""The official definitions, case by case: each number is worked out in the comment beside it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.evaluation import Item, Prediction, score_items, scoring
from selfinstruct.evaluation.scoring import is_exact_match, normalised, open_rouge, percent
from selfinstruct.evaluation.tokenizers import check_tokenizer, open_tokenizer


def item(*references: str, name: str = "i") -> Item:
    return Item(name, "t", "c", "Do it.", "", references)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("The Cat.", "the cat"),
        ("  don't \n stop!! ", "dont stop"),  # a mark goes without a space in its place
        ("a-b", "ab"),
        ("«Oui»", "«oui»"),  # only the 32 marks of ASCII go
        ("the a an", "the a an"),  # articles stay, other than in SQuAD
        ("?!", ""),
    ],
)
def test_exact_match_sees_lower_case_without_ascii_punctuation_and_white_space_folded(text: str, seen: str) -> None:
    assert normalised(text) == seen


def test_two_texts_of_marks_only_match_and_a_word_more_does_not() -> None:
    assert is_exact_match("?", "...")
    assert not is_exact_match("yes it is", "yes")


def test_rouge_is_the_f_measure_of_stems() -> None:
    # answer [the, cats -> cat, sat] 3, reference [a, cat, sat, down] 4; common in order: cat, sat
    # precision 2/3, recall 2/4, F = 2 * 2/3 * 1/2 / (2/3 + 1/2) = 4/7
    found = open_rouge("rouge")("The cats sat.", "A cat sat down")
    assert found["rouge_l"] == pytest.approx(4 / 7)
    assert found["rouge_1"] == pytest.approx(4 / 7)


def test_rouge_l_minds_the_order_and_rouge_1_does_not() -> None:
    found = open_rouge("rouge")("one two three", "three two one")
    assert found["rouge_1"] == pytest.approx(1.0)
    assert found["rouge_l"] == pytest.approx(1 / 3)  # one word in order, 3 and 3 words


def test_words_of_three_letters_are_not_stemmed() -> None:
    assert open_rouge("rouge")("was", "wa")["rouge_l"] == 0.0
    assert open_rouge("rouge")("walks", "walked")["rouge_l"] == 1.0  # both walk


def test_the_scores_are_those_of_rouge_score_itself() -> None:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rougeL"], use_stemmer=True)
    rouge = open_rouge("rouge")
    texts = ["", "Running dogs run quickly; they're running.", "dog ran 3 times - 3.5!", "Ünïcode wörds", "the the the"]
    for answer in texts:
        for reference in texts:
            expected = scorer.score(prediction=answer, target=reference)
            found = rouge(answer, reference)
            assert found == {"rouge_l": expected["rougeL"].fmeasure, "rouge_1": expected["rouge1"].fmeasure}


def test_texts_too_long_for_rouge_scores_table_have_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    draw, words = random.Random(5), ["cats", "cat", "runs", "dog", "ran", "a"]
    scorer = RougeScorer(["rouge1", "rougeL"], use_stemmer=True)
    monkeypatch.setattr(scoring, "_MOST_CELLS", 12)  # so that 3 times 4 words are few and 13 are many
    rouge = open_rouge("rouge")
    for _ in range(300):
        one, other = (" ".join(draw.choices(words, k=draw.randint(0, 9))) for _ in "ab")
        expected = scorer.score(prediction=one, target=other)
        assert rouge(one, other) == {"rouge_l": expected["rougeL"].fmeasure, "rouge_1": expected["rouge1"].fmeasure}


def test_a_book_is_scored_without_a_table_of_its_words_by_themselves() -> None:
    # 20,000 words by 20,000 are a table of 3.2 GB. Every second word is missing: precision 1, recall 1/2, F 2/3
    words = [f"w{place % 900}" for place in range(20_000)]
    found = open_rouge("rouge")(" ".join(words[::2]), " ".join(words))
    assert found["rouge_1"] == pytest.approx(2 / 3)
    assert found["rouge_l"] == pytest.approx(2 / 3)


def test_the_best_reference_counts_for_each_measure_by_itself() -> None:
    # to "b a": ROUGE-1 1, ROUGE-L 1/2. To "a b c d": ROUGE-1 = ROUGE-L = 2 * 1 * 1/2 / 1.5 = 2/3
    (found,) = score_items([item("b a", "a b c d")], {"i": Prediction("A, b!")}, "rouge", "left_out")
    assert (found.rouge_l, found.rouge_1, found.exact_match) == (pytest.approx(2 / 3), 1.0, 0.0)
    (found,) = score_items([item("b a", "a B")], {"i": Prediction("A, b!")}, "rouge", "left_out")
    assert (found.rouge_l, found.exact_match) == (1.0, 1.0)


def test_an_item_without_an_answer_is_an_empty_answer_or_no_score_as_told() -> None:
    items = [item("yes"), item("?!", name="j")]
    empty = score_items(items, {}, "rouge", "empty")
    assert [(one.rouge_l, one.exact_match) for one in empty] == [(0.0, 0.0), (0.0, 1.0)]  # "" is "?!" without marks
    left_out = score_items(items, {}, "rouge", "left_out")
    assert [(one.rouge_l, one.rouge_1, one.exact_match) for one in left_out] == [(None, None, None)] * 2


def test_an_item_without_a_reference_has_no_score() -> None:
    (found,) = score_items([item()], {"i": Prediction("x")}, "rouge", "empty")
    assert found.rouge_l is None


def test_means_are_in_percent_to_four_decimals() -> None:
    assert percent([1.0, 0.0, 0.0]) == 33.3333
    assert percent([2 / 3]) == 66.6667


def test_texts_in_another_script_need_another_tokenizer() -> None:
    text = "Καλημέρα κόσμε"
    assert open_rouge("rouge")(text, text)["rouge_l"] == 0.0
    assert open_rouge("spaces")(text, text)["rouge_l"] == 1.0
    assert open_rouge("unicode")("ΚΑΛΗΜΕΡΑ κόσμε!", "καλημερα κόσμε")["rouge_l"] == 1.0


def test_a_byte_level_tokenizer_is_read_from_its_file_and_loses_its_mark_for_spaces(tmp_path: Path) -> None:
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(["hello world", "world hello"] * 50, vocab_size=300, min_frequency=2)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    check_tokenizer(str(path))
    assert open_tokenizer(str(path)).tokenize("hello world") == ["hello", "world"]  # and not Ġworld
    assert open_rouge(str(path))("world", "hello world")["rouge_l"] == pytest.approx(2 / 3)


def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file; give rouge, spaces, unicode or a tokenizer\.json"):
        check_tokenizer("wordpiece")
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"not a tokenizer\.json"):
        check_tokenizer(str(broken))
