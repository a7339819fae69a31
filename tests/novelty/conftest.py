"""The oracle of these tests (rouge_score itself), the texts, and the choice of path."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from selfinstruct.novelty import plain
from selfinstruct.records import Similarity

Oracle = Callable[[str, Sequence[str]], Similarity]

ODD_TEXTS = [
    "",
    "   ",
    "...",
    "名前を付けて下さい",
    "Ça va? Très bien, merci à vous",
    "naïve café İstanbul ſtraße",
    "the the the the the",
    "the",
    "a b a b a b a b a b a b a b a b",
    "b a",
    "with a \0 zero in it",
    "line one\nline two",
    "\ud800 alone",
    "Write a poem about the sea.",
    "write A POEM about the sea",
    " ".join(f"w{i % 40}" for i in range(70)),
    " ".join(f"w{i}" for i in range(64)),
    " ".join(f"w{i}" for i in range(65)),
    " ".join(f"w{i * 7 % 90}" for i in range(270)),
    " ".join(f"w{i * 11 % 90}" for i in range(300)),
    " ".join(f"w{i % 3}" for i in range(128)),
    " ".join(f"w{i}" for i in range(32)),
    " ".join(f"w{i}" for i in range(33)),
    "w5 w6 w7",
]


@pytest.fixture(params=["plain", "compiled"])
def on_each_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test in plain Python and compiled: the size from which the pool counts as large is moved."""
    monkeypatch.setattr(plain, "MOST_TOKENS", 0 if request.param == "compiled" else 1 << 60)
    return str(request.param)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pool count as large."""
    monkeypatch.setattr(plain, "MOST_TOKENS", 0)


@pytest.fixture(scope="session")
def seeds(shared_data: Path) -> list[str]:
    """The 175 published seed instructions."""
    lines = (shared_data / "self-instruct" / "seed_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["instruction"] for line in lines]


@pytest.fixture(scope="session")
def instructions(shared_data: Path) -> list[str]:
    """The 52,002 instructions of Alpaca, in order."""
    with gzip.open(shared_data / "alpaca" / "instructions_52k.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["instruction"] for line in lines]


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    """Return rouge_score's answer: every pair scored by it, the ten by a stable sort, the mean by np.mean."""
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)

    def describe(text: str, pool: Sequence[str]) -> Similarity:
        scores = [float(scorer.score(text, member)["rougeL"].fmeasure) for member in pool]
        if not scores:
            return Similarity(0.0, -1, (), 0.0)
        ranked = sorted(range(len(scores)), key=lambda index: (-scores[index], index))[:10]
        most_similar = tuple((index, scores[index]) for index in ranked)
        return Similarity(scores[ranked[0]], ranked[0], most_similar, float(np.mean(scores)))

    return describe
