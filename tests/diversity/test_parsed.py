"""Verb and object in a parse tree. The trees are written by hand, since no model is part of this project."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from selfinstruct.diversity.lexicon import VerbNoun
from selfinstruct.diversity.parsed import installed_model, root_verb_noun


@dataclass
class Word:
    lemma_: str
    pos_: str
    dep_: str = ""
    children: list[Word] = field(default_factory=list)


def test_the_verb_at_the_root_and_its_direct_object_count() -> None:
    # "Write me a poem about rain": the receiver and the object of the preposition are no direct objects.
    about = Word("about", "ADP", "prep", [Word("rain", "NOUN", "pobj")])
    poem = Word("poem", "NOUN", "dobj", [Word("a", "DET", "det"), about])
    assert root_verb_noun(Word("write", "VERB", "ROOT", [Word("I", "PRON", "dative"), poem])) == VerbNoun(
        "write", "poem"
    )


def test_the_verb_closest_to_the_root_counts_where_the_root_is_none() -> None:
    # "Is it possible to bake bread that rises?"
    rises = Word("rise", "VERB", "relcl")
    bake = Word("bake", "VERB", "xcomp", [Word("bread", "NOUN", "obj", [rises])])
    root = Word("be", "AUX", "ROOT", [Word("it", "PRON", "nsubj"), Word("possible", "ADJ", "acomp", [bake])])
    assert root_verb_noun(root) == VerbNoun("bake", "bread")


def test_a_pronoun_is_no_object_and_a_tree_without_a_verb_has_neither() -> None:
    assert root_verb_noun(Word("explain", "VERB", "ROOT", [Word("it", "PRON", "dobj")])) == VerbNoun("explain", None)
    assert root_verb_noun(Word("what", "PRON", "ROOT", [Word("capital", "NOUN", "nsubj")])) == VerbNoun(None, None)


def test_a_document_of_spacy_is_read_as_those_by_hand_are() -> None:
    """Runs where the extra "parser" is installed; the tree is given, so no model is needed."""
    spacy = pytest.importorskip("spacy", reason="the extra parser is not installed")
    words = ["Write", "me", "a", "poem", "about", "rain"]
    document = spacy.tokens.Doc(
        spacy.blank("en").vocab,
        words=words,
        lemmas=words,
        pos=["VERB", "PRON", "DET", "NOUN", "ADP", "NOUN"],
        deps=["ROOT", "dative", "det", "dobj", "prep", "pobj"],
        heads=[0, 0, 3, 0, 3, 4],
    )
    assert root_verb_noun(next(iter(document.sents)).root) == VerbNoun("write", "poem")


def test_without_spacy_there_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spacy.util", None)
    assert installed_model() is None
