"""The MLflow store behind a URI: which URIs are good, and opening one.

In goes what the user typed, `sqlite:///runs/mlflow.db`; out comes an absolute URI, or a client with a complete schema.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError, SelfInstructError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from sqlalchemy import Connection

ARTIFACTS = "mlartifacts"
_REMEDY = "give tracking.uri=sqlite:///runs/mlflow.db, an http(s) address or a database URL, or tracking=off"
SERVERS = {"http", "https"}
_DATABASES = {"postgresql", "mysql", "mssql"}
_PROBE_TIMEOUT_S = 10
_CREATION_TIMEOUT_S = 120
_CREATION_LOCK = 0x6D6C666C  # any number that nobody else in the database takes for a lock of his own

# The local cost map and telemetry switches must stand before the first import: offline, that import would wait.
QUIET_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def resolve_uri(uri: str | None) -> str:
    """Return the URI in the form that is safe to hand to other processes: SQLite paths absolute, their folder made.

    Raises:
        InputError: no URI, a file store, a database in memory, or a scheme that MLflow has no store for.
    """
    if not uri:
        raise InputError(f"tracking.uri: no value; {_REMEDY}")
    scheme, separator, _ = uri.partition("://")
    kind = scheme.partition("+")[0].lower()
    if not separator or kind == "file":
        raise InputError(f"tracking.uri={masked(uri)}: a file store, which MLflow no longer writes; {_REMEDY}")
    if kind in SERVERS | _DATABASES:
        return uri
    if kind != "sqlite":
        raise InputError(f'tracking.uri={masked(uri)}: no store is known for "{scheme}"; {_REMEDY}')
    path = sqlite_path(uri)
    _, mark, options = uri.partition("?")
    return f"{scheme}:///{_made(path)}{mark}{options}" if path else uri


def sqlite_path(uri: str) -> Path | None:
    """Return the absolute path of a SQLite store's file, None for any other store."""
    scheme, _, rest = uri.partition("?")[0].partition("://")
    if scheme.partition("+")[0].lower() != "sqlite":
        return None
    if not rest.startswith("/") or rest in {"/", "/:memory:"}:
        raise InputError(f"tracking.uri={uri}: names no file, and what is in memory is lost; {_REMEDY}")
    return Path(rest[1:]).expanduser().absolute()


def _made(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"tracking.uri: the folder {path.parent} cannot be made ({error.strerror}); {_REMEDY}"
        ) from error
    return path


def masked(text: str) -> str:
    """Return the text with the passwords of URLs left out."""
    return re.sub(r"(://[^\s:/@]*):[^\s/]+@", r"\1:***@", text)


def prepare(uri: str) -> None:
    """Create the schema of a store, so that parallel runs find it complete.

    Raises:
        InputError: the store cannot be used.
    """
    open_client(uri)


def open_client(uri: str) -> MlflowClient:
    """Return a client of the store, its schema created where there was none (1 to 4 s for a new SQLite file).

    Raises:
        InputError: the URI is not absolute or good, or the store cannot be reached, opened or used.
    """
    if resolve_uri(uri) != uri:
        raise InputError(f"tracking.uri={uri}: must be absolute here; pass it through resolve_uri first")
    _be_quiet()
    with warnings.catch_warnings(), translated(uri, InputError):
        # Importing MLflow and mapping its tables sets off deprecation warnings of its own dependencies.
        warnings.simplefilter("ignore")
        path = sqlite_path(uri)
        if path and not _is_begun(path):
            _create(path)
        _probe(uri)
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=uri)


def _is_begun(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _create(path: Path) -> None:
    """Create a SQLite store as a whole: MLflow's own way fails where two begin at once, or where one was killed."""
    from filelock import FileLock

    with FileLock(path.with_name(f".{path.name}.lock"), timeout=_CREATION_TIMEOUT_S):
        if _is_begun(path):
            return
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mlflow-") as folder:
            new = Path(folder) / path.name
            with _without_waiting_for_the_disk(new):
                store = SqlAlchemyStore(f"sqlite:///{new}", (path.parent / ARTIFACTS).as_uri())  # type: ignore[no-untyped-call]
                store.engine.dispose()
            with new.open("rb+") as file:
                os.fsync(file.fileno())
            new.replace(path)


@contextlib.contextmanager
def _without_waiting_for_the_disk(path: Path) -> Iterator[None]:
    """Within this block SQLite does not wait for the disk after each of the schema's hundreds of statements.

    Only for this file, which nobody uses before it is whole: what another thread opens meanwhile is to last.
    """
    import sqlalchemy.event

    def relax(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        opened = connection.execute("PRAGMA database_list").fetchone()[2]
        if os.path.realpath(opened) == os.path.realpath(path):
            connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", relax)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", relax)


def _be_quiet() -> None:
    for name, value in QUIET_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for logger in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)


def _probe(uri: str) -> None:
    """Try the store once: MLflow itself would go on trying for minutes where nobody answers."""
    if uri.partition("://")[0].lower() in SERVERS:
        import urllib.error
        import urllib.request

        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(uri, timeout=_PROBE_TIMEOUT_S):
            pass
        return
    import sqlalchemy

    try:
        engine = sqlalchemy.create_engine(uri)
    except ModuleNotFoundError as error:
        raise InputError(
            f"tracking.uri={masked(uri)}: the driver {error.name} is not installed; install it "
            "(for PostgreSQL: pip install 'selfinstruct[postgres]')"
        ) from error
    try:
        with engine.connect() as connection:
            tables = sqlalchemy.inspect(connection).get_table_names()
            if engine.dialect.name == "postgresql" and "alembic_version" not in tables:
                _create_alone(connection, uri)
    finally:
        engine.dispose()


def _create_alone(connection: Connection, uri: str) -> None:
    """Create the schema in a database server. MLflow's own lock is a file, so that machines would not wait in turn."""
    import sqlalchemy
    from mlflow import MlflowClient

    connection.execute(sqlalchemy.text(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})"))
    MlflowClient(tracking_uri=uri).search_experiments(max_results=1)


@contextlib.contextmanager
def translated(uri: str, kind: type[SelfInstructError]) -> Iterator[None]:
    """Turn what MLflow, its database or the network raise into one error of ours; passwords are left out."""
    import sqlalchemy.exc

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        raise _as(kind, uri, error) from error
    except SelfInstructError as error:
        if isinstance(error, kind):
            raise
        raise kind(str(error)) from error
    except Exception as error:
        from mlflow.exceptions import MlflowException

        if not isinstance(error, MlflowException):
            raise
        raise _as(kind, uri, error) from error


def _as(kind: type[SelfInstructError], uri: str, error: BaseException) -> SelfInstructError:
    message = (masked(str(error)).strip().splitlines() or [type(error).__name__])[0]
    return kind(f"tracking.uri={masked(uri)}: the tracker cannot be used ({message}); {_REMEDY}")
