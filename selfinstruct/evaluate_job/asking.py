"""A model or a judge asked behind the completion store, within the caps: what it said comes out, or what stopped it.

asked = ask(target, options, payer, lambda model: answer_items(model, ...))
asked.found          # Answered(...), or None where it could not even be asked
asked.sent, asked.from_store, asked.error
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from selfinstruct.errors import SelfInstructError
from selfinstruct.evaluation.answering import Answered
from selfinstruct.evaluation.judging import Judged
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.store import open_store
from selfinstruct.models.stored import StoredModel
from selfinstruct.paying import Payer, paying_model

Found = TypeVar("Found", Answered, Judged)


@dataclass(frozen=True)
class Asked(Generic[Found]):
    """What asking brought; `found` is None where the model could not be asked at all, and `error` says why."""

    found: Found | None
    error: SelfInstructError | None
    sent: int = 0
    from_store: int = 0


def ask(
    target: str,
    options: ModelOptions,
    payer: Payer,
    questions: Callable[[StoredModel], Coroutine[Any, Any, Found]],
) -> Asked[Found]:
    """Ask a model; whatever stops it is returned, and what was paid is in the store.

    Args:
        target: builds the model. questions: asks it; what stopped it half-way is in what it returns.
    """
    store = open_store(payer.store.url)

    async def asked() -> Asked[Found]:
        async with paying_model(target, options, store, payer) as (model, _):
            found = await questions(model)
        return Asked(found, found.error, model.sent, model.from_store)

    try:
        return asyncio.run(asked())
    except SelfInstructError as error:
        return Asked(None, error)
    finally:
        store.close()
