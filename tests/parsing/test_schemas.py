"""JSON schemas: what they demand, and that an answer in their form is read as the same answer in any other form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct import jsonl
from selfinstruct.models.structured import response_format
from selfinstruct.parsing import (
    read_input_first,
    read_instructions,
    read_output_first,
    read_tasks,
    read_yes_no,
    schema_for,
)
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST
from tests.servers.structured_server import faults_of

FOLDER = Path(__file__).resolve().parents[1] / "corpus"
ASKED = [
    (INSTRUCTIONS, "instructions"),
    (INSTRUCTIONS, "tasks"),
    (CLASSIFICATION, "instructions"),
    (INPUT_FIRST, "instructions"),
    (OUTPUT_FIRST, "instructions"),
]
# reader: (stage, form, names of the fields in the order in which `expected` of the corpus gives them)
FIELDS = {
    "read_instructions": (INSTRUCTIONS, "instructions", ("instruction",)),
    "read_tasks": (INSTRUCTIONS, "tasks", ("instruction", "input", "output")),
    "read_input_first": (INPUT_FIRST, "instructions", ("input", "output")),
    "read_output_first": (OUTPUT_FIRST, "instructions", ("input", "label")),
}
CASES = [
    pytest.param(case, id=f"{path.stem}-{case['id']}")
    for path in sorted(FOLDER.glob("*.jsonl"))
    for _, case in jsonl.read(path)
    if case["args"].get("compatibility", "own") == "own"
]


def object_of(*properties: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in properties},
        "required": list(properties),
        "additionalProperties": False,
    }


def test_the_schemas_are_these() -> None:
    def listed(name: str, *fields: str) -> dict[str, Any]:
        root = object_of(name)
        return root | {"properties": {name: {"type": "array", "items": object_of(*fields)}}}

    found = {asked: json.loads(schema_for(*asked)) for asked in ASKED}
    assert found == {
        (INSTRUCTIONS, "instructions"): listed("instructions", "instruction"),
        (INSTRUCTIONS, "tasks"): listed("tasks", "instruction", "input", "output"),
        (CLASSIFICATION, "instructions"): object_of("is_classification")
        | {"properties": {"is_classification": {"type": "boolean"}}},
        (INPUT_FIRST, "instructions"): listed("examples", "input", "output"),
        (OUTPUT_FIRST, "instructions"): listed("examples", "label", "input"),
    }


def test_an_output_first_answer_begins_with_the_label() -> None:
    schema = schema_for(OUTPUT_FIRST, "instructions")
    assert schema.index('"label"') < schema.index('"input"')


@pytest.mark.parametrize(("stage", "form"), ASKED)
def test_every_schema_is_strict(stage: str, form: str) -> None:
    assert faults_of(response_format(schema_for(stage, form))["response_format"]) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"additionalProperties": True}, "root: additionalProperties is not false"),
        ({"required": []}, "root: required does not list every property"),
        ({"type": "array"}, "the root is no object"),
        ({"minProperties": 1}, "root: minProperties is not permitted"),
    ],
)
def test_the_check_for_strictness_finds_what_is_not_strict(changes: dict[str, Any], says: str) -> None:
    wanted = response_format(schema_for(CLASSIFICATION, "instructions"))["response_format"]
    wanted["json_schema"]["schema"] |= changes
    assert says in faults_of(wanted)


def test_plain_text_binds_nothing() -> None:
    assert response_format("") == {}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("case", CASES)
def test_what_the_corpus_says_is_read_the_same_in_the_form_of_its_schema(
    case: dict[str, Any], indent: int | None
) -> None:
    """The corpus holds answers in many forms; here each says the same once more as the schema of its stage demands."""
    if case["reader"] == "read_yes_no":
        if case["expected"] is not None:
            said = json.dumps({"is_classification": case["expected"]}, indent=indent)
            assert read_yes_no(said)[0] is case["expected"]
        return
    kept = [tuple(values) for *values, rule in case["expected"] if rule == "kept"]
    if kept:
        assert read(case["reader"], bound(case["reader"], kept, indent)) == [(*values, "kept") for values in kept]


def bound(reader: str, items: list[tuple[str, ...]], indent: int | None) -> str:
    """Write items as the schema of the reader's stage demands; KeyError where the schema names other fields."""
    stage, form, names = FIELDS[reader]
    ((listed, inner),) = json.loads(schema_for(stage, form))["properties"].items()
    records = [dict(zip(names, item, strict=True)) for item in items]
    ordered = [{name: record[name] for name in inner["items"]["properties"]} for record in records]
    return json.dumps({listed: ordered}, ensure_ascii=False, indent=indent)


def read(reader: str, text: str) -> list[tuple[str, ...]]:
    if reader == "read_instructions":
        return [(item.text, item.verdict.rule) for item in read_instructions(text, "stop", False, (), "own")]
    if reader == "read_tasks":
        tasks = read_tasks(text, "stop", (), "own")
        return [(item.text, item.pairs[0].input, item.pairs[0].output, item.verdict.rule) for item in tasks]
    read_pairs = read_input_first if reader == "read_input_first" else read_output_first
    return [(item.pair.input, item.pair.output, item.verdict.rule) for item in read_pairs(text, "stop", (), "own")]
