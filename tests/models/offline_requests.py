"""What the tests of the offline model share: its shipped options, requests from the shipped prompts, plain readers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pydantic import TypeAdapter

from selfinstruct.models.offline import Rates, answer, read_options
from selfinstruct.prompts import Example, Templates, render_instructions
from selfinstruct.records import Completion, Request

CONF = Path(__file__).resolve().parents[2] / "conf"
BLOCKED = re.compile(
    r"\b(images?|graphs?|pictures?|files?|maps?|draw|plot|go to|video|audio|music|flowchart|diagram)\b"
    r"|^write a program",
    re.IGNORECASE,
)
EXAMPLES = (
    "Name three fruits that grow in the desert.",
    "Rewrite the following email in a formal tone.",
    "Explain to a child how rainbows come about.",
    "Classify the review as positive, negative or neutral.",
)
SCENARIO = """Implement Python step functions with behave for the following scenario.
```gherkin
Scenario: Lending a book
  Given shelf "A" holds 12 books
  When Ada lends 5 books
  Then shelf "A" holds 7 books
```"""


def shipped_options() -> dict[str, Any]:
    return dict(yaml.safe_load((CONF / "model" / "offline.yaml").read_text(encoding="utf-8"))["options"])


def options_with(imitation: float = 0.5, **rates: float) -> Any:
    """All rates are 0 but these."""
    none = {field.name: 0.0 for field in fields(Rates)}
    return read_options({"imitation": imitation, "breadth": 1.0, "latency_s": 0.0, "rates": {**none, **rates}})


@cache
def preset(name: str) -> Templates:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+prompts={name}"])
    plain = OmegaConf.to_container(cfg.prompts, resolve=True)
    return TypeAdapter(Templates).validate_json(json.dumps(plain), strict=True)


def asked(prompt: str, **changes: Any) -> Request:
    return replace(Request("", (), prompt, 1024, 0.7, 0.5, 0.0, 2.0, ()), **changes)


def new_tasks(name: str, examples: Sequence[str] = EXAMPLES) -> Request:
    return render_instructions(preset(name), [Example(text, "", "Some output.") for text in examples], False)


def prompt_of(request: Request) -> str:
    return "\n\n".join(message.content for message in request.messages) or request.text


def items(completion: Completion) -> list[str]:
    """The items of an answer to the paper's open list, read in the plainest way."""
    return [item.strip() for item in re.split(r"\n\d+\. ?", completion.text)]


def write_many(request: Request, options: Any, count: int = 40) -> list[str]:
    return [text for i in range(count) for text in items(answer(replace(request, repeat=i), "grammar", options))]
