"""Many awaited questions, answered a batch at a time in a thread.

While one batch is being answered, the next one collects: one transaction for many rows is what keeps durable writes
cheap when many requests are in flight, and a lone question still goes out at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

_LARGEST_BATCH = 500


class Batch(Generic[Question, Answer]):
    """Collects questions and asks them together; `answer` gets a list and returns one answer each, same order."""

    def __init__(self, answer: Callable[[Sequence[Question]], Sequence[Answer]], thread: ThreadPoolExecutor) -> None:
        self._answer = answer
        self._thread = thread
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def add(self, question: Question) -> Answer:
        """Return the answer to one question; an error of its batch is raised to everybody in the batch."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_LARGEST_BATCH], self._waiting[_LARGEST_BATCH:]
            questions = [question for question, _ in batch]
            try:
                answers = await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, questions)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
