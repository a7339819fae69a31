"""Compiling ahead changes when machine code is there, never what comes out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from selfinstruct.novelty import NoveltyIndex, ahead, index, plain


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_started", {})


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("mode", "kernel"), [("decide", "judge"), ("describe", "advance")])
def test_a_process_of_its_own_leaves_the_machine_code_on_disk(mode: str, kernel: str, empty_cache: Path) -> None:
    assert not ahead._is_on_disk(kernel)
    ahead.compile_ahead(mode)
    assert ahead.is_compiling(mode)
    ahead.wait_for(mode)
    assert not ahead.is_compiling(mode)
    assert ahead._is_on_disk(kernel)
    assert {path.name.split("_")[0] for path in empty_cache.iterdir()} == {"novelty"}


def test_what_is_on_disk_is_not_compiled_again(empty_cache: Path) -> None:
    folder = empty_cache / "novelty"
    folder.mkdir()
    (folder / f"describe_kernels.advance_{ahead.digest()}-40.py311.nbi").touch()
    ahead.compile_ahead("describe")
    assert ahead._started == {}
    (folder / f"describe_kernels.advance_{ahead.digest()}-40.py311.nbi").rename(
        folder / "advance_of_another_version.nbi"
    )
    assert not ahead._is_on_disk("advance")


def test_waiting_for_what_was_never_started_returns() -> None:
    ahead.wait_for("describe")
    assert not ahead.is_compiling("describe")


def test_a_missing_interpreter_leaves_compiling_to_the_first_call(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", os.fspath(empty_cache / "no_such_python"))
    ahead.compile_ahead("decide")
    assert not ahead.is_compiling("decide")


def test_a_growing_pool_stays_plain_until_the_machine_code_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    compiling = True
    monkeypatch.setattr(plain, "MOST_TOKENS", 6)
    monkeypatch.setattr(index, "compile_ahead", asked.append)
    monkeypatch.setattr(index, "is_compiling", lambda mode: compiling)
    pool = NoveltyIndex()
    pool.add("one two three")
    assert asked == []
    pool.add("four")
    assert asked == ["describe"]
    pool.add("five six seven eight")
    assert pool._compiled is None
    before = pool.describe("five seven one")
    compiling = False
    assert pool.add("nine") == 3
    assert pool._compiled is not None
    after = pool.describe("five seven one")
    assert (after.max_score, after.nearest) == (before.max_score, before.nearest)
    assert [score for _, score in after.most_similar][:3] == [score for _, score in before.most_similar]
