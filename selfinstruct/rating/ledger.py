"""Everything raters ever said, in one SQLite file: entries are only added, and the last version of an item counts.

    ledger.save("anna", "17", 0, entry, "c2f1...", "page")   -> Saved(version=1, entry=...)

A save is durable (the transaction is on the disk) before it is answered. It names the version that it is based on, so
that a second tab cannot overwrite unseen, and an id of its own, so that repeating it changes nothing. Undo adds a
version, too: nothing that was said is lost.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from selfinstruct.errors import InputError, SelfInstructError
from selfinstruct.jsonl import canonical
from selfinstruct.rating.entries import Entry

FILE = "ratings.sqlite"
_SCHEMA = """
create table if not exists entries (
    seq integer primary key autoincrement,
    rater text not null,
    item text not null,
    version integer not null,
    body text not null,
    save_id text not null,
    source text not null,
    undoes integer,
    saved_at text not null,
    unique (rater, item, version),
    unique (rater, save_id)
)
"""
_BY_ITEM = "create index if not exists entries_by_item on entries (item)"
_LAST = "select item, version, body from entries where rater = ? and item = ? order by version desc limit 1"

Key = TypeVar("Key")


@dataclass(frozen=True)
class Saved:
    """The entry that counts for an item, and its version; version 0 is an item that nothing was said about."""

    version: int
    entry: Entry


class ConflictError(SelfInstructError):
    """The item has changed since the version that a save is based on; `saved` is what counts now."""

    def __init__(self, saved: Saved | None) -> None:
        super().__init__("this item has been changed elsewhere since it was shown")
        self.saved = saved


class LedgerError(SelfInstructError):
    """The ratings cannot be read or written (full disk, damaged file)."""

    exit_code = 3


class Ledger:
    """The open file. Threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._translated():
            self._open = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._open.execute("pragma synchronous = full")
            self._open.execute(_SCHEMA)
            self._open.execute(_BY_ITEM)

    def close(self) -> None:
        """Close the file."""
        self._open.close()

    def raters(self) -> tuple[str, ...]:
        """Return who has said something, in the order in which they began."""
        with self._lock, self._translated():
            rows = self._open.execute("select rater from entries group by rater order by min(seq)").fetchall()
        return tuple(rater for (rater,) in rows)

    def current(self, rater: str) -> dict[str, Saved]:
        """Return what counts, by item."""
        asked = "select item, version, body from entries where rater = ? order by seq"
        with self._lock, self._translated():
            rows = self._open.execute(asked, (rater,)).fetchall()
        return _last({item: (version, body) for item, version, body in rows})

    def everything(self) -> dict[tuple[str, str], Saved]:
        """Return what counts, by rater and item, in the order in which items were first rated."""
        asked = "select rater, item, version, body from entries order by seq"
        with self._lock, self._translated():
            rows = self._open.execute(asked).fetchall()
        return _last({(rater, item): (version, body) for rater, item, version, body in rows})

    def about(self, item: str) -> dict[str, Saved]:
        """Return what counts for one item, by rater, in the order in which they rated it first."""
        asked = "select rater, version, body from entries where item = ? order by seq"
        with self._lock, self._translated():
            rows = self._open.execute(asked, (item,)).fetchall()
        return _last({rater: (version, body) for rater, version, body in rows})

    def one(self, rater: str, item: str) -> Saved | None:
        """Return what counts for one item; None where nothing was said."""
        with self._lock, self._translated():
            row = self._open.execute(_LAST, (rater, item)).fetchone()
        return Saved(row[1], _entry(row[2])) if row else None

    def save(
        self, rater: str, item: str, base: int, entry: Entry, save_id: str, source: Literal["page", "sheet"]
    ) -> Saved:
        """Add a version of an item.

        Args:
            base: the version that the rater saw.
            save_id: the same for every repetition of this save.

        Raises:
            ConflictError: another version has been saved since.
            LedgerError: the file cannot be written.
        """
        with self._transaction():
            known = self._open.execute(
                "select version, body from entries where rater = ? and save_id = ?", (rater, save_id)
            ).fetchone()
            if known:
                return Saved(known[0], _entry(known[1]))
            row = self._open.execute(_LAST, (rater, item)).fetchone()
            if (row[1] if row else 0) != base:
                raise ConflictError(Saved(row[1], _entry(row[2])) if row else None)
            self._add(rater, item, base + 1, canonical(asdict(entry)), save_id, source, None)
        return Saved(base + 1, entry)

    def undo(self, rater: str, save_id: str, blank: Entry | None = None) -> tuple[str, Saved] | None:
        """Take back the rater's last save that was not taken back yet; returns its item and what counts now.

        None: there is nothing left to take back. `blank` stands for an item about which nothing was said.
        """
        with self._transaction():
            known = self._open.execute(
                "select item, version, body from entries where rater = ? and save_id = ?", (rater, save_id)
            ).fetchone()
            if known:
                return known[0], Saved(known[1], _entry(known[2]))
            last = self._open.execute(
                "select seq, item, version, body from entries where rater = ? and undoes is null and seq not in "
                "(select undoes from entries where rater = ? and undoes is not null) order by seq desc limit 1",
                (rater, rater),
            ).fetchone()
            if last is None:
                return None
            seq, item, version, body = last
            before = self._open.execute(
                "select body from entries where rater = ? and item = ? and version = ?", (rater, item, version - 1)
            ).fetchone()
            emptied = Entry(tuple({} for _ in _entry(body).about_answers))
            entry = _entry(before[0]) if before else blank or emptied
            now = self._open.execute(_LAST, (rater, item)).fetchone()[1] + 1
            self._add(rater, item, now, canonical(asdict(entry)), save_id, "undo", seq)
        return item, Saved(now, entry)

    def _add(
        self, rater: str, item: str, version: int, body: str, save_id: str, source: str, undoes: int | None
    ) -> None:
        saved_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        self._open.execute(
            "insert into entries (rater, item, version, body, save_id, source, undoes, saved_at) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)",
            (rater, item, version, body, save_id, source, undoes, saved_at),
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit at the end, or leave nothing behind."""
        with self._lock, self._translated():
            self._open.execute("begin immediate")
            try:
                yield
                self._open.execute("commit")
            except BaseException:
                if self._open.in_transaction:  # SQLite has rolled back by itself where the disk is full
                    self._open.execute("rollback")
                raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path}: {error}; see to the disk or the file, then repeat the command") from error


def _last(rows: Mapping[Key, tuple[int, str]]) -> dict[Key, Saved]:
    """Decode what is left when later versions have taken the place of earlier ones."""
    return {key: Saved(version, _entry(body)) for key, (version, body) in rows.items()}


def _entry(body: str) -> Entry:
    try:
        read = json.loads(body)
        return Entry(**{**read, "about_answers": tuple(read["about_answers"])})
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{FILE}: an entry cannot be read ({error}); restore the file from a copy") from error
