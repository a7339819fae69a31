"""Answers bound to JSON schemas: who is asked for them, that nothing else changes, and whole runs over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.models.faults import read_fault
from selfinstruct.models.store import request_key
from selfinstruct.models.structured import prompts_identity, response_format, settle, supports_schemas
from selfinstruct.parsing import schema_for
from selfinstruct.prompts import (
    SchemaText,
    SchemaTexts,
    Shots,
    StageTemplate,
    Templates,
    render_classification,
    render_instances,
)
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, Message, Request
from tests.conftest import ROOT
from tests.servers.process import serving
from tests.servers.structured_server import conforming, faults_of

KNOWN = "openai/gpt-4o-mini"  # LiteLLM says that it takes schemas
UNKNOWN = "openai/my-own-model"  # LiteLLM does not know it


@pytest.fixture(scope="module", autouse=True)
def litellm_is_imported_without_the_network() -> None:
    """Imported first by a test, LiteLLM would fetch its list of models; the project tells it not to."""
    supports_schemas(KNOWN)


def stage(template: str) -> StageTemplate:
    return StageTemplate("", template, ("\nTask:",), 64, 0.5, 1.0, 0.0, 0.0)


def preset(**changes: Any) -> Templates:
    text = SchemaText("Answer in JSON.", "As JSON: {{ instruction }}")
    templates = Templates(
        name="mine",
        style="chat",
        form="instructions",
        compatibility="own",
        continues_list=True,
        structured="auto",
        instructions=stage("{% for e in examples %}{{ e.instruction }}{% endfor %}"),
        classification_only=None,
        classification=stage("As text: {{ instruction }}"),
        input_first=stage("As text: {{ instruction }}"),
        output_first=stage("As text: {{ instruction }}"),
        shots=Shots((), (), ()),
        schemas=SchemaTexts(SchemaText("", "{{ next_number }}"), None, text, text, text),
    )
    return replace(templates, **changes)


# Who is asked


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (KNOWN, True),
        ("anthropic/claude-sonnet-4-5", True),
        ("gemini/gemini-2.5-flash", True),
        (UNKNOWN, False),
        ("openai/gpt-4", False),  # a chat model without structured outputs
        ("anthropic/claude-3-haiku-20240307", False),
        ("text-completion-openai/gpt-3.5-turbo-instruct", False),
        ("offline/grammar", False),
        ("nobody/knows-it", False),
    ],
)
def test_the_installed_litellm_says_which_models_take_schemas(name: str, says: bool) -> None:
    assert supports_schemas(name) is says


def test_auto_asks_for_schemas_where_the_model_can_and_for_text_where_it_cannot() -> None:
    assert settle(preset(), KNOWN).structured == "always"
    assert settle(preset(), UNKNOWN) == replace(preset(), structured="off", schemas=None)


def test_off_and_always_do_not_depend_on_the_model() -> None:
    for name in (KNOWN, UNKNOWN):
        assert settle(preset(structured="off"), name).structured == "off"
        assert settle(preset(structured="always"), name).structured == "always"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"style": "completion"}, "only chat models take schemas"),
        ({"compatibility": "published"}, "reads no JSON"),
        ({"schemas": None}, "has no texts for it"),
    ],
)
def test_where_schemas_cannot_be_sent_auto_is_off_and_always_is_refused(changes: dict[str, Any], says: str) -> None:
    assert settle(preset(**changes), KNOWN).structured == "off"
    with pytest.raises(InputError, match=rf"prompts\.structured=always.*{says}.*prompts\.structured=off"):
        settle(preset(structured="always", **changes), KNOWN)


def test_a_stage_without_its_text_is_named() -> None:
    schemas = replace(preset().schemas, input_first=None)  # type: ignore[type-var]
    with pytest.raises(InputError, match=r"prompts\.schemas\.input_first: no text.*prompts\.structured=off"):
        settle(preset(schemas=schemas), KNOWN)


# What is asked


def test_a_request_with_a_schema_has_its_own_text_and_no_stop_sequence() -> None:
    bound = render_classification(settle(preset(), KNOWN), "Sing.")
    text = render_classification(settle(preset(), UNKNOWN), "Sing.")
    assert [message.content for message in bound.messages] == ["Answer in JSON.", "As JSON: Sing."]
    assert [message.content for message in text.messages] == ["As text: Sing."]
    assert (bound.stop, text.stop) == ((), ("\nTask:",))
    assert (bound.schema, text.schema) == (schema_for(CLASSIFICATION, "instructions"), "")
    assert bound.temperature == text.temperature


def test_each_stage_asks_for_its_own_schema() -> None:
    templates = settle(preset(), KNOWN)
    schemas = {render_instances(templates, "Sing.", is_classification).schema for is_classification in (False, True)}
    assert len(schemas | {render_classification(templates, "Sing.").schema}) == 3


def test_a_schema_is_part_of_the_key_and_no_schema_leaves_the_key_as_it_was() -> None:
    request = Request("classification", (Message("user", "Sing."),), "", 64, 0.7, 0.5, 0.0, 2.0, ("\n\n",))
    # The key of this request before requests could carry a schema: stores of that time are still read.
    before = "ce330931cb4d00f2427bd386ba5e1f5172459fd684cb9d172a624112ef9f7af5"
    assert request_key({"name": "openai/m"}, 0, request) == before
    keys = {
        request_key({"name": "openai/m"}, 0, replace(request, schema=schema))
        for schema in ("", schema_for(CLASSIFICATION, "instructions"), schema_for(INPUT_FIRST, "instructions"))
    }
    assert len(keys) == 3


def test_the_identity_knows_of_schemas_only_where_they_are_sent() -> None:
    off, unsupported, bound = (
        prompts_identity(settle(preset(structured="off"), KNOWN)),
        prompts_identity(settle(preset(), UNKNOWN)),
        prompts_identity(settle(preset(), KNOWN)),
    )
    assert off == unsupported != bound
    assert "structured" not in off and "schemas" not in off
    assert bound["schemas"]["classification"] == schema_for(CLASSIFICATION, "instructions")
    assert bound == prompts_identity(settle(preset(structured="always"), UNKNOWN))


# What goes wrong


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported parameter: 'response_format' is not supported with this model.",
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        "This response_format type is unavailable now",
    ],
)
def test_a_provider_that_takes_no_schema_names_the_remedy(message: str) -> None:
    from litellm.exceptions import BadRequestError

    fault = read_fault(BadRequestError(message, model="m", llm_provider="openai"), None, KNOWN)
    assert isinstance(fault, ProviderError)
    assert "set prompts.structured=off" in str(fault)


def test_another_bad_request_does_not_blame_schemas() -> None:
    from litellm.exceptions import BadRequestError

    fault = read_fault(BadRequestError("max_tokens is too large", model="m", llm_provider="openai"), None, KNOWN)
    assert "prompts.structured" not in str(fault)


# Whole runs


@dataclass(frozen=True)
class Ran:
    """A run against the server: exit code, manifest, what it printed, and every request that the server saw."""

    code: int
    manifest: dict[str, Any]
    out: str
    err: str
    asked: list[dict[str, Any]]

    @property
    def wanted(self) -> list[dict[str, Any]]:
        return [one["body"]["response_format"] for one in self.asked if "response_format" in one["body"]]


def run(folder: Path, *overrides: str, server: tuple[str, ...] = ()) -> Ran:
    folder.mkdir(exist_ok=True)
    with serving("structured_server", *server) as address:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "selfinstruct.cli", "run", "tracking=off", "report=off", "run_dir=run"),
                *("model=openai_compatible", f"model.api_base={address}/v1", "generation.target=12"),
                *overrides,
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        with urllib.request.urlopen(f"{address}/asked") as answer:
            asked = json.load(answer)
    manifest = json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))
    return Ran(ended.returncode, manifest, ended.stdout, ended.stderr, asked)


def yields(ran: Ran) -> dict[str, float]:
    return {stage: one["read"] / one["answers"] for stage, one in ran.manifest["counts"]["parsing"].items()}


PRESETS = {
    "chat": (),
    "bdd": ("seeds=bdd_high", "filters=bdd"),
    "alpaca": ("generation=alpaca", "filters=alpaca", "generation.target=12"),
}


@pytest.mark.parametrize("prompts", PRESETS)
def test_a_model_that_can_is_asked_for_strict_schemas_and_every_answer_is_read(tmp_path: Path, prompts: str) -> None:
    ran = run(tmp_path, f"model.name={KNOWN}", "prompts.structured=auto", f"prompts={prompts}", *PRESETS[prompts])
    assert ran.code == 0, ran.err
    assert ran.manifest["status"] == "done" and ran.manifest["counts"]["accepted"] == 12
    assert ran.manifest["structured"] == "always"
    assert len(ran.wanted) == len(ran.asked) > 0
    assert [faults_of(wanted) for wanted in ran.wanted if faults_of(wanted)] == []
    stages = {"instructions"} if prompts == "alpaca" else {"instructions", "classification", "instances"}
    assert yields(ran) == dict.fromkeys(stages, 1.0)


def test_a_model_of_which_nothing_is_known_sees_no_schema(tmp_path: Path) -> None:
    ran = run(tmp_path, f"model.name={UNKNOWN}", "prompts.structured=auto")
    assert (ran.code, ran.wanted, ran.manifest["structured"]) == (0, [], "off")
    assert len(ran.asked) == ran.manifest["sent"] > 0
    off = run(tmp_path / "off", f"model.name={UNKNOWN}", "prompts.structured=off")
    assert off.manifest["identity"] == ran.manifest["identity"]
    assert off.manifest["dataset_sha256"] == ran.manifest["dataset_sha256"]


def test_always_asks_a_model_of_which_nothing_is_known(tmp_path: Path) -> None:
    ran = run(tmp_path, f"model.name={UNKNOWN}", "prompts.structured=always")
    assert ran.code == 0 and len(ran.wanted) == len(ran.asked) > 0


def test_an_answer_in_text_to_a_request_with_a_schema_is_read_as_text(tmp_path: Path) -> None:
    overrides = (f"model.name={KNOWN}", "prompts.structured=auto")
    text = run(tmp_path / "text", *overrides, server=("--ignore-schemas",))
    bound = run(tmp_path / "bound", *overrides)
    assert text.code == 0 and len(text.wanted) == len(text.asked)
    # The server says the same in both forms, so the same must be read out of them.
    assert text.manifest["dataset_sha256"] == bound.manifest["dataset_sha256"]
    assert set(yields(text).values()) == {1.0}


def test_a_provider_that_refuses_schemas_ends_the_run_with_one_message_that_names_the_remedy(tmp_path: Path) -> None:
    ran = run(tmp_path, f"model.name={KNOWN}", "prompts.structured=auto", server=("--refuse-schemas",))
    assert (ran.code, ran.manifest["status"], ran.manifest["sent"]) == (3, "stopped", 0)
    assert ran.err.count("prompts.structured=off") == 1
    assert "Traceback" not in ran.err


# The server itself


@pytest.mark.parametrize(
    ("stage", "form", "text", "says"),
    [
        ("instructions", "instructions", "9. Sing.", {"instructions": [{"instruction": "Sing."}]}),
        (
            "instructions",
            "tasks",
            "1. Instruction: Add.\nInput: 1 1\nOutput: 2\n###",
            {"tasks": [{"instruction": "Add.", "input": "1 1", "output": "2"}]},
        ),
        ("classification", "instructions", "Yes", {"is_classification": True}),
        (
            "input_first",
            "instructions",
            "Example 1\nInput: 1\nOutput: 2",
            {"examples": [{"input": "1", "output": "2"}]},
        ),
        (
            "output_first",
            "instructions",
            "Class label: spam\nWin!",
            {"examples": [{"label": "spam", "input": "Win!"}]},
        ),
    ],
)
def test_the_server_answers_in_the_form_of_the_schema(stage: str, form: str, text: str, says: dict[str, Any]) -> None:
    wanted = response_format(schema_for(stage, form))["response_format"]
    assert conforming(wanted["json_schema"]["schema"], text) == says
