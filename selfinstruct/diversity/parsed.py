"""What does an instruction ask for? Its verb and object by a dependency parser (spaCy), where one is installed.

    installed_model()                                             # "en_core_web_sm", or None
    list(parse_verb_nouns(["Write me a poem."], "en_core_web_sm"))     # [VerbNoun("write", "poem")]

spaCy is the extra "parser"; a model is nobody's dependency. Whoever installs both gets them used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

from selfinstruct.diversity.lexicon import VerbNoun

ParserName = Literal["auto", "spacy", "lexicon"]
_OBJECTS = {"dobj", "obj"}


class Token(Protocol):
    """What is read of a parsed word; the names are spaCy's."""

    pos_: str
    dep_: str
    lemma_: str

    @property
    def children(self) -> Iterable[Token]:
        """The words that depend on this one, in order."""
        ...


def installed_model() -> str | None:
    """Return the name of an installed English spaCy model that parses; None where there is none."""
    try:
        from spacy.util import get_installed_models
    except ImportError:
        return None
    return next((name for name in sorted(get_installed_models()) if name.startswith("en_") and _parses(name)), None)


def _parses(model: str) -> bool:
    """Whether a model says of itself that it has a parser; others have no trees to read."""
    from spacy.util import get_package_path, load_meta

    try:
        return "parser" in load_meta(get_package_path(model) / "meta.json").get("pipeline", ())
    except (OSError, ValueError, ImportError):
        return False


def parse_verb_nouns(instructions: Sequence[str], model: str) -> Iterator[VerbNoun]:
    """Yield verb and object of the first sentence of each instruction, same order.

    Source: Wang et al. 2023, section 2.3: the verb closest to the root of the parse tree and its first direct object.
    """
    import spacy

    parser = spacy.load(model, exclude=["ner"])
    for document in parser.pipe(text.partition("```")[0].strip() for text in instructions):
        sentence = next(iter(document.sents), None)
        yield VerbNoun(None, None) if sentence is None else root_verb_noun(sentence.root)


def root_verb_noun(root: Token) -> VerbNoun:
    """Return the verb closest to the root of a parse tree, and its first direct object that is a noun."""
    level: list[Token] = [root]
    while level:
        for token in level:
            if token.pos_ == "VERB":
                return VerbNoun(token.lemma_.lower(), _object(token))
        level = [child for token in level for child in token.children]
    return VerbNoun(None, None)


def _object(verb: Token) -> str | None:
    nouns = (child for child in verb.children if child.dep_ in _OBJECTS and child.pos_ in {"NOUN", "PROPN"})
    return next((noun.lemma_.lower() for noun in nouns), None)
