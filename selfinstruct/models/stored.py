"""A Model that pays once: stored answers are read, new ones are durable before anybody sees them.

`StoredModel(gateway, store, identity, sample)` stands wherever a Model is wanted; `await model.drain()` ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from selfinstruct.errors import StoreError
from selfinstruct.models.batching import Batch
from selfinstruct.models.store import CompletionStore, Row, explain, request_key
from selfinstruct.records import Completion, Request


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
    by `drain`. Equal requests that are asked at the same time are sent once.
    """

    def __init__(
        self,
        model: Stoppable,
        store: CompletionStore,
        identity: Mapping[str, Any],
        sample: int,
        payer: str,
        url: str = "",
    ) -> None:
        self._model = model
        self._store = store
        self._identity = dict(identity)
        self._sample = sample
        self._payer = payer
        self._url = url
        self._under_way: dict[str, asyncio.Task[Completion]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="completion-store")
        self._reads: Batch[str, Completion | None] = Batch(self._read_many, self._thread)
        self._writes: Batch[Row, Completion] = Batch(self._write_many, self._thread)
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
        self._model.stop()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        self._thread.shutdown()
        await self._model.close()

    def _forget(self, key: str, task: asyncio.Task[Completion]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # the caller may have been cancelled: then nobody else looks at it

    async def _answer(self, key: str, request: Request) -> Completion:
        stored = await self._reads.add(key)
        if stored is not None:
            self.from_store += 1
            return stored
        completion = await self._model.complete(request)
        self.sent += 1
        return await self._writes.add(Row(key, self._sample, self._payer, request, completion))

    def _read_many(self, keys: Sequence[str]) -> list[Completion | None]:
        found = self._guarded(lambda: self._store.get(keys))
        return [found.get(key) for key in keys]

    def _write_many(self, rows: Sequence[Row]) -> list[Completion]:
        stored = self._guarded(lambda: self._store.put(rows))
        return [stored[row.key] for row in rows]

    def _guarded(self, work: Callable[[], dict[str, Completion]]) -> dict[str, Completion]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return work()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(explain(self._url, error)) from error
