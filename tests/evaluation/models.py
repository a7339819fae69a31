"""Models for tests of evaluations: built by `model._target_=tests.evaluation.models.build`, told by model.options.kind.

    echo    answers with the last line of the prompt that holds a word before "Output:", so with the item's input
    ramble  the same, and goes on with another item behind a stop sequence
    count   answers with the number of words of the input
    judge   grades an answer by the word in it (good A, fair B, poor C, else D), prefers the better grade, and ties;
            "mumble" is answered without a grade, "forbidden" is refused
    first   a judge that grades like that and always prefers the answer that stands first

Every request that is answered adds a line to $EVALUATION_ASKED, where that is set: the prompt's first 40 characters.
With model.options.pause_s each answer takes so long.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

from selfinstruct.errors import Interrupted
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.records import Completion, Request

GRADES = {"good": "A", "fair": "B", "poor": "C"}


def build(options: Any, _limits: Any, budget: Budget) -> ScriptedModel:
    """Return the model that the options name."""
    return ScriptedModel(options.options.get("kind", "echo"), options.options.get("pause_s", 0.0), budget)


class ScriptedModel:
    """Answers by rule, within its budget."""

    def __init__(self, kind: str, latency_s: float, budget: Budget) -> None:
        self._kind = kind
        self._latency_s = latency_s
        self._budget = budget
        self._places = asyncio.Semaphore(2)
        self._stopped = False

    async def complete(self, request: Request) -> Completion:
        """Return the answer to one request."""
        prompt = request.text or request.messages[-1].content
        async with self._places:
            if self._stopped:
                raise Interrupted("stopped before this request was sent")
            await self._budget.reserve(Spent(1))
            await asyncio.sleep(self._latency_s)
            if "EVALUATION_ASKED" in os.environ:
                with Path(os.environ["EVALUATION_ASKED"]).open("a", encoding="utf-8") as file:
                    file.write(f"{' '.join(prompt.split())[:40]}\n")
            self._budget.settle(Spent(1), Spent(1))
        text, finish_reason = said(self._kind, prompt)
        return Completion(text, finish_reason, len(prompt.split()), len(text.split()), 0.0, 0.0, self._kind)

    def stop(self) -> None:
        """Send nothing more; what is in flight may finish."""
        self._stopped = True

    async def close(self) -> None:
        """There are no connections."""


def said(kind: str, prompt: str) -> tuple[str, str]:
    """Return text and finish reason."""
    if kind in {"judge", "first"}:
        return judged(kind, prompt)
    given = re.findall(r"^Input: (.*)$", prompt, re.MULTILINE)
    last = given[-1] if given else prompt.strip().rpartition("\n")[2]
    if kind == "ramble":
        return f"{last}\n\nInput: go on", "length"
    return (last if kind == "echo" else str(len(last.split()))), "stop"


def judged(kind: str, prompt: str) -> tuple[str, str]:
    answers = re.findall(r"<answer(?:_\d)?>\n(.*?)\n</answer", prompt, re.DOTALL)
    if any("forbidden" in answer for answer in answers):
        return "", "content_filter"
    if any("mumble" in answer for answer in answers):
        return "Hm, who knows.", "stop"
    grades = [next((grade for word, grade in GRADES.items() if word in answer), "D") for answer in answers]
    if len(grades) == 1:
        return f"Grade: {grades[0]}\nBecause of its words.", "stop"
    if kind == "first":
        return "Better: 1\nIt came first.", "stop"
    better = "tie" if grades[0] == grades[1] else "1" if grades[0] < grades[1] else "2"
    return f"Better: {better}", "stop"
