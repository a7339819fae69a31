"""The data card: a header that Hugging Face reads, and only such facts as are known."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from selfinstruct.stages.data_card import WrittenFile, data_card, size_category
from selfinstruct.stages.training_records import TrainingRecord

RECORDS = [
    TrainingRecord("Name the capital.", "Peru", "Lima", False, "machine"),
    TrainingRecord("Say hello.", "", "Hello!", None, "machine"),
    TrainingRecord("Is it kind?", "Thanks!", "yes", True, "seed"),
]
FILES = [WrittenFile("dataset.parquet", 3, "a table"), WrittenFile("alpaca.json", 3, "one list")]
FACTS = {
    "name": "tiny-run",
    "identity": "0123456789ab",
    "model": "openai/some-model",
    "seeds": {"name": "general", "quality": "unrated", "tasks": 112},
    "counts": {"candidates": 10, "candidate_rules": {"kept": 7, "too_short": 3}},
    "dataset_sha256": "ab" * 32,
    "thresholds": {"instruction": {"max_rouge_l": 0.7, "min_words": None, "blocked_words": ["map", "a|b"]}},
    "random_seed": 20261,
    "study": None,
}


def _card(facts: dict[str, Any], **changes: Any) -> str:
    arguments = {"duplicates": 2, "files": FILES, "language": "en", "license_id": "other"} | changes
    return data_card(RECORDS, facts=facts, **arguments)


def _header(card: str) -> dict[str, Any]:
    before, header, _ = card.split("---\n", 2)
    assert before == ""
    parsed: dict[str, Any] = yaml.safe_load(header)
    return parsed


def test_the_header_declares_what_hugging_face_asks_for():
    assert _header(_card(FACTS)) == {
        "pretty_name": "tiny-run",
        "license": "other",
        "language": ["en"],
        "task_categories": ["text-generation"],
        "size_categories": ["n<1K"],
        "tags": ["instruction-tuning", "self-instruct", "synthetic"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "dataset.parquet"}]}],
    }


def test_the_header_names_the_first_file_written_and_none_where_there_is_none():
    assert _header(_card(FACTS, files=FILES[1:]))["configs"][0]["data_files"][0]["path"] == "alpaca.json"
    assert "configs" not in _header(_card(FACTS, files=[]))


def test_norwegian_and_odd_names_stay_text():
    header = _header(_card({"name": 'a: "b" #c'}, language="no"))
    assert (header["pretty_name"], header["language"]) == ('a: "b" #c', ["no"])


@pytest.mark.parametrize(
    ("count", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (9_999, "1K<n<10K"),
        (10_000, "10K<n<100K"),
        (100_000, "100K<n<1M"),
        (1_000_000, "1M<n<10M"),
    ],
)
def test_the_size_category_changes_at_the_power_of_ten(count, category):
    assert size_category(count) == category


def test_the_records_are_counted_by_source_and_kind():
    card = _card(FACTS)
    for row in (
        "| records | 3 |",
        "| machine-written | 2 |",
        "| from human-written seed tasks | 1 |",
        "| of classification tasks | 1 |",
        "| of other tasks | 1 |",
        "| of tasks whose kind is not known | 1 |",
        "| with empty input | 1 |",
        "| exact duplicates left out | 2 |",
    ):
        assert row in card


def test_facts_are_listed_by_dotted_key_as_they_are():
    card = _card(FACTS)
    for row in (
        "| `identity` | 0123456789ab |",
        "| `seeds.tasks` | 112 |",
        "| `counts.candidate_rules.too_short` | 3 |",
        "| `thresholds.instruction.max_rouge_l` | 0.7 |",
        "| `thresholds.instruction.min_words` | none |",
        "| `thresholds.instruction.blocked_words` | map, a\\|b |",
        "| `random_seed` | 20261 |",
        f"| `dataset_sha256` | {'ab' * 32} |",
    ):
        assert row in card
    assert "general (declared quality: unrated)" in card
    assert "The model was `openai/some-model`." in card


def test_facts_that_are_absent_or_none_are_left_out():
    card = _card({"study": None})
    assert "study" not in card
    assert "The model was" not in card
    assert "The pool started" not in card
    assert "Facts of the run" not in card
    assert "None" not in card


def test_seeds_may_be_one_line_of_text():
    assert "the seed tasks general (unrated, 112 tasks)." in _card({"seeds": "general (unrated, 112 tasks)"})


def test_the_method_is_cited_and_the_limits_are_stated():
    card = _card(FACTS)
    assert "Wang et al. 2023" in card
    assert "https://arxiv.org/abs/2212.10560" in card
    assert "unverified" in card


@pytest.mark.parametrize(
    ("model", "warned"),
    [
        ("offline/grammar", True),
        ({"name": "offline/grammar"}, True),
        ("openai/some-model", False),
        ("some/offline", False),
    ],
)
def test_data_of_the_offline_model_is_marked_as_test_data(model, warned):
    assert ("For testing only" in _card({"model": model})) is warned


def test_a_licence_that_was_chosen_is_declared_without_the_reminder():
    assert "No licence was chosen" in _card(FACTS)
    card = _card(FACTS, license_id="cc-by-4.0")
    assert "No licence was chosen" not in card
    assert _header(card)["license"] == "cc-by-4.0"
