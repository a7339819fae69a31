"""The ledger: nothing that was said is lost, nothing is overwritten unseen, repeating a save changes nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from selfinstruct.rating.entries import Entry
from selfinstruct.rating.ledger import ConflictError, Ledger, LedgerError, Saved
from tests.conftest import ROOT

YES, NO, NOTHING = Entry(({"valid": True},)), Entry(({"valid": False},)), Entry(({},))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ratings.sqlite")


def test_the_last_version_counts_and_the_first_is_kept(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.save("anna", "1", 0, YES, "save-0001", "page") == Saved(1, YES)
    assert ledger.save("anna", "1", 1, NO, "save-0002", "page") == Saved(2, NO)
    assert ledger.current("anna") == {"1": Saved(2, NO)}
    with sqlite3.connect(tmp_path / "ratings.sqlite") as opened:
        assert opened.execute("select count(*) from entries").fetchone() == (2,)


def test_a_save_on_an_old_version_is_refused_and_told_what_counts(ledger: Ledger) -> None:
    ledger.save("anna", "1", 0, YES, "save-0001", "page")
    with pytest.raises(ConflictError) as raised:
        ledger.save("anna", "1", 0, NO, "save-0002", "page")
    assert raised.value.saved == Saved(1, YES)
    assert ledger.one("anna", "1") == Saved(1, YES)
    ledger.save("ben", "1", 0, NO, "save-0003", "page")  # another rater is no conflict


def test_a_repeated_save_is_answered_as_the_first_time(ledger: Ledger) -> None:
    ledger.save("anna", "1", 0, YES, "save-0001", "page")
    ledger.save("anna", "1", 1, NO, "save-0002", "page")
    assert ledger.save("anna", "1", 0, YES, "save-0001", "page") == Saved(1, YES)
    assert ledger.current("anna") == {"1": Saved(2, NO)}


def test_undo_goes_back_one_save_at_a_time_over_items(ledger: Ledger) -> None:
    ledger.save("anna", "1", 0, YES, "save-0001", "page")
    ledger.save("anna", "2", 0, YES, "save-0002", "page")
    ledger.save("anna", "1", 1, NO, "save-0003", "page")
    assert ledger.undo("anna", "undo-0001") == ("1", Saved(3, YES))
    assert ledger.undo("anna", "undo-0001") == ("1", Saved(3, YES))  # a repetition
    assert ledger.undo("anna", "undo-0002") == ("2", Saved(2, NOTHING))
    assert ledger.undo("anna", "undo-0003") == ("1", Saved(4, NOTHING))
    assert ledger.undo("anna", "undo-0004") is None
    assert ledger.undo("ben", "undo-0005") is None


def test_undo_after_new_answers_takes_back_the_new_ones_first(ledger: Ledger) -> None:
    ledger.save("anna", "1", 0, YES, "save-0001", "page")
    ledger.undo("anna", "undo-0001")
    ledger.save("anna", "1", 2, NO, "save-0002", "page")
    assert ledger.undo("anna", "undo-0002") == ("1", Saved(4, NOTHING))
    assert ledger.undo("anna", "undo-0003") is None


def test_of_saves_that_race_on_one_version_one_wins(tmp_path: Path) -> None:
    ledgers = [Ledger(tmp_path / "ratings.sqlite") for _ in range(2)]
    won, lost = [], []

    def race(number: int) -> None:
        try:
            ledgers[number % 2].save("anna", "1", 0, YES, f"save-{number:04}", "page")
            won.append(number)
        except ConflictError:
            lost.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    for one in ledgers:
        one.close()


@pytest.mark.parametrize("during", ["save", "undo"])
def test_what_was_answered_before_a_kill_is_there_after_it_and_what_was_half_done_is_not(
    tmp_path: Path, during: str
) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from selfinstruct.rating.entries import Entry\n"
        "from selfinstruct.rating.ledger import Ledger\n"
        "ledger, add = Ledger(Path(sys.argv[1])), Ledger._add\n"
        "for n in range(20):\n"
        "    ledger.save('anna', str(n), 0, Entry(({'valid': True},)), f'save-{n:04}', 'page')\n"
        "def dying(*arguments):\n"
        "    add(*arguments)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "Ledger._add = dying\n"
        "if sys.argv[2] == 'save': ledger.save('anna', '99', 0, Entry(({},)), 'save-0099', 'page')\n"
        "else: ledger.undo('anna', 'undo-0001')\n"
    )
    path = tmp_path / "ratings.sqlite"
    ended = subprocess.run([sys.executable, "-c", script, str(path), during], cwd=ROOT, check=False)
    assert ended.returncode == -9
    ledger = Ledger(path)
    assert ledger.current("anna") == {str(n): Saved(1, YES) for n in range(20)}
    assert ledger.undo("anna", "undo-0001") == ("19", Saved(2, NOTHING))  # the page asks again, and it is done once


def test_a_full_disk_is_one_clear_error_and_the_next_save_works(ledger: Ledger) -> None:
    ledger._open.execute("pragma max_page_count = 6")
    with pytest.raises(LedgerError, match="full; see to the disk"):
        for number in range(1000):
            ledger.save("anna", "1", number, Entry(({},), note="x" * 2000), f"save-{number:04}", "page")
    ledger._open.execute("pragma max_page_count = 1000")
    saved = ledger.one("anna", "1")
    assert saved is not None
    ledger.save("anna", "1", saved.version, YES, "save-more", "page")


def test_a_file_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "ratings.sqlite").write_text("no database at all, but a text that is long enough" * 20)
    with pytest.raises(LedgerError, match="not a database"):
        Ledger(tmp_path / "ratings.sqlite")
