"""Counting verbs and their objects."""

from __future__ import annotations

import pytest

from selfinstruct.diversity import verb_nouns
from selfinstruct.diversity.verb_nouns import VerbCount, count_verb_nouns
from selfinstruct.errors import InputError
from selfinstruct.findings import Finding


def test_verbs_and_their_nouns_are_ranked_by_count_then_name() -> None:
    texts = [
        "Write a poem.",
        "Write two poems.",
        "Write a story.",
        "Bake a cake.",
        "Add a line.",
        "Explain why.",
        "Why?",
    ]
    found = count_verb_nouns(texts, "lexicon")
    assert found.verbs == (
        VerbCount("write", 3, (("poem", 2), ("story", 1))),
        VerbCount("add", 1, (("line", 1),)),
        VerbCount("bake", 1, (("cake", 1),)),
    )
    assert found.method == "lexicon"
    assert found.found == Finding(5 / 7, 7)
    assert found.verb_found == Finding(6 / 7, 7)  # explain has a verb, but no object
    assert found.pairs == 4


def test_twenty_verbs_with_four_nouns_are_shown_and_their_share_is_of_all_instructions() -> None:
    nouns = ["poem", "story", "letter", "song", "essay"]
    many = [f"Write a {noun}." for noun in nouns]
    verbs = sorted(verb_nouns.find_verb_noun.__globals__["words"].VERBS - {"do", "have", "write", "imagine", "suppose"})
    others = [f"{verb.capitalize()} a lamp." for verb in verbs if verb.isalpha() and not verb.endswith("e")][:25]
    found = count_verb_nouns(many + others, "lexicon")
    assert len(found.verbs) == 20
    assert [noun for noun, _ in found.verbs[0].nouns] == ["essay", "letter", "poem", "song"]  # ties by name
    assert found.covered == Finding((4 + 19) / 30, 30)


def test_no_instruction_leaves_every_share_undefined() -> None:
    found = count_verb_nouns([], "lexicon")
    assert found.verbs == ()
    assert found.findings()["verb_noun.found_share"].text() == "undefined, because there is no accepted instruction"
    assert found.findings()["verb_noun.pairs"] == Finding(0.0, 0)


def test_a_parser_that_is_not_installed_is_refused_and_auto_takes_the_lexicon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb_nouns, "installed_model", lambda: None)
    with pytest.raises(InputError, match=r"report\.parser=spacy.*choose lexicon or auto"):
        count_verb_nouns(["Write a poem."], "spacy")
    assert count_verb_nouns(["Write a poem."], "auto").method == "lexicon"


def test_auto_takes_an_installed_model_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[list[str], str]] = []

    def parse(texts: list[str], model: str) -> list[verb_nouns.VerbNoun]:
        seen.append((texts, model))
        return [verb_nouns.VerbNoun("sing", "song")]

    monkeypatch.setattr(verb_nouns, "installed_model", lambda: "en_core_web_sm")
    monkeypatch.setattr(verb_nouns, "parse_verb_nouns", parse)
    found = count_verb_nouns(["Sing a song."], "auto")
    assert (found.method, found.verbs) == ("spacy (en_core_web_sm)", (VerbCount("sing", 1, (("song", 1),)),))
    assert seen == [(["Sing a song."], "en_core_web_sm")]
