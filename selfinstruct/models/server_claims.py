"""What is being asked just now, told through PostgreSQL, so that runs on several machines pay for a request once.

    claims = ServerClaims(engine)
    await claims.claim(key)     # True: ours until `release`; False: somebody else asks, and will store the answer

A claim is an advisory lock: it writes nothing, and the server lifts it when the connection of its process ends. It does
not work through a pooler that shares connections by transaction (PgBouncer's mode of that name).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from selfinstruct.models.batching import Batch

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_TAKE = """
SELECT pg_try_advisory_lock(place)
FROM unnest(CAST(:places AS bigint[])) WITH ORDINALITY AS asked(place, number) ORDER BY number
"""
_GIVE_BACK = "SELECT pg_advisory_unlock(:place)"


class ServerClaims:
    """The claims of one run, in a thread and over a connection of their own. A server that fails grants every claim."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "claims")
        self._asked: Batch[str, bool] = Batch(self._take, self._thread)

    async def claim(self, key: str) -> bool:
        """Claim a request; False while somebody else holds it."""
        return await self._asked.add(key)

    def release(self, key: str) -> None:
        """Give a claim back, soon."""
        self._thread.submit(self._execute, _GIVE_BACK, {"place": _place(key)})

    def close(self) -> None:
        """Give everything back."""
        self._thread.submit(self._hang_up)
        self._thread.shutdown()

    def _take(self, keys: Sequence[str]) -> list[bool]:
        taken = self._execute(_TAKE, {"places": [_place(key) for key in keys]})
        return [True] * len(keys) if taken is None else [bool(is_ours) for (is_ours,) in taken]

    def _execute(self, statement: str, values: dict[str, Any]) -> list[Any] | None:
        """Return the rows, or None where the server fails: the store says so better when it is read."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._connection.detach()
            return list(self._connection.execute(text(statement), values).all())
        except SQLAlchemyError:
            self._hang_up()
            return None

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _place(key: str) -> int:
    """64 bits of the key, as PostgreSQL counts them."""
    return int.from_bytes(bytes.fromhex(key[:16]), signed=True)
