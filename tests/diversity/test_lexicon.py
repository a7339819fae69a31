"""The lexicon method: which verb and which object an instruction asks for."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from selfinstruct.diversity import words
from selfinstruct.diversity.lexicon import VerbNoun, base_verb, find_verb_noun, singular

SEED_TASKS = "self-instruct/seed_tasks.jsonl"


def coverage(found: list[VerbNoun]) -> tuple[float, float]:
    """Return the share with a verb, and with a verb and its noun, in hundredths."""
    verbs, nouns = (sum(getattr(one, part) is not None for one in found) / len(found) for part in ("verb", "noun"))
    return round(verbs, 2), round(nouns, 2)


@pytest.mark.parametrize(
    ("instruction", "verb", "noun"),
    [
        ("Write a poem.", "write", "poem"),
        ("Write three short summaries of the article.", "write", "summary"),
        ("Please write me a poem about rain.", "write", "poem"),
        ("Could you please write a poem?", "write", "poem"),
        ("Your task is to classify the sentence.", "classify", "sentence"),
        ("Given a list of numbers, find the largest number and print the sum.", "find", "number"),
        ("Given two words find a rhyme.", "find", "rhyme"),
        ("In one sentence, describe the plot.", "describe", "plot"),
        ("If the text is rude, rewrite the text politely.", "rewrite", "text"),
        ("You are given a recipe. Double the ingredients.", "double", "ingredient"),
        ("How do I bake a cake?", "bake", "cake"),
        ("Imagine you are a pirate. Compose a letter to your mother.", "compose", "letter"),
        ("Imagine you are hiking, describe the setting.", "describe", "setting"),
        ("Generate an SEO optimized title for the article.", "generate", "title"),
        ("Find an online article.", "find", "article"),
        ("List at least 5 endangered animals.", "list", "animal"),
        ("Imagine a planet without water.", "imagine", "planet"),
        ("Compare and contrast cats with dogs.", "compare", "cat"),
        ("Come up with a slogan.", "come up with", "slogan"),
        ("Fill in the blanks.", "fill", "blank"),
        ("Tell him a story.", "tell", "story"),
        ("Create a machine learning model.", "create", "model"),
        ("Write a story using these words.", "write", "story"),
        ("List the ingredients needed for bread.", "list", "ingredient"),
        ("Rewrite the given sentence.", "rewrite", "sentence"),
        ("Make the paragraph shorter.", "make", "paragraph"),
        ("Describe the author's style.", "describe", "style"),
        ("Generate a short, funny reply to the email.", "generate", "reply"),
        ("Create four distinct 15-word character biographies.", "create", "biography"),
        ("Re-write the text.", "rewrite", "text"),
        ("Summarise the news.", "summarize", "news"),
        ("Analyse the data (see below).", "analyze", "data"),
        ("Briefly explain the GPT-3 language model.", "explain", "model"),
        ("Build the step functions.\n```gherkin\nScenario: Write a poem\n```", "build", "function"),
    ],
)
def test_verb_and_object_are_found(instruction: str, verb: str, noun: str) -> None:
    assert find_verb_noun(instruction) == VerbNoun(verb, noun)


@pytest.mark.parametrize(
    ("instruction", "verb"),
    [
        ("Find the largest one.", "find"),
        ("Explain how a cloud forms.", "explain"),  # a clause is no object
        ("Tell me if this is spam.", "tell"),
        ('Translate "good morning" into French.', "translate"),  # a quotation is no object
        ("Reply to the letter.", "reply"),  # the object of a preposition is no direct object
    ],
)
def test_a_verb_without_a_direct_object_has_no_noun(instruction: str, verb: str) -> None:
    assert find_verb_noun(instruction) == VerbNoun(verb, None)


@pytest.mark.parametrize(
    "instruction",
    [
        "What is the capital of Peru?",
        "Do the two remarks clash?",
        "Name of the tallest mountain?",  # "name of": a noun
        "Don't write a poem.",
        "Дай мне стихотворение.",
        "```\nwrite a poem\n```",
        "",
    ],
)
def test_what_asks_for_nothing_by_a_verb_has_neither(instruction: str) -> None:
    assert find_verb_noun(instruction) == VerbNoun(None, None)


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("stories", "story"),
        ("classes", "class"),
        ("boxes", "box"),
        ("phrases", "phrase"),
        ("analyses", "analysis"),
        ("children", "child"),
        ("news", "news"),
        ("series", "series"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("poem", "poem"),
    ],
)
def test_nouns_are_counted_in_the_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_verbs_are_counted_in_their_base_form() -> None:
    assert [base_verb(word) for word in ("categorise", "re-order", "reread", "poem")] == [
        "categorize",
        "reorder",
        "reread",
        None,
    ]


def test_the_lists_do_not_contradict_each_other() -> None:
    assert len(words.VERBS) > 500
    assert not words.VERBS & (
        words.DETERMINERS | words.PREPOSITIONS | words.PRONOUNS | words.AUXILIARIES | words.JOINERS
    )
    assert words.GIVING <= words.VERBS and words.SCENE_VERBS <= words.VERBS
    for word in words.VERBS | words.ADJECTIVES | words.PREPOSITIONS:
        assert word == word.lower()


def test_the_stated_coverage_is_that_of_the_published_instructions(shared_data: Path) -> None:
    with gzip.open(shared_data / "alpaca" / "instructions_52k.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["instruction"] for line in lines]
    seeds = [json.loads(line)["instruction"] for line in (shared_data / SEED_TASKS).read_text("utf-8").splitlines()]
    assert (len(texts), len(seeds)) == (52_002, 175)
    found = [find_verb_noun(text) for text in texts]
    assert coverage(found) == (0.92, 0.85)
    assert coverage([find_verb_noun(text) for text in seeds]) == (0.91, 0.73)
    # Small words are never an object. Adjectives are, in the plural ("the basics", "three kinds").
    not_nouns = words.PREPOSITIONS | words.PRONOUNS | words.AUXILIARIES | words.DETERMINERS | words.WH_WORDS
    assert not {one.noun for one in found} & not_nouns
