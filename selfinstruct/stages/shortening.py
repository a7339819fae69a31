"""A prompt that is too long for its model is asked again with half its examples, until it fits or no example can go.

    answered = await ask(model, (render(examples[:shown]) for shown in halvings(8, fewest=1)))

    8 examples: too long -> the first 4: too long -> the first 2: an answer

Every form of the request is a request of its own: stored, counted and found again. Which forms are asked depends on the
answers alone, so the data is the same at any concurrency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selfinstruct.models import Model
from selfinstruct.records import CONTEXT_OVERFLOW, Completion, Request


@dataclass(frozen=True)
class Answered:
    """The completion that counts, and before it those that only said that the prompt was too long."""

    completion: Completion
    overflows: tuple[Completion, ...] = ()

    @property
    def completions(self) -> tuple[Completion, ...]:
        """Everything that was asked for, in the order asked."""
        return (*self.overflows, self.completion)


def halvings(examples: int, fewest: int) -> Iterator[int]:
    """Yield how many examples each form of a prompt shows: 8, 4, 2, 1 with `fewest` 1, and 0 after them with 0."""
    yield examples
    while examples // 2 >= fewest and examples > 0:
        examples //= 2
        yield examples


async def ask(model: Model, forms: Iterable[Request]) -> Answered:
    """Ask the first form of a request, and the next one as long as the prompt is too long.

    When the last form is too long as well, its completion is what counts, with finish reason "context_overflow".
    Raises as `Model.complete`.
    """
    overflows: list[Completion] = []
    for form in forms:
        completion = await model.complete(form)
        if completion.finish_reason != CONTEXT_OVERFLOW:
            return Answered(completion, tuple(overflows))
        overflows.append(completion)
    return Answered(overflows[-1], tuple(overflows[:-1]))
