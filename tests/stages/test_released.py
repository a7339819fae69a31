"""The files under the names of the Self-Instruct release: what they hold, and that they are read back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.parsing.yes_no import read_yes_no
from selfinstruct.records import Instance, Instruction
from selfinstruct.stages.released import classification_file, write_released
from tests.commands import lines
from tests.conftest import Command

INSTANCES = [
    Instance("Name the capital.", "Perú", "Lima", False),
    Instance("Say hello.", "", "Hello!", None),
    Instance("Say hello.", "", "Hello!", None),
]
INSTRUCTIONS = (
    Instruction("Name the capital.", 0, False, {"Is it kind?": 0.25, "Say it.": 0.125}, 0.1875),
    Instruction("Say hello.", 3, None, {}, 0.0),
    Instruction("Is it a fruit?", 3, True, {}, 0.0),
)
ANSWERS_FILE = "is_clf_or_not_some-model.jsonl"


def written(folder: Path, instructions: tuple[Instruction, ...]) -> dict[str, list[dict[str, Any]]]:
    files = write_released(folder, INSTANCES, instructions, "openai/some-model")
    read = {file.name: lines(folder / file.name) for file in files}
    assert [file.records for file in files] == [len(records) for records in read.values()]
    return read


def test_machine_written_data_stands_there_as_the_run_wrote_it(tmp_path: Path) -> None:
    read = written(tmp_path, INSTRUCTIONS)
    assert read["all_generated_instances.jsonl"] == [
        {"instruction": "Name the capital.", "input": "Perú", "output": "Lima"},
        {"instruction": "Say hello.", "input": "", "output": "Hello!"},
        {"instruction": "Say hello.", "input": "", "output": "Hello!"},
    ]
    assert read["machine_generated_instructions.jsonl"][0] == {
        "instruction": "Name the capital.",
        "most_similar": {"Is it kind?": 0.25, "Say it.": 0.125},
        "avg_similarity_score": 0.1875,
        "metadata": {},
        "request_idx": 0,
    }
    assert read[ANSWERS_FILE] == [
        {"instruction": "Name the capital.", "is_classification": " No"},
        {"instruction": "Say hello.", "is_classification": ""},
        {"instruction": "Is it a fruit?", "is_classification": " Yes"},
    ]


def test_answers_are_read_back_as_they_were_and_an_unread_one_stays_unread(tmp_path: Path) -> None:
    answers = [record["is_classification"] for record in written(tmp_path, INSTRUCTIONS)[ANSWERS_FILE]]
    assert [read_yes_no(answer)[0] for answer in answers] == [False, None, True]
    assert [read_yes_no(answer, compatibility="published")[0] for answer in answers] == [False, False, True]


def test_the_files_have_the_keys_of_the_published_ones(tmp_path: Path, shared_data: Path) -> None:
    read = written(tmp_path, INSTRUCTIONS)
    for ours, published in (
        (ANSWERS_FILE, "high_quality_classification_answers.jsonl"),
        ("all_generated_instances.jsonl", "high_quality_generated_instances.jsonl"),
    ):
        with (shared_data / "selfbehave" / published).open(encoding="utf-8") as file:
            assert list(read[ours][0]) == list(json.loads(file.readline()))


def test_what_nobody_asked_has_no_file(tmp_path: Path) -> None:
    assert list(written(tmp_path, ())) == ["all_generated_instances.jsonl"]
    unasked = (Instruction("Say hello.", 3, None, {}, 0.0),)
    assert list(written(tmp_path, unasked)) == ["all_generated_instances.jsonl", "machine_generated_instructions.jsonl"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("davinci", "is_clf_or_not_davinci.jsonl"),
        ("openai/gpt-4.1", "is_clf_or_not_gpt-4.1.jsonl"),
        ("bedrock/anthropic.claude-v1:0", "is_clf_or_not_anthropic.claude-v1-0.jsonl"),
        ("models/tuned/", "is_clf_or_not_model.jsonl"),
        ("", "is_clf_or_not_model.jsonl"),
    ],
)
def test_the_file_of_answers_names_the_model_that_gave_them(model: str, name: str) -> None:
    assert classification_file(model) == name


def test_a_released_file_of_instructions_is_judged_again_to_the_same_decisions(
    selfinstruct: Command, tmp_path: Path
) -> None:
    ended = selfinstruct("run", "tracking=off", "generation.target=8", "run_dir=first", "export=self_instruct")
    assert ended.code == 0, ended.err
    exported = tmp_path / "first/export"
    instructions = lines(tmp_path / "first/instructions.jsonl")
    answers = {one["instruction"]: one["is_classification"] for one in lines(exported / "is_clf_or_not_grammar.jsonl")}
    assert {text: read_yes_no(answer)[0] for text, answer in answers.items()} == {
        one["instruction"]: one["is_classification"] for one in instructions
    }
    source = "source=first/export/machine_generated_instructions.jsonl"
    ended = selfinstruct("refilter", source, "seeds=general", "tracking=off", "run_dir=again")
    assert ended.code == 0, ended.err
    kept = [one["instruction"] for one in lines(tmp_path / "again/instructions.jsonl")]
    assert kept == [one["instruction"] for one in instructions] and len(kept) == 8
