"""The completion store: every completion that was paid for, keyed by what was asked.

`open_store(url)` gives a table in SQLite or PostgreSQL. Nothing else remembers progress: a command that is repeated
finds its earlier answers here (`StoredModel` does the asking).

The key is the SHA-256 of the model's identity, the sample number and the request's content (see `request_key`).
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from selfinstruct.errors import InputError, StoreError
from selfinstruct.jsonl import canonical
from selfinstruct.models.budget import Spent
from selfinstruct.records import Completion, Request

if TYPE_CHECKING:
    from sqlalchemy import Engine

_FORMAT = 1
_URLS = 'use sqlite:///file.db, or postgresql+psycopg://user@host/database with `pip install "selfinstruct[postgres]"`'
_COMPLETION_FIELDS = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "cost_usd", "latency_s", "model")


@dataclass(frozen=True)
class StoreOptions:
    """Where completions are kept, and which sample of them is used (another number asks everything anew)."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    url: str
    sample: int


@dataclass(frozen=True)
class Row:
    """An answer on its way into the store; `payer` is the identity of the run that paid for it."""

    key: str
    sample: int
    payer: str
    request: Request
    completion: Completion


def request_key(model_identity: Mapping[str, Any], sample: int, request: Request) -> str:
    """Return the key of a request: a SHA-256 in hexadecimal.

    The stage is left out (it names who asks, not what is asked), so stages and runs that send the same request to
    the same model share the answer.
    """
    content = asdict(request)
    del content["stage"]
    identity = {"format": _FORMAT, "model": dict(model_identity), "sample": sample, "request": content}
    return hashlib.sha256(canonical(identity).encode()).hexdigest()


class CompletionStore:
    """A table of completions. Blocking; safe for several processes; an answer that is there is never replaced."""

    def __init__(self, engine: Engine) -> None:
        from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Table, Text

        self._engine = engine
        self._table = Table(
            "completions",
            MetaData(),
            Column("key", String(64), primary_key=True),
            Column("stage", String(32), nullable=False),
            Column("request", Text, nullable=False),
            Column("text", Text, nullable=False),
            Column("finish_reason", String(32), nullable=False),
            Column("prompt_tokens", BigInteger),
            Column("completion_tokens", BigInteger),
            Column("cost_usd", Float),
            Column("latency_s", Float),
            Column("model", Text, nullable=False),
            Column("sample", Integer, nullable=False),
            Column("payer", String(64), nullable=False, index=True),
            Column("created", String(32), nullable=False),
        )

    def create(self) -> None:
        """Create the table where it is missing; two processes may do so at once."""
        from sqlalchemy.schema import CreateIndex, CreateTable

        with self._engine.begin() as connection:
            connection.execute(CreateTable(self._table, if_not_exists=True))
            for index in self._table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def get(self, keys: Sequence[str]) -> dict[str, Completion]:
        """Return what is stored of these keys; keys that are not stored are missing from the answer."""
        from sqlalchemy import select

        columns = [self._table.c.key, *(self._table.c[name] for name in _COMPLETION_FIELDS)]
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(self._table.c.key.in_(list(keys)))).all()
        return {row[0]: Completion(*row[1:]) for row in rows}

    def put(self, rows: Sequence[Row]) -> dict[str, Completion]:
        """Make answers durable in one transaction and return, by key, the answers that count.

        Where another process stored an answer to the same key first, that answer stays and is returned, so that
        everybody who asks reads the same bytes.
        """
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        records = [_record(row, created) for row in rows]
        with self._engine.begin() as connection:
            connection.execute(self._insert_new(), records)
        return self.get([row.key for row in rows])

    def spent(self, payer: str) -> Spent:
        """Return what the run with this identity has paid for so far, in all its executions."""
        from sqlalchemy import func, select

        columns = self._table.c
        tokens = func.sum(func.coalesce(columns.prompt_tokens, 0) + func.coalesce(columns.completion_tokens, 0))
        totals = select(func.count(), tokens, func.sum(columns.cost_usd)).where(columns.payer == payer)
        with self._engine.connect() as connection:
            requests, token_sum, cost = connection.execute(totals).one()
        return Spent(int(requests), int(token_sum or 0), float(cost or 0.0))

    def count(self) -> int:
        """Return how many completions are stored."""
        from sqlalchemy import func, select

        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(self._table)).scalar_one())

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _insert_new(self) -> Any:
        if self._engine.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql

            return postgresql.insert(self._table).on_conflict_do_nothing()
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(self._table).on_conflict_do_nothing()


def _record(row: Row, created: str) -> dict[str, Any]:
    answer = {name: getattr(row.completion, name) for name in _COMPLETION_FIELDS}
    asked = {
        "key": row.key,
        "stage": row.request.stage,
        "request": json.dumps(asdict(row.request), ensure_ascii=False),
        "sample": row.sample,
        "payer": row.payer,
        "created": created,
    }
    return asked | answer


def open_store(url: str) -> CompletionStore:
    """Open the store at an SQLAlchemy URL and create its table.

    Raises:
        InputError: the URL is unusable, or its driver is not installed.
        StoreError: the database cannot be opened (locked, corrupt, read-only, no server).
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
    from sqlalchemy.pool import QueuePool

    parsed = check_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, poolclass=QueuePool, pool_size=1, max_overflow=2, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(f"store.url={redacted(url)}: {error}; {_URLS}") from error
    except OSError as error:
        raise StoreError(explain(url, error)) from error
    if engine.dialect.name == "sqlite":
        _use_write_ahead_log(engine)
    store = CompletionStore(engine)
    try:
        store.create()
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise StoreError(explain(url, error)) from error
    return store


def check_url(url: str) -> Any:
    """Return the parsed URL of a store; opens nothing. Raises InputError for one that no store can have."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError(f"store.url={redacted(url)}: {error}; {_URLS}") from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise InputError(f"store.url={redacted(url)}: only sqlite and postgresql are supported; {_URLS}")
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise InputError(f"store.url={url}: a store in memory would lose what was paid for; name a file")
    return parsed


def _use_write_ahead_log(engine: Engine) -> None:
    """Readers and one writer work side by side; a commit reaches the disk before it is reported."""
    from sqlalchemy import event

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=60000")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    event.listen(engine, "connect", prepare)


def redacted(url: str) -> str:
    """Return the URL without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "***" if "@" in url else url


def explain(url: str, error: Exception) -> str:
    """Return what went wrong with the store, where, and what to do, without the URL's password."""
    cause = " ".join(str(getattr(error, "orig", None) or error).split())
    remedies = {
        "locked": "another process holds it; wait for it or stop it, then repeat the command",
        "readonly": "make the file and its folder writable, or choose another store.url",
        "unable to open": "make the folder writable, or choose another store.url",
        "not a database": "the file is damaged or is no SQLite database; move it away or choose another store.url",
        "malformed": "the file is damaged; recover it with `sqlite3 <file> .recover`, or choose another store.url",
        "full": "free some space, then repeat the command; what was stored is kept",
        "connection": "start the database server or correct store.url",
    }
    remedy = next((text for sign, text in remedies.items() if sign in cause), "correct store.url or repair the store")
    return f"completion store {redacted(url)}: {cause}; {remedy}"
