"""A task pool that grows one text at a time and describes any text against itself.

Texts go in, `Similarity` comes out. Small pools are plain Python, larger ones compiled, as soon as the machine code is
there; both give the same bits.

    index = NoveltyIndex()
    index.add("Name a colour.")
    index.describe("Name a smell.").max_score    # 0.6666666666666666
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from selfinstruct.errors import InputError
from selfinstruct.novelty import plain
from selfinstruct.novelty.ahead import compile_ahead, is_compiling
from selfinstruct.novelty.describe import CompiledIndex
from selfinstruct.novelty.plain import PlainIndex
from selfinstruct.records import Similarity
from selfinstruct.text import rouge_tokens, unicode_tokens

TOKENIZERS: dict[str, Callable[[str], list[str]]] = {"rouge": rouge_tokens, "unicode": unicode_tokens}


def tokenizer_named(name: str) -> Callable[[str], list[str]]:
    """Return the tokenizer of that name.

    Raises:
        InputError: there is none.
    """
    if name not in TOKENIZERS:
        raise InputError(f"tokenizer: {name!r} is unknown; choose one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]


class NoveltyIndex:
    """A task pool that says how similar a text is to its members. The texts themselves stay with the caller.

    Args:
        tokenizer: "rouge" (runs of a-z and 0-9, as rouge_score) or "unicode" (words of any script).

    Raises:
        InputError: there is no tokenizer of that name.
    """

    def __init__(self, tokenizer: str = "rouge") -> None:
        self._tokens = tokenizer_named(tokenizer)
        self._numbers: dict[str, int] = {}
        self._plain = PlainIndex()
        self._compiled: CompiledIndex | None = None

    def __len__(self) -> int:
        return len(self._plain if self._compiled is None else self._compiled)

    def add(self, text: str) -> int:
        """Append a text to the pool and return its pool index (0, 1, 2, ...)."""
        numbers = self._numbers
        tokens = [numbers.setdefault(token, len(numbers)) for token in self._tokens(text)]
        if self._compiled is not None:
            return self._compiled.add(tokens)
        member = self._plain.add(tokens)
        if 2 * self._plain.token_count > plain.MOST_TOKENS:
            compile_ahead("describe")
        if self._plain.token_count > plain.MOST_TOKENS and not is_compiling("describe"):
            self._compiled = _compiled(self._plain.members, len(numbers))
            self._plain = PlainIndex()
        return member

    def describe(self, text: str) -> Similarity:
        """Compare a text with every member: highest score, ten most similar, mean score. The pool stays as it is."""
        tokens = [self._numbers.get(token, -1) for token in self._tokens(text)]
        if self._compiled is None:
            return self._plain.describe(tokens)
        return self._compiled.describe(tokens)

    def is_above(self, text: str, threshold: float) -> bool:
        """Return whether the highest score of a text is strictly above the threshold (0.7 is not above 0.7)."""
        return len(self) > 0 and self.describe(text).max_score > threshold


def _compiled(members: Sequence[Sequence[int]], vocabulary: int) -> CompiledIndex:
    index = CompiledIndex(vocabulary)
    tokens = np.concatenate([np.array(member, np.int32) for member in members])
    offsets = np.concatenate(([0], np.cumsum([len(member) for member in members])))
    index.stream(tokens, offsets, seeds=len(members), threshold=0.0)
    return index
