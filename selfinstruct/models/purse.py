"""The purse of a sweep: what its runs have paid and set aside together, so that one cap holds for all of them.

It lies in the completion store, so the runs may be in one process, in several, or on several machines:

    purse = SweepPurse(store, "threshold_sweep-1f0c", payer="9ad0...", cap_usd=5.0)
    purse.open()                   # what this run has paid so far, by the store; nothing set aside
    await purse.take(0.0125)       # before a request is sent: its worst case; raises LimitReached
    purse.settle(0.0125, 0.0041)   # after it
    await purse.close()

A run that was killed leaves its share set aside until its command is repeated: the cap then binds sooner, never later.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import LimitReached
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.models.store import CompletionStore
from selfinstruct.models.tables import create_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOOK_AGAIN_S = 0.2
_ROUNDING_USD = 1e-9  # sums of floats end a little beside the sums of what they stand for


class SweepPurse:
    """One run's hand in the purse of its sweep. `cap_usd` None: what is paid is noted, and nothing is refused.

    Args:
        patience_s: how long to wait for what other runs of the sweep have set aside, once nothing of our own is.
        reckoning: what answers cost that do not say so.
    """

    def __init__(
        self,
        store: CompletionStore,
        sweep: str,
        payer: str,
        cap_usd: float | None,
        patience_s: float = 120.0,
        reckoning: Reckoning | None = None,
    ) -> None:
        from sqlalchemy import Column, Float, MetaData, String, Table

        self._store = store
        self._sweep = sweep
        self._payer = payer
        self._cap_usd = cap_usd
        self._patience_s = patience_s
        self._reckoning = reckoning or Reckoning()
        self._thread = ThreadPoolExecutor(1, "purse")  # one, so that what is settled first is written first
        self._own_usd = 0.0
        self._table = Table(
            "purses",
            MetaData(),
            Column("sweep", String(255), primary_key=True),
            Column("payer", String(64), primary_key=True),
            Column("spent_usd", Float, nullable=False),
            Column("reserved_usd", Float, nullable=False),
        )

    def open(self) -> None:
        """Join the sweep with what this run has paid so far; what an earlier execution set aside is given back."""
        from sqlalchemy import delete, insert

        spent_usd = self._store.spent(self._payer, self._reckoning).cost_usd
        row = {"sweep": self._sweep, "payer": self._payer, "spent_usd": spent_usd, "reserved_usd": 0.0}
        with self._store.transaction() as connection:
            create_table(connection, self._table)
        with self._store.transaction() as connection:
            connection.execute(delete(self._table).where(self._is_own()))
            connection.execute(insert(self._table), row)

    async def take(self, usd: float) -> None:
        """Set the worst case of a request aside, waiting while others may still give some of theirs back.

        Raises:
            LimitReached: it does not fit under the cap.
        """
        if self._cap_usd is None:
            return
        began_s = time.monotonic()
        while not await self._in_thread(self._try_to_take, usd):
            paid_usd, reserved_usd = await self._in_thread(self._totals)
            is_late = time.monotonic() - began_s > self._patience_s and self._own_usd <= _ROUNDING_USD
            if paid_usd + usd > self._cap_usd + _ROUNDING_USD or (is_late and reserved_usd > _ROUNDING_USD):
                raise LimitReached(self._explain(paid_usd, reserved_usd, usd))
            await asyncio.sleep(_LOOK_AGAIN_S if reserved_usd > _ROUNDING_USD else 0)
        self._own_usd += usd

    def settle(self, reserved_usd: float, paid_usd: float) -> None:
        """Put what a request cost in the place of what was set aside for it; written soon, in this order."""
        if self._cap_usd is not None:
            self._own_usd -= reserved_usd
            self._thread.submit(self._write, paid_usd, -reserved_usd)

    async def close(self) -> None:
        """Wait until all is written, then note what the run paid in all, as the store has it, and nothing set aside."""
        await self._in_thread(self.open)
        self._thread.shutdown()

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def _try_to_take(self, usd: float) -> bool:
        with self._store.transaction() as connection:
            self._lock(connection)
            paid_usd, reserved_usd = self._sums(connection)
            fits = paid_usd + reserved_usd + usd <= float(self._cap_usd or 0) + _ROUNDING_USD
            if fits:
                self._add(connection, 0.0, usd)
            return fits

    def _write(self, paid_usd: float, reserved_usd: float) -> None:
        with self._store.transaction() as connection:
            self._add(connection, paid_usd, reserved_usd)

    def _totals(self) -> tuple[float, float]:
        with self._store.transaction() as connection:
            return self._sums(connection)

    def _lock(self, connection: Connection) -> None:
        """Be alone with the sweep until the end of the transaction: SQLite by writing first, PostgreSQL row by row."""
        from sqlalchemy import select

        if connection.dialect.name == "sqlite":
            self._add(connection, 0.0, 0.0)
            return
        rows = select(self._table).where(self._table.c.sweep == self._sweep).order_by(self._table.c.payer)
        connection.execute(rows.with_for_update()).all()

    def _sums(self, connection: Connection) -> tuple[float, float]:
        from sqlalchemy import func, select

        columns = self._table.c
        sums = select(func.sum(columns.spent_usd), func.sum(columns.reserved_usd)).where(columns.sweep == self._sweep)
        paid_usd, reserved_usd = connection.execute(sums).one()
        return float(paid_usd or 0.0), float(reserved_usd or 0.0)

    def _add(self, connection: Connection, paid_usd: float, reserved_usd: float) -> None:
        from sqlalchemy import update

        columns = self._table.c
        values = {"spent_usd": columns.spent_usd + paid_usd, "reserved_usd": columns.reserved_usd + reserved_usd}
        connection.execute(update(self._table).where(self._is_own()).values(**values))

    def _is_own(self) -> Any:
        return (self._table.c.sweep == self._sweep) & (self._table.c.payer == self._payer)

    def _explain(self, paid_usd: float, reserved_usd: float, usd: float) -> str:
        others = f", {reserved_usd:.4g} set aside by its other runs" if reserved_usd > _ROUNDING_USD else ""
        return (
            f"limits.sweep_max_cost_usd={self._cap_usd:g} reached: the runs of this sweep have paid {paid_usd:.4g}"
            f"{others}, and the next request may need up to {usd:.4g}; raise limits.sweep_max_cost_usd and repeat the "
            "command to go on"
        )
