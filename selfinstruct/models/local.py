"""A model in this process: `model=transformers model.name=<folder or name on the hub>`.

`build(options, limits, budget)` gives a Model. Requests that wait are answered together, by a thread of its own; the
model is loaded when the first one comes, so that a run whose answers are all stored loads nothing.

    {"text": " Lima", "finish_reason": "stop", "prompt_tokens": 12, "completion_tokens": 2, "cost_usd": 0.0}

An answer depends on its request alone: each has random draws of its own, and in float32 the batch that it happens to be
in changes the model's numbers by some 1e-6, which changes a token once in very many answers. In bfloat16 and float16 it
changes them by some 1e-2; there requests are answered one at a time unless `model.options.batch_size` says otherwise.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from selfinstruct.errors import Interrupted, ProviderError
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.gate import Gate
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.local_folder import label
from selfinstruct.models.local_generation import Asked, Written, answer_together
from selfinstruct.models.local_options import read_options
from selfinstruct.models.local_prompts import prompt_ids, stops_of
from selfinstruct.models.local_weights import LoadedModel, load_model
from selfinstruct.models.prices import Prices
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.records import INSTRUCTIONS, Completion, Request

log = logging.getLogger(__name__)

_TOGETHER = 8
_MOMENT_S = 0.005  # requests that are sent together arrive within it


def build(options: ModelOptions, limits: LimitOptions, budget: Budget) -> LocalModel:
    """Return a model in this process; the target of conf/model/transformers.yaml."""
    return LocalModel(options, limits, budget)


@dataclass(order=True)
class _Waiting:
    """A request that waits for its answer; bootstrapping goes first, then who came first."""

    priority: int
    order: int
    request: Request = field(compare=False)
    answer: asyncio.Future[Written] = field(compare=False)


class LocalModel:
    """A Model whose weights are in this process. It keeps to the run's limits, except `limits.timeout_s`."""

    def __init__(self, options: ModelOptions, limits: LimitOptions, budget: Budget) -> None:
        self._name, self._mode, self._revision = options.name, options.mode, options.revision
        self._token = os.environ.get(options.api_key_env) if options.api_key_env else None
        self._options = read_options(options.options)
        self._prices = Prices(options.input_cost_per_token or 0.0, options.output_cost_per_token or 0.0)
        self._reckoning = Reckoning(self._prices)
        self._budget = budget
        self._gate = Gate(limits, lambda _: 0.0)
        self._order = itertools.count()
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-model")
        self._stopped = threading.Event()
        self._loaded: LoadedModel | None = None

    def stop(self) -> None:
        """Answer nothing more; what is being written is given up, since nothing was paid for it but time."""
        self._stopped.set()
        self._gate.shut(_stopped_error())

    async def close(self) -> None:
        """Let go of the thread and of the model's memory."""
        self._stopped.set()
        if self._worker is not None:
            await asyncio.gather(self._worker, return_exceptions=True)
        self._thread.shutdown()
        self._loaded = None

    async def complete(self, request: Request) -> Completion:
        """Return the model's answer. Raises as `Model.complete` says, and Interrupted after `stop`."""
        if request.schema:
            raise ProviderError(
                f"{self._name}: a model in this process takes no JSON schema; set prompts.structured=off"
            )
        worst, likely = self._reckoning.worst_case(request), self._reckoning.likely_tokens(request)
        priority = 0 if request.stage == INSTRUCTIONS else 1
        sending = await self._gate.enter(self._gate.turn(priority, likely))
        real, used_tokens = Spent(), None
        try:
            await self._budget.reserve(worst)
            try:
                started = time.monotonic()
                written = await self._wait_for_answer(priority, request)
                completion = self._completion(written, time.monotonic() - started)
                real = self._reckoning.booked(request, completion)
                used_tokens = real.tokens
            finally:
                self._budget.settle(worst, real)
        finally:
            self._gate.leave(sending, used_tokens)
        return completion

    def _completion(self, written: Written, latency_s: float) -> Completion:
        return Completion(
            text=written.text,
            finish_reason=written.finish_reason,
            prompt_tokens=written.prompt_tokens,
            completion_tokens=written.completion_tokens,
            cost_usd=self._prices.cost_usd(written.prompt_tokens, written.completion_tokens),
            latency_s=round(latency_s, 4),
            model=label(self._name),
        )

    async def _wait_for_answer(self, priority: int, request: Request) -> Written:
        if self._stopped.is_set():
            raise _stopped_error()
        answer: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(priority, next(self._order), request, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        """Answer a batch after the other while anybody waits."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(_MOMENT_S)
        while self._waiting:
            batch: list[_Waiting] = []
            try:
                loaded = await loop.run_in_executor(self._thread, self._load)
                batch = self._next_batch(loaded)
                await loop.run_in_executor(self._thread, self._answer, loaded, batch, loop)
                await asyncio.sleep(0 if self._stopped.is_set() else _MOMENT_S)
                error: BaseException = _stopped_error()
            except Exception as fault:
                error = fault
            if not batch:  # the model could not be loaded
                batch, self._waiting = self._waiting, []
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)

    def _next_batch(self, loaded: LoadedModel) -> list[_Waiting]:
        """Take who is first, and with it others whose answers may not be longer."""
        self._waiting = sorted(waiting for waiting in self._waiting if not waiting.answer.done())
        if not self._waiting:
            return []
        longest = self._waiting[0].request.max_tokens
        batch = [waiting for waiting in self._waiting if waiting.request.max_tokens <= longest][
            : self._together(loaded)
        ]
        taken = {waiting.order for waiting in batch}
        self._waiting = [waiting for waiting in self._waiting if waiting.order not in taken]
        return batch

    def _together(self, loaded: LoadedModel) -> int:
        """How many requests are answered together."""
        if self._options.batch_size is not None:
            return self._options.batch_size
        return _TOGETHER if loaded.is_exact else 1

    def _answer(self, loaded: LoadedModel, batch: list[_Waiting], loop: asyncio.AbstractEventLoop) -> None:
        """Answer a batch; runs in the thread. Every answer is handed over as soon as it is complete."""
        if self._stopped.is_set():
            return
        asked = [self._asked(loaded, waiting.request) for waiting in batch]

        def hand_over(place: int, written: Written) -> None:
            loop.call_soon_threadsafe(_fulfil, batch[place].answer, written)

        answer_together(loaded, asked, self._options.random_seed, hand_over, self._stopped.is_set)

    def _load(self) -> LoadedModel:
        if self._loaded is None:
            started = time.monotonic()
            self._loaded = load_model(self._name, self._revision, self._token, self._options)
            log.info("%s loaded in %.1f s on %s", self._name, time.monotonic() - started, self._loaded.model.device)
        return self._loaded

    def _asked(self, loaded: LoadedModel, request: Request) -> Asked:
        prompt = prompt_ids(loaded.tokenizer, request, self._mode, self._options.template_options)
        return Asked(request, tuple(prompt), stops_of(loaded.tokenizer, request, self._mode))


def _fulfil(answer: asyncio.Future[Written], written: Written) -> None:
    if not answer.done():
        answer.set_result(written)


def _stopped_error() -> Interrupted:
    return Interrupted("stopped before this request was answered")
