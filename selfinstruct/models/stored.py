"""A Model that pays once: stored answers are read, new ones are durable before anybody sees them.

`StoredModel(gateway, store, identity, sample, payer)` stands wherever a Model is wanted; `await model.drain()` ends it.
When the store fails, nothing more is sent, and the answers that could not be stored are kept until everything in flight
has come in; then all of them are tried once more, and the error says how many are lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from selfinstruct.errors import Interrupted, SelfInstructError, StoreError
from selfinstruct.models.batching import Batch
from selfinstruct.models.store import CompletionStore, Row, request_key
from selfinstruct.records import Completion, Request

log = logging.getLogger(__name__)

_FIRST_LOOK_S = 0.05
_LONGEST_LOOK_S = 1.0
_LONGEST_WAIT_S = 600.0
_MOMENT_S = 0.1


class Stoppable(Protocol):
    """A model that can be told to send nothing more."""

    async def complete(self, request: Request) -> Completion:
        """Return the answer to one request."""
        ...

    def stop(self) -> None:
        """Send nothing more; what is in flight may finish."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class StoredModel:
    """A Model that asks the store first and pays only for what is not there.

    A caller that is cancelled does not cancel what is in flight: the answer is paid for, so it is awaited and stored
    by `drain`. Equal requests that are asked at the same time are sent once, also when another process asks them of the
    same store: then its answer is waited for, ten minutes at most.
    """

    def __init__(
        self,
        model: Stoppable,
        store: CompletionStore,
        identity: Mapping[str, Any],
        sample: int,
        payer: str,
    ) -> None:
        self._model = model
        self._store = store
        self._identity = dict(identity)
        self._sample = sample
        self._payer = payer
        self._claims = store.open_claims()
        self._under_way: dict[str, asyncio.Task[Completion]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="completion-store")
        self._reads: Batch[str, Completion | None] = Batch(self._read_many, self._thread)
        self._writes: Batch[Row, Completion] = Batch(self._write_many, self._thread)
        self._stopped = asyncio.Event()
        self._in_flight = 0
        self._all_in = asyncio.Event()
        self._all_in.set()
        self._unstored: list[Row] = []
        self._failure: str | None = None
        self._last_try: asyncio.Task[str] | None = None
        self.sent = 0
        self.from_store = 0

    async def complete(self, request: Request) -> Completion:
        """Return the stored answer, or ask the model and store its answer before returning it."""
        key = request_key(self._identity, self._sample, request)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._answer(key, request))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Stop sending, wait for what is in flight and store it; then nothing paid for can be lost."""
        self._stop()
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=_MOMENT_S)  # what was not sent yet goes away at once
        if self._in_flight:
            log.warning("waiting for %d answers in flight, which are paid for; Ctrl+C gives them up", self._in_flight)
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        self._thread.shutdown()
        self._claims.close()
        await self._model.close()

    def _stop(self) -> None:
        self._stopped.set()
        self._model.stop()

    def _forget(self, key: str, task: asyncio.Task[Completion]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # the caller may have been cancelled: then nobody else looks at it

    async def _answer(self, key: str, request: Request) -> Completion:
        try:
            return await self._find_or_pay(key, request)
        except SelfInstructError as error:
            if self._failure is None and isinstance(error, StoreError):
                self._failure = str(error)
                self._stop()
            if self._failure is None:
                raise
        if self._last_try is None:  # whatever else was stopped by it: the store is why
            self._last_try = asyncio.create_task(self._try_again(self._failure))
        raise StoreError(await asyncio.shield(self._last_try))

    async def _find_or_pay(self, key: str, request: Request) -> Completion:
        """Claim the request before looking, so that what another process stored meanwhile cannot be missed."""
        began, look_s = time.monotonic(), _FIRST_LOOK_S
        while True:
            is_ours = await self._claims.claim(key)
            try:
                stored = await self._reads.add(key)
                if stored is not None:
                    self.from_store += 1
                    return stored
                if is_ours or time.monotonic() - began > _LONGEST_WAIT_S:
                    return await self._pay(key, request)
            finally:
                if is_ours:
                    self._claims.release(key)
            await self._sleep(look_s)
            look_s = min(2 * look_s, _LONGEST_LOOK_S)

    async def _pay(self, key: str, request: Request) -> Completion:
        self._in_flight += 1
        self._all_in.clear()
        try:
            completion = await self._model.complete(request)
            self.sent += 1
            row = Row(key, self._sample, self._payer, request, completion)
            try:
                return await self._writes.add(row)
            except StoreError:
                self._unstored.append(row)
                raise
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._all_in.set()

    async def _try_again(self, failure: str) -> str:
        """Try to store what could not be stored, once everything is in. Returns what to tell the user."""
        await self._all_in.wait()
        number = len(self._unstored)
        if not number:
            return failure
        answers = "1 answer" if number == 1 else f"{number} answers"
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._write_many, self._unstored)
        except StoreError:
            return f"{failure}. Sending was stopped; {answers} in flight could not be stored and will be asked again"
        return f"{failure}. Sending was stopped; {answers} in flight could be stored at a second try, nothing is lost"

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return
        raise Interrupted("stopped before this request was sent")

    def _read_many(self, keys: Sequence[str]) -> list[Completion | None]:
        found = self._store.get(keys)
        return [found.get(key) for key in keys]

    def _write_many(self, rows: Sequence[Row]) -> list[Completion]:
        stored = self._store.put(rows)
        return [stored[row.key] for row in rows]
