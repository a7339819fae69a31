"""A model for tests of sweeps: the offline grammar without LiteLLM (seconds sooner there), which fails on command.

It is built by `model._target_=tests.mortal_model.build` and works with a folder, $MORTAL_NOTES. The file `fates` in it
says what becomes of the arm with a certain model.options.latency_s, after six answers:

    fail 0.002, die 0.003, preempt 0.004      a ProviderError; its process is killed, as the kernel does where memory
                                              runs out; it hears, but once, that it has to make room, as Slurm says it
    break 0.005                               a fault of the program

Every process leaves a file there that is named after it, with $MORTAL_NODE as its content, and a second one once it was
asked something.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from selfinstruct.errors import ProviderError
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.offline.answer import answer
from selfinstruct.models.offline.options import OfflineOptions, read_options
from selfinstruct.records import Completion, Request

_ANSWERS_BEFORE_THE_END = 6


def build(options: Any, _limits: Any, budget: Budget) -> MortalModel:
    """Return the model of an arm, with the fate that awaits it."""
    read = read_options(options.options)
    notes = Path(os.environ["MORTAL_NOTES"])
    (notes / f"{os.getpid()}.process").write_text(os.environ.get("MORTAL_NODE", ""), encoding="utf-8")
    fates = dict(reversed(fate.split()) for fate in (notes / "fates").read_text().split(",") if fate.strip())
    return MortalModel(read, budget, notes, fates.get(f"{read.latency_s:g}", "live"))


class MortalModel:
    """Answers like the offline model, until its fate comes."""

    def __init__(self, options: OfflineOptions, budget: Budget, notes: Path, fate: str) -> None:
        self._options = options
        self._budget = budget
        self._notes = notes
        self._fate = fate
        self._answers = 0

    async def complete(self, request: Request) -> Completion:
        """Answer, fail or die."""
        if self._answers == _ANSWERS_BEFORE_THE_END:
            self._meet_fate()
        self._answers += 1
        (self._notes / f"{os.getpid()}.asked").touch()
        await self._budget.reserve(Spent(1))
        await asyncio.sleep(self._options.latency_s)
        self._budget.settle(Spent(1), Spent(1))
        return answer(request, "grammar", self._options)

    def _meet_fate(self) -> None:
        if self._fate == "fail":
            raise ProviderError("the key was withdrawn; give another one")
        if self._fate == "break":
            raise RuntimeError("the model is broken")
        if self._fate == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._fate == "preempt":
            preempted = self._notes / "preempted"
            if not preempted.exists():
                preempted.touch()
                os.kill(os.getpid(), signal.SIGUSR2)

    def stop(self) -> None:
        """Nothing is in flight for long."""

    async def close(self) -> None:
        """There are no connections."""
