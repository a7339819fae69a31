"""What the groups `benchmark` and `grading` of conf/ declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, MinLen

from selfinstruct.prompts import StageTemplate

EMPTY = "empty"
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class BenchmarkOptions:
    """A benchmark: where it is, what is asked of it, how it is asked and how it is scored.

    kind: "superni" is a folder of Super-NaturalInstructions, "items" a JSON Lines file.
    split: of superni, the file that lists the tasks, from `path`; None: all tasks. instances: the first so many of each
        task; None: all. sample: so many of all items, drawn by random_seed; None: all. shots: solved examples shown.
    tokenizer: of ROUGE: "rouge" (with stemmer), "spaces", "unicode", or a tokenizer.json.
    missing: an item without a prediction counts as an empty answer ("empty") or is "left_out" of the means.
    chat, completion: the prompt, by model.mode.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str
    kind: Literal["superni", "items"]
    path: str
    split: str | None
    instances: Annotated[int, Ge(1)] | None
    sample: Annotated[int, Ge(1)] | None
    shots: Annotated[int, Ge(0)]
    tokenizer: str
    missing: Literal["empty", "left_out"]
    chat: StageTemplate
    completion: StageTemplate


@dataclass(frozen=True)
class GradingOptions:
    """How a judge grades answers.

    grades: what each grade means, the best first. acceptable: the grades that count as met. sample: so many items,
    drawn by random_seed; None: all. pairwise: several models' answers to an item are also compared, in both orders.
    grade, pair: the questions; `style` says how they are sent.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str
    style: Literal["chat", "completion"]
    grades: Annotated[Mapping[str, str], MinLen(2)]
    acceptable: tuple[str, ...]
    sample: Annotated[int, Ge(1)] | None
    pairwise: bool
    grade: StageTemplate
    pair: StageTemplate
