from __future__ import annotations

import numpy as np
import pytest

from selfinstruct.novelty.corpus import Words, tokenise
from selfinstruct.novelty.index import TOKENIZERS

from .conftest import ODD_TEXTS


@pytest.mark.parametrize("tokenizer", sorted(TOKENIZERS))
def test_the_compiled_tokenizer_gives_the_tokens_of_the_plain_one(tokenizer: str, instructions: list[str]) -> None:
    alphabet = [chr(code) for code in range(0x3000)] + ["K", "ﬀ", "𝐀", "\U0001f600"]
    texts = ODD_TEXTS + instructions[:20_000] + [f"a{letter}b" for letter in alphabet] + ["".join(alphabet)]
    corpus = tokenise(texts, tokenizer)
    numbers: dict[str, int] = {}
    for row, text in enumerate(texts):
        expected = [numbers.setdefault(token, len(numbers)) for token in TOKENIZERS[tokenizer](text)]
        assert corpus.tokens[corpus.offsets[row] : corpus.offsets[row + 1]].tolist() == expected, text
    assert corpus.vocabulary == len(numbers)


def test_a_vocabulary_that_outgrows_its_table_keeps_its_numbers() -> None:
    words = Words(capacity=2)
    first, _ = words.number(["a b a", "c"], "rouge")
    second, ends = words.number([" ".join(f"x{i}" for i in range(100)), "c b"], "rouge")
    assert first.tolist() == [0, 1, 0, 2]
    assert second.tolist() == [*range(3, 103), 2, 1]
    assert ends.tolist() == [100, 102]
    assert words.count == 103


def test_no_texts_make_an_empty_corpus() -> None:
    corpus = tokenise([], "rouge")
    assert (len(corpus.tokens), corpus.offsets.tolist(), corpus.vocabulary) == (0, [0], 0)
    assert corpus.tokens.dtype == np.int32
