"""What a model is trained on: the examples of a finished run, in one of two forms, some of them held out.

In come the instances and seed tasks of a run; out comes `TrainingData`, and as a file one line for each example:

    openai_chat         {"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}
    prompt_completion   {"prompt": "Name the capital.\\n\\nInput: Peru\\n\\nOutput:", "completion": " Lima"}
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Lt

from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical
from selfinstruct.randomness import generator
from selfinstruct.records import Instance, SeedTask
from selfinstruct.stages.training_forms import in_random_form
from selfinstruct.stages.training_records import TrainingRecord, training_records

CHAT = "openai_chat"
TEXT = "prompt_completion"
GEMINI = "gemini_chat"
Form = Literal["openai_chat", "prompt_completion"]

Report = Callable[[int, Mapping[str, float]], None]
"""Takes an optimizer step (from 1) and what was measured at it: {"loss": 2.31, "learning_rate": 2e-05}."""


@dataclass(frozen=True)
class DataOptions:
    """Which examples a model is trained on; what both kinds of fine-tuning have in common in `conf/finetune/`.

    end_of_text: ends every completion of the prompt_completion form. system_prompt: first turn of every chat, "" for
    none. validation_share: the share (0..1) of the examples that is held out by seed, 0 for none.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    form: Form
    include_seed_tasks: bool
    end_of_text: str
    system_prompt: str
    validation_share: Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True)
class Example:
    """One training example: what the model reads and what it shall answer.

    In the chat form `prompt` is the user's turn, `completion` the assistant's and `system` the turn before them ("" for
    none). In the prompt_completion form the two texts are concatenated without anything between, `completion` ends with
    `end_of_text`, and `system` is "".
    """

    prompt: str
    completion: str
    system: str = ""


@dataclass(frozen=True)
class TrainingData:
    """Examples to train on and examples held out, and the SHA-256 (hexadecimal) of their form and of all of them."""

    form: Form
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    sha256: str


@dataclass(frozen=True)
class Tuned:
    """A tuned model.

    model_name: as its provider or this machine knows it. usable_as: the overrides that use it, such as
    "model=openai model.name=openai/ft:gpt-4.1-mini:lab::9abc". metrics: the last or best values by name. tokens: those
    trained on, over all epochs; None where nobody counted them.
    """

    model_name: str
    usable_as: str
    metrics: Mapping[str, float]
    tokens: int | None


def as_record(example: Example, form: str) -> dict[str, Any]:
    """Return an example as the line of a training file; gemini_chat is the chat form as Google spells it."""
    if form == TEXT:
        return {"prompt": example.prompt, "completion": example.completion}
    if form == GEMINI:
        spoken = [("user", example.prompt), ("model", example.completion)]
        head = {"systemInstruction": _part("system", example.system)} if example.system else {}
        return {**head, "contents": [_part(role, text) for role, text in spoken]}
    turns = [("system", example.system)] if example.system else []
    turns += [("user", example.prompt), ("assistant", example.completion)]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def _part(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def training_data(
    instances: Sequence[Instance], seeds: Sequence[SeedTask], options: DataOptions, random_seed: int
) -> TrainingData:
    """Return the examples of a run, shuffled by seed, without duplicates, some of them held out.

    Whole instructions are held out, so that none is on both sides: in an order drawn by seed until the share is
    reached, at least one where the share is above 0.

    Raises:
        InputError: there is nothing to train on.
    """
    tasks = seeds if options.include_seed_tasks else ()
    records = training_records(instances, tasks, True, random_seed)
    held_out = _held_out(records, options.validation_share, random_seed)
    train = _examples([one for one in records if one.instruction not in held_out], options, random_seed)
    validation = _examples([one for one in records if one.instruction in held_out], options, random_seed)
    if not train:
        raise InputError(
            f"finetune: no example is left to train on ({len(records):,} in the run, {len(validation):,} held out); "
            "take a larger run, finetune.include_seed_tasks=true or a smaller finetune.validation_share"
        )
    sides = [[as_record(one, options.form) for one in side] for side in (train, validation)]
    return TrainingData(options.form, train, validation, hashlib.sha256(canonical(sides).encode()).hexdigest())


def _held_out(records: Sequence[TrainingRecord], share: float, random_seed: int) -> set[str]:
    examples = Counter(record.instruction for record in records)
    wanted = max(1, round(share * len(records))) if share else 0
    order = sorted(examples)
    generator(random_seed, "finetune", "validation").shuffle(order)
    held_out: set[str] = set()
    for instruction in order:
        if wanted <= 0:
            break
        held_out.add(instruction)
        wanted -= examples[instruction]
    return held_out


def _examples(records: Sequence[TrainingRecord], options: DataOptions, random_seed: int) -> tuple[Example, ...]:
    if options.form == CHAT:
        return tuple(_chat(record, options.system_prompt) for record in records)
    forms = (in_random_form(r.instruction, r.input, r.output, options.end_of_text, random_seed) for r in records)
    return tuple(dict.fromkeys(Example(form.prompt, form.completion) for form in forms))


def _chat(record: TrainingRecord, system: str) -> Example:
    """As in openai_chat.jsonl of an export."""
    asked = f"{record.instruction}\n\n{record.input}" if record.input.strip() else record.instruction
    return Example(asked, record.output, system)
