"""The completion store: every completion that was paid for, keyed by what was asked.

`open_store(url)` gives a table in SQLite or PostgreSQL. Nothing else remembers progress: a command that is repeated
finds its earlier answers here (`StoredModel` does the asking).

    open_store("sqlite:///runs/completions.db")              waits up to 60 s for another process's lock
    open_store("sqlite:///runs/completions.db?timeout=5")    waits up to 5 s

The key is the SHA-256 of the model's identity, the sample number and the request's content (see `request_key`).
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from selfinstruct.errors import InputError, StoreError
from selfinstruct.jsonl import canonical
from selfinstruct.models.budget import Spent
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.models.store_faults import explain, is_wrong_place, redacted
from selfinstruct.models.tables import create_table
from selfinstruct.records import Completion, Message, Request

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from selfinstruct.models.claims import Claims
    from selfinstruct.models.server_claims import ServerClaims

_FORMAT = 1
_LOCK_TIMEOUT_S = 60.0
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
    if not request.schema:
        del content["schema"]  # a request for plain text keeps the key that it had before there were schemas
    identity = {"format": _FORMAT, "model": dict(model_identity), "sample": sample, "request": content}
    return hashlib.sha256(canonical(identity).encode()).hexdigest()


class CompletionStore:
    """A table of completions. Blocking; safe for several processes; an answer that is there is never replaced.

    Every method raises StoreError when the database cannot be used.
    """

    def __init__(self, engine: Engine, url: str) -> None:
        from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Table, Text

        self._engine = engine
        self._url = url
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
        """Create the table where it is missing; two processes may do so at once.

        A write that changes nothing shows a lock or a missing right now, and not after the first answer is paid for.
        """
        from sqlalchemy import delete, false

        with self._explained(), self._engine.begin() as connection:
            create_table(connection, self._table)
            connection.execute(delete(self._table).where(false()))

    def get(self, keys: Sequence[str]) -> dict[str, Completion]:
        """Return what is stored of these keys; keys that are not stored are missing from the answer."""
        from sqlalchemy import select

        columns = [self._table.c.key, *(self._table.c[name] for name in _COMPLETION_FIELDS)]
        with self._explained(), self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(self._table.c.key.in_(list(keys)))).all()
        return {row[0]: Completion(*row[1:]) for row in rows}

    def put(self, rows: Sequence[Row]) -> dict[str, Completion]:
        """Make answers durable in one transaction and return, by key, the answers that count.

        Where another process stored an answer to the same key first, that answer stays and is returned, so that
        everybody who asks reads the same bytes.
        """
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        ordered = sorted(rows, key=lambda row: row.key)  # two that insert the same keys in other orders would deadlock
        records = [_record(row, created) for row in ordered]
        with self._explained(), self._engine.begin() as connection:
            connection.execute(self._insert_new(), records)
        return self.get([row.key for row in rows])

    def spent(self, payer: str, reckoning: Reckoning) -> Spent:
        """Return what the run with this identity has paid for so far, in all its executions.

        Answers that do not say what they used are reckoned one by one, with the model of now.
        """
        from sqlalchemy import func, select

        columns = self._table.c
        is_told = columns.prompt_tokens.is_not(None) & columns.completion_tokens.is_not(None)
        if reckoning.prices is not None:
            is_told &= columns.cost_usd.is_not(None)
        tokens, cost = func.sum(columns.prompt_tokens + columns.completion_tokens), func.sum(columns.cost_usd)
        totals = select(func.count(), tokens, cost).where(columns.payer == payer, is_told)
        fields = (columns[name] for name in _COMPLETION_FIELDS)
        untold = select(columns.request, *fields).where(columns.payer == payer, ~is_told)
        with self._explained(), self._engine.connect() as connection:
            requests, token_sum, cost_sum = connection.execute(totals).one()
            booked = [reckoning.booked(_request(row[0]), Completion(*row[1:])) for row in connection.execute(untold)]
        return reduce(Spent.plus, booked, Spent(int(requests), int(token_sum or 0), float(cost_sum or 0.0)))

    def count(self) -> int:
        """Return how many completions are stored."""
        from sqlalchemy import func, select

        with self._explained(), self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(self._table)).scalar_one())

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection whose statements become durable together, or not at all."""
        with self._explained(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def open_claims(self) -> Claims | ServerClaims:
        """Return what tells other processes which requests are being asked just now."""
        from selfinstruct.models.claims import Claims
        from selfinstruct.models.server_claims import ServerClaims

        return ServerClaims(self._engine) if self._engine.dialect.name == "postgresql" else Claims(self.claims_path)

    @property
    def claims_path(self) -> Path | None:
        """The file that processes claim requests in, beside a SQLite store; None for a database server."""
        database = self._engine.url.database
        return Path(f"{database}.claims") if self._engine.dialect.name == "sqlite" and database else None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the database and its driver raise into a StoreError that says what to do."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:  # an error while connecting comes unwrapped
            raise StoreError(explain(self._url, error)) from error

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


def _request(text: str) -> Request:
    plain = json.loads(text)
    messages = tuple(Message(**message) for message in plain.pop("messages"))
    return Request(**plain | {"messages": messages, "stop": tuple(plain["stop"])})


def open_store(url: str) -> CompletionStore:
    """Open the store at an SQLAlchemy URL and create its table.

    Raises:
        InputError: the URL is unusable, its folder cannot be made, or its driver is not installed.
        StoreError: the database cannot be opened (locked, corrupt, read-only, no server).
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import QueuePool

    parsed = check_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, poolclass=QueuePool, pool_size=1, max_overflow=2, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(f"store.url={redacted(url)}: {error}; {_URLS}") from error
    except OSError as error:
        kind = InputError if is_wrong_place(error) else StoreError
        raise kind(explain(url, error)) from error
    if engine.dialect.name == "sqlite":
        _use_write_ahead_log(engine, float(str(parsed.query.get("timeout", _LOCK_TIMEOUT_S))))
    store = CompletionStore(engine, url)
    try:
        store.create()
    except StoreError:
        engine.dispose()
        raise
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
    if parsed.get_backend_name() == "sqlite" and not _is_duration(parsed.query.get("timeout", "0")):
        raise InputError(f"store.url={url}: timeout is no number of seconds; give one, for example ?timeout=30")
    return parsed


def _is_duration(value: Any) -> bool:
    try:
        return 0 <= float(value) < 1e6
    except (TypeError, ValueError):
        return False


def _use_write_ahead_log(engine: Engine, lock_timeout_s: float) -> None:
    """Readers and one writer work side by side; a commit reaches the disk before it is reported."""
    from sqlalchemy import event

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={round(lock_timeout_s * 1000)}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    event.listen(engine, "connect", prepare)
