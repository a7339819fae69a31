"""How ROUGE splits a text into tokens: a name or a file goes in, an object with `tokenize` comes out.

    rouge               rouge_score's own, with Porter's stemmer: the official choice for English
    <tokenizer.json>    byte-level BPE; with GPT-2's file the official choice for the cross-lingual track
    spaces              parts between white space: what the scorer published before that used for it
    unicode             words of any script, case-folded; our own, where neither file nor English is at hand

rouge_score's own sees only a-z and 0-9: two Greek texts have no token, and score 0 even where they are equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.text import rouge_tokens, unicode_tokens

NAMES = ("rouge", "spaces", "unicode")
_WORD_START = "Ġ"  # how byte-level BPE writes a leading space; the official scorer takes it off


class _Remembering:
    """References and answers come up again and again, and stemming is what takes the time."""

    def __init__(self, split: Any) -> None:
        self._split = lru_cache(maxsize=4096)(split)

    def tokenize(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return list(self._split(text))


def open_tokenizer(name: str) -> Any:
    """Return the tokenizer.

    Raises:
        InputError: neither a known name nor a readable tokenizer.json.
    """
    if name == "rouge":
        from rouge_score.tokenizers import DefaultTokenizer

        return _Remembering(DefaultTokenizer(use_stemmer=True).tokenize)
    if name == "spaces":
        return _Remembering(str.split)
    if name == "unicode":
        return _Remembering(unicode_tokens)
    return _Remembering(_from_file(Path(name).expanduser()))


def check_tokenizer(name: str) -> None:
    """Raise InputError as `open_tokenizer`, without the seconds that rouge_score takes to import."""
    if name not in NAMES:
        _from_file(Path(name).expanduser())


def count_invisible(references: Iterable[Sequence[str]], name: str) -> int:
    """Return for how many items rouge_score's tokenizer sees no word in any reference, so that nothing can score."""
    if name != "rouge":
        return 0
    return sum(bool(texts) and not any(rouge_tokens(text) for text in texts) for texts in references)


def tokenizer_identity(name: str) -> str:
    """Return the name, or the SHA-256 of a file's content."""
    return name if name in NAMES else hashlib.sha256(Path(name).expanduser().read_bytes()).hexdigest()


def _from_file(path: Path) -> Any:
    from tokenizers import Tokenizer

    if not path.is_file():
        raise InputError(f"benchmark.tokenizer={path}: no such file; give {', '.join(NAMES)} or a tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises Exception itself
        raise InputError(f"benchmark.tokenizer={path}: not a tokenizer.json ({error})") from error
    return lambda text: [token.lstrip(_WORD_START) for token in tokenizer.encode(text, add_special_tokens=False).tokens]
