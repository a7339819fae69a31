"""Templates for tests: the shipped presets as they compose, and a small set of our own."""

from __future__ import annotations

import json
import re
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pydantic import TypeAdapter

from selfinstruct.prompts import (
    ClassificationShot,
    Example,
    InputFirstShot,
    LabelledInput,
    OutputFirstShot,
    ShotPair,
    Shots,
    StageTemplate,
    Templates,
)
from tests.conftest import ROOT

CONF = ROOT / "conf"
PRESETS = ("paper", "chat", "bdd", "alpaca")
STAGES = ("instructions", "classification_only", "classification", "input_first", "output_first")
BLOCKED = re.compile(r"\b(images?|graphs?|pictures?|files?|maps?|draw|plot|go to|video|audio|music)\b", re.IGNORECASE)
SCENARIO = "Implement these steps:\n```gherkin\nScenario: Tea\n  Given 2 cups\n```"


def plain_preset(name: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+prompts={name}"])
    return dict(OmegaConf.to_container(cfg.prompts, resolve=True))  # type: ignore[arg-type]


def typed(plain: dict[str, Any]) -> Templates:
    return TypeAdapter(Templates).validate_json(json.dumps(plain), strict=True)


def stage(template: str, system: str = "") -> StageTemplate:
    return StageTemplate(system, template, ("\n\n",), 10, 0.7, 0.5, 0.0, 2.0)


LOOP = "{% for example in examples %}\n{{ loop.index }}. {{ example.instruction }}\n{% endfor %}\n"
LIST = f"Tasks:\n{LOOP}{{{{ next_number }}}}."


def small(style: str = "completion", compatibility: str = "own", form: str = "instructions") -> Templates:
    return Templates(
        name="small",
        style=style,  # type: ignore[arg-type]
        form=form,  # type: ignore[arg-type]
        compatibility=compatibility,  # type: ignore[arg-type]
        continues_list=True,
        structured="off",
        instructions=stage(LIST, system="You invent tasks."),
        classification_only=None,
        classification=stage(
            "{% for shot in shots %}\n{{ shot.instruction }} {{ shot.answer }}\n{% endfor %}\n{{ instruction }}"
        ),
        input_first=stage(
            "{% for shot in shots %}\nTask: {{ shot.instruction }}\n"
            "{% for pair in shot.pairs %}\n{{ loop.index }}|{{ pair.input }}|{{ pair.output }}\n{% endfor %}\n"
            "{% for answer in shot.answers %}\n={{ answer }}\n{% endfor %}\n{% endfor %}\nTask: {{ instruction }}\n"
        ),
        output_first=stage(
            "{% for shot in shots %}\n{% for example in shot.examples %}\n"
            "{{ example.label }}|{{ example.input }}\n{% endfor %}\n{% endfor %}\n{{ instruction }}"
        ),
        shots=Shots(
            classification=(ClassificationShot("Sort it.", True), ClassificationShot("Sing.", False)),
            input_first=(
                InputFirstShot("Add.", (ShotPair("1 1", "2"), ShotPair("2 2", "4"))),
                InputFirstShot("Sing.", (ShotPair("", "La."),)),
            ),
            output_first=(OutputFirstShot("Sort.", (LabelledInput("spam", "Win!"), LabelledInput("ham", "Hi."))),),
        ),
        schemas=None,
    )


def shown(*instructions: str) -> list[Example]:
    return [Example(instruction, "", "") for instruction in instructions]
