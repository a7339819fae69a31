"""A model answers a benchmark: items go out as prompts, all at once; answers by item come back.

    answered = await answer_items(model, options, "chat", benchmark.items, "gpt-4.1-mini", told)
    answered.answers.by_item["task1-0"]      # Prediction("4", finish_reason="stop", prompt_sha256="9c1f...")

An answer is cut at the template's stop sequences, which providers may ignore, and is otherwise as it came. A prompt
that is too long for its model is asked again with half its examples, until it fits or no example can go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.errors import SelfInstructError
from selfinstruct.evaluation.asking import ask_all
from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.options import BenchmarkOptions
from selfinstruct.evaluation.predictions import Answers, Prediction
from selfinstruct.evaluation.rendering import prompt_sha256, render_item
from selfinstruct.evaluation.usage import usage_of
from selfinstruct.models import Model
from selfinstruct.records import CONTEXT_OVERFLOW, NOT_ANSWERED, Completion, Request
from selfinstruct.stages.shortening import halvings
from selfinstruct.text import cut_at_stop


@dataclass(frozen=True)
class Answered:
    """What a model answered, what that used, and what stopped it, if it was."""

    answers: Answers
    usage: Mapping[str, Any]
    error: SelfInstructError | None


async def answer_items(
    model: Model,
    options: BenchmarkOptions,
    mode: str,
    items: Sequence[Item],
    name: str,
    told: Callable[[int], None],
) -> Answered:
    """Ask a model about every item.

    Args:
        mode: "chat" or "completion"; says which of the two prompts is sent.
        name: what the answers are called.
        told: called after every answer with how many there are.

    Raises:
        InputError: the prompt cannot be rendered.
    """
    found: dict[str, Prediction] = {}
    used: list[Completion | None] = []
    left: Sequence[Item] = items
    for shots in halvings(options.shots, fewest=0):
        requests = [render_item(replace(options, shots=shots), mode, item) for item in left]
        asked = await ask_all(model, requests, lambda count: told(len(found) + count))
        used += asked.completions
        too_long = []
        for item, request, completion in zip(left, requests, asked.completions, strict=True):
            if completion is not None and completion.finish_reason == CONTEXT_OVERFLOW and shots > 0:
                too_long.append(item)
            elif completion is not None:
                found[item.id] = _prediction(request, completion, options.shots - shots)
        left = too_long
        if asked.error is not None or not left:
            break
    return Answered(Answers(name, found), usage_of(used), asked.error)


def count_answers(answers: Answers, items: Sequence[Item]) -> dict[str, int]:
    """Return how many answers there are, and how many are missing, or in which way they are not as asked."""
    given = [answers.by_item[item.id] for item in items if item.id in answers.by_item]
    return {
        "answers": len(given),
        "missing": answers.missing(items),
        "doubled": answers.doubled,
        "unknown": answers.unknown,
        "empty": sum(not one.text.strip() and one.finish_reason not in NOT_ANSWERED for one in given),
        "cut": sum(one.finish_reason == "length" for one in given),
        "refused": sum(one.finish_reason in NOT_ANSWERED for one in given),
        "shortened": sum(one.examples_left_out > 0 for one in given),
    }


def _prediction(request: Request, completion: Completion, examples_left_out: int) -> Prediction:
    text, mark = cut_at_stop(completion.text, request.stop)
    finish_reason = "stop" if mark else completion.finish_reason  # what came after the mark was never asked for
    return Prediction(text, finish_reason, prompt_sha256(request), examples_left_out)
