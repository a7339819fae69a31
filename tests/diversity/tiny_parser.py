"""A real spaCy pipeline that a test trains in seconds, installed as a package into a folder: en_tiny.

    python tests/diversity/tiny_parser.py <folder>         then PYTHONPATH=<folder> has an English model

It knows the sentences below by heart and little else. Each word is word/lemma/part of speech/head/relation.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

NAME, VERSION = "en_tiny", "0.1"
SENTENCES = (
    "Write/write/VERB/0/ROOT me/I/PRON/0/dative a/a/DET/3/det poem/poem/NOUN/0/dobj ././PUNCT/0/punct",
    "Write/write/VERB/0/ROOT two/two/NUM/2/nummod poems/poem/NOUN/0/dobj ././PUNCT/0/punct",
    "List/list/VERB/0/ROOT three/three/NUM/2/nummod fruits/fruit/NOUN/0/dobj ././PUNCT/0/punct",
    "Describe/describe/VERB/0/ROOT the/the/DET/2/det city/city/NOUN/0/dobj ././PUNCT/0/punct",
    "Explain/explain/VERB/0/ROOT it/it/PRON/0/dobj ././PUNCT/0/punct",
    "Please/please/INTJ/1/intj describe/describe/VERB/1/ROOT a/a/DET/3/det fruit/fruit/NOUN/1/dobj ././PUNCT/1/punct",
    "What/what/PRON/1/attr is/be/AUX/1/ROOT the/the/DET/3/det city/city/NOUN/1/nsubj ?/?/PUNCT/1/punct",
    "Is/be/AUX/0/ROOT it/it/PRON/0/nsubj easy/easy/ADJ/0/acomp to/to/PART/4/aux bake/bake/VERB/2/xcomp "
    "bread/bread/NOUN/4/dobj ?/?/PUNCT/0/punct",
    "Write/write/VERB/0/ROOT a/a/DET/2/det story/story/NOUN/0/dobj ././PUNCT/0/punct",
)
ROUNDS = 30


def main() -> None:
    """Train the pipeline and install it."""
    install(train(), Path(sys.argv[1]))


def train() -> Any:
    """Return the pipeline: parts of speech and trees are learned, lemmas looked up."""
    import spacy
    from spacy.lookups import Lookups
    from spacy.tokens import Doc
    from spacy.training import Example

    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    language.add_pipe("morphologizer")
    language.add_pipe("parser", config={"min_action_freq": 1})  # every relation is rare in so few sentences
    words = [[part.split("/") for part in sentence.split()] for sentence in SENTENCES]
    examples = []
    for sentence in words:
        forms, lemmas, kinds, heads, relations = zip(*sentence, strict=True)
        tree = {"heads": [int(head) for head in heads], "deps": relations, "pos": kinds, "lemmas": lemmas}
        examples.append(Example(Doc(language.vocab, forms), Doc(language.vocab, forms, **tree)))
    spacy.util.fix_random_seed(1)
    optimizer = language.initialize(lambda: examples)
    shuffle = random.Random(1).shuffle
    for _ in range(ROUNDS):
        shuffle(examples)
        language.update(examples, sgd=optimizer)
    lookups = Lookups()
    lookups.add_table("lemma_lookup", {form: lemma for sentence in words for form, lemma, *_ in sentence})
    language.add_pipe("lemmatizer", config={"mode": "lookup"}).initialize(lambda: examples, lookups=lookups)
    language.meta |= {"name": NAME.removeprefix("en_"), "version": VERSION}
    return language


def install(language: Any, folder: Path) -> None:
    """Write what `pip install` of a spaCy model leaves: the package, its data, and its entry point."""
    package, facts = folder / NAME, folder / f"{NAME}-{VERSION}.dist-info"
    package.mkdir(parents=True)
    language.to_disk(package / f"{NAME}-{VERSION}")
    facts.mkdir()
    loader = "from spacy.util import load_model_from_init_py\n\n\ndef load(**overrides):\n    "
    (package / "__init__.py").write_text(loader + "return load_model_from_init_py(__file__, **overrides)\n")
    (package / "meta.json").write_text(json.dumps(language.meta))
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n")
    (facts / "entry_points.txt").write_text(f"[spacy_models]\n{NAME} = {NAME}\n")


if __name__ == "__main__":
    main()
