"""Prompt templates and how they become requests: bootstrapping, the classification question, instances.

Templates come in as values (conf/prompts/ holds them as Jinja text, stop sequences beside them), examples and
instructions too; a `Request` goes out, ready to send. Templates hold no logic but loops over examples. A real one:

    Here is a growing collection of tasks:

    {% for example in examples %}
    {{ loop.index }}. {{ example.instruction }}
    {% endfor %}
    {{ next_number }}.

What a template may name: `examples` (each with instruction, input, output) and `next_number` for bootstrapping, `shots`
and `instruction` for the other stages. Where answers are bound to JSON schemas, the texts are others (`SchemaTexts`)
and each request carries its schema; whether they are is settled before a run begins (models/structured.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Ge, Gt, Le

from selfinstruct.errors import InputError
from selfinstruct.parsing import schema_for
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST, Request
from selfinstruct.templating import render
from selfinstruct.text import fold_white_space

NO_INPUT = "<noinput>"
SCHEMAS_OFF: Final = "off"
SCHEMAS_ALWAYS: Final = "always"
CLASSIFICATION_ONLY = "classification_only"
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class StageTemplate:
    """One stage's prompt and sampling. `system` is sent to chat models only and may be empty; both texts are Jinja.

    max_tokens counts the answer alone. A temperature of 0 is greedy, top_p 1 means no cut. `stop` is sent to the
    provider and enforced again by the reader, since providers may ignore it.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    system: str
    template: str
    stop: tuple[str, ...]
    max_tokens: Annotated[int, Ge(1)]
    temperature: Annotated[float, Ge(0), Le(2)]
    top_p: Annotated[float, Gt(0), Le(1)]
    frequency_penalty: Annotated[float, Ge(-2), Le(2)]
    presence_penalty: Annotated[float, Ge(-2), Le(2)]


@dataclass(frozen=True)
class SchemaText:
    """What a stage says instead where its answer is bound to a JSON schema. Sampling stays that of the stage."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    system: str
    template: str


@dataclass(frozen=True)
class SchemaTexts:
    """The texts of all stages for answers bound to JSON schemas (conf/prompts/schemas/)."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    instructions: SchemaText
    classification_only: SchemaText | None
    classification: SchemaText | None
    input_first: SchemaText | None
    output_first: SchemaText | None


@dataclass(frozen=True)
class ClassificationShot:
    """An answered question of the classification stage."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    instruction: str
    is_classification: bool

    @property
    def answer(self) -> str:
        """Yes or No, as templates print it."""
        return "Yes" if self.is_classification else "No"


@dataclass(frozen=True)
class ShotPair:
    """One worked (input, output) example; the input is empty where the task needs none."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    input: str
    output: str


@dataclass(frozen=True)
class InputFirstShot:
    """A task with its examples. `pairs` and `answers` spare templates the question whether there is an input."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    instruction: str
    examples: tuple[ShotPair, ...]

    @property
    def pairs(self) -> tuple[ShotPair, ...]:
        """The examples that have an input."""
        return tuple(pair for pair in self.examples if pair.input)

    @property
    def answers(self) -> tuple[str, ...]:
        """The outputs of the examples without input, to be shown directly."""
        return tuple(pair.output for pair in self.examples if not pair.input)


@dataclass(frozen=True)
class LabelledInput:
    """A class label and an input that has it."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    label: str
    input: str


@dataclass(frozen=True)
class OutputFirstShot:
    """A classification task with one input for each of its labels."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    instruction: str
    examples: tuple[LabelledInput, ...]


@dataclass(frozen=True)
class Shots:
    """The worked examples of the three stages that follow bootstrapping; shared by presets (conf/prompts/shots/)."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    classification: tuple[ClassificationShot, ...]
    input_first: tuple[InputFirstShot, ...]
    output_first: tuple[OutputFirstShot, ...]


@dataclass(frozen=True)
class Templates:
    """A preset of conf/prompts/.

    style: chat fills `Request.messages`, completion fills `Request.text`.
    form: "instructions" asks for instructions alone, "tasks" for instruction, input and output in one request; then the
        stages after it have no template (None).
    compatibility: "published" folds every example to one line, as the published code does; "own" keeps items of several
        lines (scenarios, code) whole.
    continues_list: the prompt ends with an open number, so the answer starts inside an item.
    structured: "off" asks for plain text, "auto" binds answers to JSON schemas where LiteLLM says that the model can,
        "always" whatever LiteLLM says. Before a run begins "auto" is settled as one of the others.
    schemas: the texts to be used then; None where there are none, and once it is settled.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    name: str
    style: Literal["chat", "completion"]
    form: Literal["instructions", "tasks"]
    compatibility: Literal["own", "published"]
    continues_list: bool
    structured: Literal["off", "auto", "always"]
    instructions: StageTemplate
    classification_only: StageTemplate | None
    classification: StageTemplate | None
    input_first: StageTemplate | None
    output_first: StageTemplate | None
    shots: Shots
    schemas: SchemaTexts | None


@dataclass(frozen=True)
class Example:
    """An in-context example: a task of the pool. Input and output are empty where only the instruction is known."""

    instruction: str
    input: str
    output: str


def render_instructions(templates: Templates, examples: Sequence[Example], classification_only: bool) -> Request:
    """Return the bootstrapping request that shows these examples, in this order.

    Source: paper, section 2.2 and appendix; items are numbered from 1 and lose a trailing colon.

    Raises:
        InputError: the template cannot be rendered, or there is none for classification tasks only.
    """
    shown = [_shown(example, templates) for example in examples]
    values = {"examples": shown, "next_number": len(shown) + 1}
    name = CLASSIFICATION_ONLY if classification_only else INSTRUCTIONS
    return _request(templates, name, INSTRUCTIONS, values)


def render_classification(templates: Templates, instruction: str) -> Request:
    """Return the question whether this instruction is a classification task. Raises InputError as above."""
    values = {"shots": templates.shots.classification, "instruction": instruction.strip()}
    return _request(templates, CLASSIFICATION, CLASSIFICATION, values)


def render_instances(templates: Templates, instruction: str, is_classification: bool) -> Request:
    """Return the request for instances: output-first for classification tasks, else input-first. Raises InputError."""
    stage = OUTPUT_FIRST if is_classification else INPUT_FIRST
    shots = templates.shots.output_first if is_classification else templates.shots.input_first
    return _request(templates, stage, stage, {"shots": shots, "instruction": instruction.strip()})


def check_templates(templates: Templates) -> None:
    """Render every template once, so that a fault shows before anything is sent. Raises InputError as above."""
    render_instructions(templates, [Example("Name a colour.", "", "Blue")], classification_only=False)
    if templates.classification_only is not None:
        render_instructions(templates, [Example("Name a colour.", "", "Blue")], classification_only=True)
    if templates.classification is not None:
        render_classification(templates, "Name a colour.")
    for is_classification, stage in ((False, templates.input_first), (True, templates.output_first)):
        if stage is not None:
            render_instances(templates, "Name a colour.", is_classification)


def _shown(example: Example, templates: Templates) -> Example:
    """An example as prompts show it. A marker stands for a missing input where the form has a place for it."""
    instruction = _clean(example.instruction, templates.compatibility)
    if templates.form == "instructions":
        return Example(instruction, example.input, example.output)
    return Example(instruction, example.input.strip() or NO_INPUT, example.output.strip())


def _clean(instruction: str, compatibility: str) -> str:
    """Folding would destroy a scenario or code, so it is done only where the published behaviour is asked for."""
    text = instruction.strip()
    if compatibility == "published" or "\n" not in text:
        return fold_white_space(text).rstrip(":")
    return text


def _request(templates: Templates, name: str, stage: str, values: dict[str, Any]) -> Request:
    template: StageTemplate | None = getattr(templates, name)
    if template is None:
        raise InputError(f"prompts.{name}: the preset {templates.name} has no such template; choose another prompts=")
    request = render(f"prompts.{name}", template, templates.style, stage, values)
    is_bound = templates.structured == SCHEMAS_ALWAYS
    return replace(request, schema=schema_for(stage, templates.form)) if is_bound else request
