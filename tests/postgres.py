"""A database of a test's own on the PostgreSQL server of this machine, dropped when the test ends.

    with database() as url: ...      url = "postgresql+psycopg://postgres@127.0.0.1:5432/si_5f0c1e2a9b3d"

Where no server answers there, the test is skipped and says so.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import pytest

HOST, PORT, USER = "127.0.0.1", 5432, "postgres"


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Create a database, give its URL, and drop it."""
    import psycopg

    try:
        server = psycopg.connect(host=HOST, port=PORT, user=USER, dbname="test", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        cause = str(error).strip().splitlines()[0]
        pytest.skip(f"no PostgreSQL server that lets {USER} in at {HOST}:{PORT} ({cause})")
    name = f"si_{secrets.token_hex(6)}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql+psycopg://{USER}@{HOST}:{PORT}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
