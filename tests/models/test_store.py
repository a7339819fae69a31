"""The completion store: what is stored stays, the first answer counts, and every fault has its message."""

from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.errors import InputError, StoreError
from selfinstruct.models.budget import Spent
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.models.store import CompletionStore, Row, open_store, request_key
from selfinstruct.models.store_faults import explain, redacted
from selfinstruct.records import Completion, Message, Request

MODEL = {"name": "openai/m", "mode": "chat", "revision": "", "options": {}}


def ask(text: str, stage: str = "instructions", repeat: int = 0) -> Request:
    return Request(stage, (Message("user", text),), "", 64, 0.7, 0.5, 0.0, 2.0, ("\n\n",), repeat)


def row(text: str, answer: str, payer: str = "run-a") -> Row:
    request = ask(text)
    return Row(request_key(MODEL, 0, request), 0, payer, request, Completion(answer, "stop", 10, 5, 0.25, 1.5, "m"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


def opened(url: str) -> CompletionStore:
    return open_store(url)


def test_a_stored_completion_is_read_back_whole(url: str) -> None:
    store = opened(url)
    stored = row("one", "É — 行\nsecond line")
    store.put([stored])
    store.close()
    again = opened(url)
    assert again.get([stored.key, "missing"]) == {stored.key: stored.completion}
    again.close()


def test_the_first_answer_to_a_request_is_the_one_that_counts(url: str) -> None:
    store = opened(url)
    first, second = row("one", "first"), row("one", "second")
    store.put([first])
    assert store.put([second]) == {first.key: first.completion}
    assert store.count() == 1
    store.close()


def test_spent_counts_what_a_run_paid_and_nothing_of_others(url: str) -> None:
    store = opened(url)
    store.put([row("one", "a"), row("two", "b"), row("three", "c", payer="run-b")])
    assert store.spent("run-a", Reckoning()) == Spent(requests=2, tokens=2 * 15, cost_usd=2 * 0.25)
    assert store.spent("run-c", Reckoning()) == Spent()
    store.close()


def test_the_key_depends_on_what_is_asked_and_of_whom() -> None:
    key = request_key(MODEL, 0, ask("one"))
    assert request_key(MODEL, 0, ask("one", stage="classification")) == key
    others = [
        request_key(MODEL, 1, ask("one")),
        request_key({**MODEL, "name": "openai/n"}, 0, ask("one")),
        request_key({**MODEL, "revision": "2"}, 0, ask("one")),
        request_key(MODEL, 0, ask("two")),
        request_key(MODEL, 0, ask("one", repeat=1)),
        request_key(MODEL, 0, replace(ask("one"), temperature=0.8)),
        request_key(MODEL, 0, replace(ask("one"), stop=())),
    ]
    assert len({key, *others}) == len(others) + 1


def write_rows(url: str, process: int) -> None:
    store = open_store(url)
    for number in range(50):
        store.put([row(f"shared {number}", f"from {process}"), row(f"own {process} {number}", "x" * 2000)])
    store.close()


def test_four_processes_lose_double_and_tear_nothing(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_rows, args=(url, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    store = opened(url)
    assert store.count() == 50 + 4 * 50
    own = row("own 3 49", "x" * 2000)
    assert store.get([own.key])[own.key].text == "x" * 2000
    store.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/x", "only sqlite and postgresql"),
        ("sqlite://", "in memory"),
        ("not a url", "store.url"),
        ("sqlite:///s.db?timeout=soon", "timeout is no number of seconds"),
        ("sqlite:///s.db?timeout=-1", "timeout is no number of seconds"),
    ],
)
def test_an_unusable_url_is_refused_with_a_remedy(url: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        open_store(url)


def test_a_file_that_is_no_database_is_a_store_error_and_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_text("this is a diary, not a database, and it is long enough to be read as a header page" * 20)
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"not a database; the file is damaged"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_password_in_the_url_is_never_shown() -> None:
    assert "hunter2" not in redacted("postgresql+psycopg://me:hunter2@host/db")
    assert redacted("postgresql://h/db?password=hunter2&user=me") == "postgresql://h/db?password=***&user=me"


def test_a_password_is_not_shown_either_where_the_driver_repeats_it() -> None:
    url = "postgresql+psycopg://me:correct%2Fhorse@db.example/runs"
    driver = Exception('connection failed: password "correct/horse" refused (conninfo correct%2Fhorse)')
    says = explain(url, driver)
    assert "horse" not in says
    assert says.startswith("completion store postgresql+psycopg://me:***@db.example/runs: connection failed")
    assert says.endswith("start the database server or correct store.url")


@pytest.mark.parametrize("mode", ["exclusive transaction", "exclusive locking mode"])
def test_a_store_that_another_process_holds_is_refused_at_once(tmp_path: Path, mode: str) -> None:
    opened(f"sqlite:///{tmp_path}/s.db").close()
    holder = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    if mode == "exclusive locking mode":
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(
        StoreError, match=r"s\.db: database is locked; another process holds it; wait for it or stop it"
    ):
        open_store(f"sqlite:///{tmp_path}/s.db?timeout=0.1")
    holder.execute("ROLLBACK")
    holder.close()


def test_a_store_that_reaches_its_largest_size_keeps_what_it_has(tmp_path: Path) -> None:
    """SQLite raises the same error as on a full disk when its number of pages is limited."""
    from sqlalchemy import event

    store = opened(f"sqlite:///{tmp_path}/s.db")
    store.put([row("one", "a")])

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count=12")

    event.listen(store._engine, "checkout", limit)
    with pytest.raises(StoreError, match=r"database or disk is full; free some space, then repeat the command"):
        store.put([row(f"large {number}", "x" * 10_000) for number in range(10)])
    event.remove(store._engine, "checkout", limit)
    assert store.count() == 1
    store.close()


def test_a_damaged_page_is_a_store_error_and_the_other_rows_are_read(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    store = opened(f"sqlite:///{file}")
    rows = [row(f"question {number}", f"{number} " * 1000) for number in range(20)]
    store.put(rows)
    store.close()
    sound = file.read_bytes()
    file.write_bytes(sound[: 10 * 4096] + b"\xff" * 4096 + sound[11 * 4096 :])
    store = opened(f"sqlite:///{file}")
    read, damaged = 0, 0
    for one in rows:
        try:
            read += store.get([one.key]) == {one.key: one.completion}
        except StoreError as error:
            assert "malformed; the file is damaged; save what can be read" in str(error)
            damaged += 1
    assert (read + damaged, 1 <= damaged <= 3) == (20, True)
    store.close()


def test_a_table_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "s.db") as other:
        other.execute("CREATE TABLE completions (diary TEXT)")
    other.close()
    with pytest.raises(StoreError, match=r"the file holds another table of this name; choose another store\.url"):
        open_store(f"sqlite:///{tmp_path}/s.db")
