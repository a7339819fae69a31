"""Creating a table of the store where it is missing, however many processes begin at once.

create_table(connection, table)      inside a transaction; SQLite lets one process at a time do it anyway
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

_LOCK = 0x73656C66  # any number that nobody else in the database takes for a lock of his own


def create_table(connection: Connection, table: Table) -> None:
    """Create a table with its indexes, unless it is there.

    PostgreSQL is looked at first and locked then: "if not exists" alone fails for one of two that begin at once, and
    for an index that is there it waits for everybody who writes, or for another one who waits: a deadlock.
    """
    from sqlalchemy import func, inspect, select
    from sqlalchemy.schema import CreateIndex, CreateTable

    if connection.dialect.name == "postgresql":
        if inspect(connection).has_table(table.name):
            return
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    connection.execute(CreateTable(table, if_not_exists=True))
    for index in table.indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))
