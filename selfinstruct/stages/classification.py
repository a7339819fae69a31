"""Is this instruction a classification task? One few-shot question per instruction (paper, section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from selfinstruct.models import Model
from selfinstruct.parsing import read_yes_no
from selfinstruct.prompts import Templates, render_classification
from selfinstruct.records import Completion


@dataclass(frozen=True)
class Classified:
    """`answer` is None when the model's words could not be read as yes or no; `saw` is what it said."""

    answer: bool | None
    saw: str
    completion: Completion

    @property
    def is_classification(self) -> bool:
        """True for a yes; an unreadable answer counts as no, as in the published code."""
        return self.answer is True


async def classify(model: Model, templates: Templates, instruction: str) -> Classified:
    """Ask the model whether the instruction is a classification task. Raises as `Model.complete`."""
    if templates.classification is None:
        raise ValueError(f"templates {templates.name} have no classification stage")
    completion = await model.complete(render_classification(templates, instruction))
    answer, saw = read_yes_no(completion.text, templates.classification.stop, templates.compatibility)
    return Classified(answer, saw, completion)
