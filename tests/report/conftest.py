"""Run folders to report on: a small one written by hand, whose every number can be counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.jsonl import write
from selfinstruct.records import Pair, SeedSet, SeedTask
from selfinstruct.report import ReportOptions
from selfinstruct.report.options import PictureName

SEEDS = SeedSet("colours", "high", (SeedTask("s0", "s0", "Name a colour.", (Pair("", "Red"),), False),))
INSTRUCTIONS: list[dict[str, Any]] = [
    {
        "instruction": "Name a smell.",
        "request_idx": 0,
        "is_classification": False,
        "most_similar": {"Name a colour.": 0.6},
    },
    {
        "instruction": "Sort the words.",
        "request_idx": 0,
        "is_classification": True,
        "most_similar": {"Name a smell.": 0.1},
    },
    {
        "instruction": "Write a poem.",
        "request_idx": 1,
        "is_classification": False,
        "most_similar": {"Name a smell.": 0.3},
    },
]
INSTANCES: list[dict[str, Any]] = [
    {"instruction": "Name a smell.", "input": "", "output": "Smoke", "is_classification": False},
    {"instruction": "Sort the words.", "input": "sky", "output": "Blue", "is_classification": True},
    {"instruction": "Sort the words.", "input": "leaf", "output": "Green", "is_classification": True},
]
REQUESTS = [
    {"request": 0, "candidates": 3, "judged": 3, "accepted": 2, "accepted_total": 2, "cost_usd": 0.002},
    {"request": 1, "candidates": 2, "judged": 2, "accepted": 1, "accepted_total": 3, "cost_usd": 0.001},
]
MANIFEST: dict[str, Any] = {
    "name": "colours-model",
    "identity": "0123456789ab",
    "status": "done",
    "reason": "",
    "random_seed": 42,
    "model": "openai/some-model",
    "prompts": "chat",
    "dataset_sha256": "ab" * 32,
    "cost_usd": 0.01,
    "counts": {
        "target": 3,
        "candidates": 5,
        "judged": 5,
        "accepted": 3,
        "candidate_rules": {"kept": 3, "too_similar": 2},
        "pairs": 4,
        "instances": 3,
        "instance_rules": {"kept": 3, "duplicate": 1},
        "parsing": {"instructions": {"answers": 2, "read": 1, "items": 5, "dropped": {"truncated": 1}}},
    },
}
EMPTY: dict[str, Any] = {
    **MANIFEST,
    "status": "dried_up",
    "reason": "nothing new",
    "counts": {"target": 3, "candidates": 0, "judged": 0, "accepted": 0, "candidate_rules": {}, "pairs": 0},
}
PICTURES: tuple[PictureName, ...] = (
    "funnel",
    "similarity",
    "verb_nouns",
    "lengths",
    "saturation",
    "instances",
    "bdd",
)
# All that is shipped, the lexicon named, so that the tests do not depend on what is installed
OPTIONS = ReportOptions(True, True, PICTURES, "lexicon", 1000, 13, ())
MakeFolder = Callable[..., Path]


def write_folder(
    folder: Path,
    instructions: Sequence[Mapping[str, Any]] = INSTRUCTIONS,
    instances: Sequence[Mapping[str, Any]] = INSTANCES,
    requests: Sequence[Mapping[str, Any]] | None = REQUESTS,
) -> Path:
    """Write the record files of a run into a folder."""
    write(folder / "instructions.jsonl", instructions)
    write(folder / "instances.jsonl", instances)
    if requests is not None:
        write(folder / "requests.jsonl", requests)
    return folder


@pytest.fixture
def run_folder(tmp_path: Path) -> MakeFolder:
    """Write the record files of a run; `run_folder(instances=[])` changes some."""
    return partial(write_folder, tmp_path)


@pytest.fixture
def options() -> ReportOptions:
    """A report with every picture."""
    return OPTIONS


@pytest.fixture
def words() -> ReportOptions:
    """A report without pictures, which take most of its time."""
    return replace(OPTIONS, pictures=())
