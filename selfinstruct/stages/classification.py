"""Is this instruction a classification task? One few-shot question per instruction (paper, section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from selfinstruct.models import Model
from selfinstruct.parsing import answer_rule, read_yes_no
from selfinstruct.prompts import Templates, render_classification
from selfinstruct.records import CONTEXT_OVERFLOW, Request
from selfinstruct.stages.shortening import Answered, ask, halvings


@dataclass(frozen=True)
class Classified:
    """`answer` is None when the model's words could not be read as yes or no; `saw` is what it said.

    The answer is what is recorded and counted: one that could not be read is missing, and never taken as no.
    """

    answer: bool | None
    saw: str
    answered: Answered

    @property
    def is_output_first(self) -> bool:
        """True for a yes. What could not be read goes on input-first, as in the published code; it records a no."""
        return self.answer is True

    @property
    def rule(self) -> str:
        """Say "kept" when the answer was read, else name what was in the way."""
        return answer_rule(self.answer, self.saw, self.answered.completion.finish_reason)


async def classify(model: Model, templates: Templates, instruction: str) -> Classified:
    """Ask the model whether the instruction is a classification task. Raises as `Model.complete`.

    A question that is too long for the model is asked again with fewer shots; one that stays too long is unreadable.
    """
    if templates.classification is None:
        raise ValueError(f"templates {templates.name} have no classification stage")
    answered = await ask(model, _forms(templates, instruction))
    if answered.completion.finish_reason == CONTEXT_OVERFLOW:
        return Classified(None, CONTEXT_OVERFLOW, answered)
    answer, saw = read_yes_no(answered.completion.text, templates.classification.stop, templates.compatibility)
    return Classified(answer, saw, answered)


def _forms(templates: Templates, instruction: str) -> Iterator[Request]:
    shots = templates.shots.classification
    for shown in halvings(len(shots), fewest=0):
        fewer = replace(templates.shots, classification=shots[:shown])
        yield render_classification(replace(templates, shots=fewer), instruction)
