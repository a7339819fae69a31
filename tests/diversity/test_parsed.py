"""Verb and object in a parse tree: trees written by hand, and those of a spaCy model that the test trains itself.

No model is part of this project. Training, and everything that must find the model installed, has a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from selfinstruct.diversity.lexicon import VerbNoun
from selfinstruct.diversity.parsed import installed_model, root_verb_noun
from tests.commands import ENVIRONMENT, command
from tests.conftest import ROOT

NO_SPACY = "the extra parser is not installed"
COUNTED = """
import json, sys
from selfinstruct.diversity.parsed import installed_model, parse_verb_nouns
from selfinstruct.diversity.verb_nouns import count_verb_nouns
texts = json.loads(sys.argv[1])
found = [(one.verb, one.noun) for one in parse_verb_nouns(texts, installed_model())]
print(json.dumps([count_verb_nouns(texts, "auto").method, found]))
"""


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
    spacy = pytest.importorskip("spacy", reason=NO_SPACY)
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


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a process that finds an English model: tests/diversity/tiny_parser.py trains it."""
    pytest.importorskip("spacy", reason=NO_SPACY)
    folder = tmp_path_factory.mktemp("model")
    subprocess.run([sys.executable, ROOT / "tests/diversity/tiny_parser.py", folder], check=True, capture_output=True)
    return {**ENVIRONMENT, "PYTHONPATH": f"{folder}:{ROOT}"}


def count(texts: list[str], environment: dict[str, str]) -> list[object]:
    ran = subprocess.run(
        [sys.executable, "-c", COUNTED, json.dumps(texts)], env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    counted: list[object] = json.loads(ran.stdout)
    return counted


def test_an_installed_model_parses_whatever_a_dataset_holds(model: dict[str, str]) -> None:
    texts = {
        "Write me a poem.": ["write", "poem"],
        "Please describe a fruit.": ["describe", "fruit"],
        "Is it easy to bake bread?": ["bake", "bread"],  # the verb is not at the root
        "What is the city?": [None, None],
        "Explain it.": ["explain", None],
        "List three poems.": ["list", "poem"],  # a sentence that it has not seen
        "Describe the story. Write a poem.": ["describe", "story"],  # the first sentence counts
        "Write a poem.\n```\nList three fruits.\n```": ["write", "poem"],
        "```\nList three fruits.\n```": [None, None],
        "   ": [None, None],
        "": [None, None],
    }
    assert count(list(texts), model) == ["spacy (en_tiny)", list(texts.values())]


def test_a_model_without_a_parser_is_passed_over(model: dict[str, str], tmp_path: Path) -> None:
    package, facts = tmp_path / "en_a_tagger", tmp_path / "en_a_tagger-1.dist-info"
    package.mkdir()
    facts.mkdir()
    (package / "__init__.py").write_text("")
    (package / "meta.json").write_text('{"lang": "en", "name": "a_tagger", "version": "1", "pipeline": ["tagger"]}')
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: en_a_tagger\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[spacy_models]\nen_a_tagger = en_a_tagger\n")
    both = {**model, "PYTHONPATH": f"{tmp_path}:{model['PYTHONPATH']}"}
    assert count(["Write me a poem."], both) == ["spacy (en_tiny)", [["write", "poem"]]]


def test_the_report_of_a_run_is_made_with_the_model(model: dict[str, str], tmp_path: Path) -> None:
    small = (
        "generation.target=4",
        "tracking=off",
        "report.pictures=[]",
        "report.html=false",
        "export.formats=[alpaca]",
    )
    arguments = (*small, "run_dir=run", "report.parser=spacy")
    ran = subprocess.run(command("run", *arguments), cwd=tmp_path, env=model, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads((tmp_path / "run/report/verb_nouns.json").read_text())["method"] == "spacy (en_tiny)"
