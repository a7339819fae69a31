from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from selfinstruct.errors import InputError
from selfinstruct.novelty import NoveltyIndex, plain
from selfinstruct.records import Similarity

from .conftest import ODD_TEXTS

Oracle = Callable[[str, Sequence[str]], Similarity]


def index_of(texts: Sequence[str], tokenizer: str = "rouge") -> NoveltyIndex:
    index = NoveltyIndex(tokenizer)
    for text in texts:
        index.add(text)
    return index


def mutated(text: str, draw: random.Random) -> str:
    """A near-duplicate: a word dropped, doubled, swapped or replaced."""
    words = text.split() or ["word"]
    at = draw.randrange(len(words))
    other = draw.randrange(len(words))
    change = draw.randrange(4)
    if change == 0:
        del words[at]
    elif change == 1:
        words.insert(at, words[other])
    elif change == 2:
        words[at], words[other] = words[other], words[at]
    else:
        words[at] = "replaced"
    return " ".join(words)


def test_a_known_pair_has_its_hand_calculated_score(on_each_path: str) -> None:
    index = index_of(["Name a colour."])
    # "name a" in common: precision 2/3, recall 2/3, F = 2 * (4/9) / (4/3) = 2/3
    assert index.describe("Name a smell.") == Similarity(2 / 3, 0, ((0, 2 / 3),), 2 / 3)


def test_order_counts_and_not_only_words(on_each_path: str) -> None:
    # LCS of "a b c d" and "d c b a" is one token: F = 1/4
    assert index_of(["a b c d"]).describe("d c b a").max_score == 0.25


def test_an_empty_pool_has_nothing_similar(on_each_path: str) -> None:
    index = NoveltyIndex()
    assert index.describe("anything") == Similarity(0.0, -1, (), 0.0)
    assert not index.is_above("anything", 0.0)
    assert len(index) == 0


def test_members_are_numbered_from_zero(on_each_path: str) -> None:
    index = NoveltyIndex()
    assert [index.add(text) for text in ("one", "", "two three")] == [0, 1, 2]
    assert len(index) == 3


def test_equal_scores_are_listed_in_pool_order(on_each_path: str) -> None:
    texts = ["x"] * 3 + ["a b"] * 7 + ["a b c"] + ["a b"] * 7
    found = index_of(texts).describe("a b c")
    assert [member for member, _ in found.most_similar] == [10, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert found.nearest == 10


def test_describing_leaves_the_pool_as_it_is(on_each_path: str) -> None:
    index = index_of(["a b c"])
    before = index.describe("x y a")
    assert index.describe("x y a") == before
    assert len(index) == 1


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_score_as_rouge_score_does(text: str, on_each_path: str, oracle: Oracle) -> None:
    assert index_of(ODD_TEXTS).describe(text) == oracle(text, ODD_TEXTS)


def test_real_texts_and_near_duplicates_score_as_rouge_score_does(
    on_each_path: str, oracle: Oracle, instructions: list[str]
) -> None:
    draw = random.Random(1)
    pool = draw.sample(instructions, 400)
    pool += [mutated(text, draw) for text in pool[:100]] + ODD_TEXTS + pool[:5]
    index = index_of(pool)
    candidates = draw.sample(instructions, 15) + [mutated(draw.choice(pool), draw) for _ in range(25)]
    for candidate in candidates:
        assert index.describe(candidate) == oracle(candidate, pool), candidate


def test_long_scenarios_score_as_rouge_score_does(on_each_path: str, oracle: Oracle, shared_data: object) -> None:
    draw = random.Random(2)
    words = [f"w{number}" for number in range(150)]
    pool = [" ".join(draw.choices(words, k=draw.randrange(20, 330))) for _ in range(40)]
    index = index_of(pool)
    for text in [mutated(pool[3], draw), pool[5], " ".join(draw.choices(words, k=256)), "w1 w2", ""]:
        assert index.describe(text) == oracle(text, pool)


def test_a_pool_with_frequent_tokens_scores_as_rouge_score_does(
    compiled: None, oracle: Oracle, instructions: list[str]
) -> None:
    # From 1,024 members on, frequent tokens are kept as rows.
    pool = instructions[:2500]
    index = index_of(pool)
    for candidate in instructions[30_000:30_006]:
        assert index.describe(candidate) == oracle(candidate, pool)


def test_both_paths_agree_at_every_pool_size(instructions: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """np.mean changes its order of additions at 8, at 128 and at every doubling of it."""
    plainly = NoveltyIndex()
    monkeypatch.setattr(plain, "MOST_TOKENS", 0)
    compiled = index_of(["first"])
    monkeypatch.setattr(plain, "MOST_TOKENS", 1 << 60)
    plainly.add("first")
    for text in instructions[:1100]:
        assert compiled.describe(text) == plainly.describe(text)
        compiled.add(text)
        plainly.add(text)


def test_growing_past_the_plain_size_changes_no_answer(
    instructions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "MOST_TOKENS", 500)
    growing = NoveltyIndex()
    monkeypatch.setattr(plain, "MOST_TOKENS", 1 << 60)
    plainly = NoveltyIndex()
    for text in instructions[:120]:
        monkeypatch.setattr(plain, "MOST_TOKENS", 500)
        assert growing.add(text) == len(growing) - 1
        found = growing.describe(text + " again")
        monkeypatch.setattr(plain, "MOST_TOKENS", 1 << 60)
        plainly.add(text)
        assert found == plainly.describe(text + " again")
        assert len(growing) == len(plainly)


def test_the_threshold_itself_is_not_above_it(on_each_path: str) -> None:
    ten = index_of(["a b c d e f g h i j"])
    # 7 of 10 in common: precision and recall 0.7, and F comes out as 0.7 itself
    assert ten.describe("a b c d e f g x y z").max_score == 0.7
    assert not ten.is_above("a b c d e f g x y z", 0.7)
    assert ten.is_above("a b c d e f g h y z", 0.7)
    # 7 in common of 7 and 13: exactly 0.7 in real numbers, a little above in rouge_score's floats
    assert index_of(["a b c d e f g"]).is_above("a b c d e f g h i j k l m", 0.7)


def test_the_unicode_tokenizer_sees_other_scripts() -> None:
    pool = ["Назови цвет", "色の名前"]
    assert index_of(pool).describe("назови запах").max_score == 0.0
    assert index_of(pool, "unicode").describe("назови запах").max_score == 0.5


def test_an_unknown_tokenizer_is_refused() -> None:
    with pytest.raises(InputError, match="choose one of rouge, unicode"):
        NoveltyIndex("words")
