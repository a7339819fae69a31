"""Answers bound to JSON schemas: which models can, what a request then says, and how a preset is settled before a run.

    settle(templates, "openai/gpt-4.1-mini")   templates.structured "auto" → "always", each stage with its other text
    settle(templates, "openai/my-model")       "auto" → "off": LiteLLM does not know it, so it is asked for plain text

LiteLLM's list of models says who can; it comes with the installed version, so the same version gives the same answer
everywhere. What is settled is part of a run's identity and of every request, and `auto` itself of neither: a model that
cannot is asked exactly what it is asked with "off", and shares its answers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.models.library import import_litellm
from selfinstruct.parsing import schema_for
from selfinstruct.prompts import SCHEMAS_ALWAYS, SCHEMAS_OFF, SchemaText, StageTemplate, Templates
from selfinstruct.records import STAGES

_TEMPLATES = ("instructions", "classification_only", "classification", "input_first", "output_first")
_SIGNS = ("response_format", "json_schema", "response schema", "responseschema", "structured output", "output_format")


def settle(templates: Templates, model_name: str) -> Templates:
    """Return the templates as they are sent to this model: `structured` is "off" or "always", `schemas` is None.

    "auto" becomes "off" for completion presets, for presets without `schemas`, for compatibility=published (its readers
    know no JSON), and for models that LiteLLM does not know to support JSON schemas.

    Raises:
        InputError: schemas are asked for ("always"), but the preset cannot be sent with them, or lacks a text.
    """
    without = replace(templates, structured=SCHEMAS_OFF, schemas=None)
    if templates.structured == SCHEMAS_OFF:
        return without
    objection = _objection(templates)
    if templates.structured == SCHEMAS_ALWAYS and objection:
        raise InputError(f"prompts.structured=always: {objection}; set prompts.structured=off")
    if objection or (templates.structured != SCHEMAS_ALWAYS and not supports_schemas(model_name)):
        return without
    return _with_schemas(templates)


def _objection(templates: Templates) -> str:
    if templates.style == "completion":
        return f"prompts={templates.name} is a completion preset, and only chat models take schemas"
    if templates.compatibility == "published":
        return "prompts.compatibility=published reads no JSON"
    return "" if templates.schemas else f"prompts={templates.name} has no texts for it (prompts.schemas)"


def _with_schemas(templates: Templates) -> Templates:
    stages: dict[str, Any] = {name: _stage(templates, name) for name in _TEMPLATES}
    return replace(templates, **stages, structured=SCHEMAS_ALWAYS, schemas=None, continues_list=False)


def _stage(templates: Templates, name: str) -> StageTemplate | None:
    """A stop sequence would cut inside a JSON string, and the schema ends the answer anyway."""
    stage: StageTemplate | None = getattr(templates, name)
    if stage is None:
        return None
    text: SchemaText | None = getattr(templates.schemas, name)
    if text is None:
        raise InputError(
            f"prompts.schemas.{name}: no text, but prompts={templates.name} has this stage; give one, or set "
            "prompts.structured=off"
        )
    return replace(stage, system=text.system, template=text.template, stop=())


def supports_schemas(model_name: str) -> bool:
    """Return whether the installed LiteLLM says that a chat model takes a JSON schema as `response_format`.

    It has to say so of the model (`supports_response_schema`) and of the provider's parameters: what it does not know
    to be supported, it would leave out of the request in silence.
    """
    litellm = import_litellm()
    if not litellm.supports_response_schema(model=model_name):
        return False
    return "response_format" in (litellm.get_supported_openai_params(model=model_name) or ())


def prompts_identity(templates: Templates) -> dict[str, Any]:
    """Return what of settled templates decides the requests, for a run's identity.

    Without schemas that is what it was before there were any, so that identities stay as they are.
    """
    plain = asdict(templates)
    del plain["schemas"]
    if templates.structured == SCHEMAS_OFF:
        del plain["structured"]
        return plain
    return plain | {"schemas": {stage: schema_for(stage, templates.form) for stage in STAGES}}


def response_format(schema: str) -> dict[str, Any]:
    """Return the keyword arguments that bind an answer to a schema, as LiteLLM takes them; none for plain text."""
    if not schema:
        return {}
    described = {"name": "answer", "strict": True, "schema": json.loads(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


def is_objection_to_schemas(message: str) -> bool:
    """Return whether a provider's error says that it does not take JSON schemas."""
    return any(sign in message.lower() for sign in _SIGNS)
