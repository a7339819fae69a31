"""The JSON schemas that answers can be bound to: one for each thing that the readers of this folder read.

    schema_for("classification", "instructions")
    → '{"type":"object","properties":{"is_classification":{"type":"boolean"}},"required":["is_classification"],...}'

A schema is plain text here, since it is part of what is asked: a request carries it, and its key is made of it. All are
strict in the sense of OpenAI's structured outputs (the narrowest there is): the root is an object, every field is
required, nothing may be added. Fields stand in the order in which a model shall write them, so that an output-first
answer begins with the label. Answers come back through the same readers as text.
"""

from __future__ import annotations

import json
from typing import Any

from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST

_TEXT = {"type": "string"}


def schema_for(stage: str, form: str) -> str:
    """Return the schema of a stage's answer as JSON text, the same on every machine.

    Args:
        stage: instructions, classification, input_first or output_first.
        form: what bootstrapping asks for: "instructions" alone, or whole "tasks" (instruction, input, output).
    """
    schemas = {
        INSTRUCTIONS: _list("tasks", "instruction", "input", "output")
        if form == "tasks"
        else _list("instructions", "instruction"),
        CLASSIFICATION: _object(is_classification={"type": "boolean"}),
        INPUT_FIRST: _list("examples", "input", "output"),
        OUTPUT_FIRST: _list("examples", "label", "input"),
    }
    return json.dumps(schemas[stage], separators=(",", ":"))


def _list(name: str, *fields: str) -> dict[str, Any]:
    """A root object around a list, because strict schemas may not have a list as their root."""
    return _object(**{name: {"type": "array", "items": _object(**dict.fromkeys(fields, _TEXT))}})


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
