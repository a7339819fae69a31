"""Seed files for tests: one good record and what is done to it, and the published and shipped sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selfinstruct.jsonl import write_text
from selfinstruct.records import Pair, SeedTask
from selfinstruct.seeds import check_seeds
from tests.conftest import ROOT

SHIPPED = ROOT / "conf" / "seeds"
PUBLISHED = {  # file: (tasks, classification tasks), counted in the published files
    "self-instruct/seed_tasks.jsonl": (175, 26),
    "selfbehave/high_quality_seed_tasks.jsonl": (175, 0),
    "selfbehave/mixed_quality_seed_tasks.jsonl": (175, 0),
}
GOOD: dict[str, Any] = {
    "id": "a",
    "name": "antonym",
    "instruction": "Name the opposite of the word.",
    "instances": [{"input": "cold", "output": "hot"}],
    "is_classification": False,
}
TASK = SeedTask("a", "antonym", "Name the opposite of the word.", (Pair("cold", "hot"),), False)


def lines_of(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def seed_file(folder: Path, *records: Any) -> Path:
    path = folder / "seeds.jsonl"
    write_text(path, lines_of(*records))
    return path


def only_fault(folder: Path, **changes: Any) -> str:
    """The one fault of a good task with these fields changed; a field set to ... is left out."""
    record = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    faults = check_seeds(seed_file(folder, record), "s").faults
    assert len(faults) == 1, faults
    return faults[0].removeprefix(f"{folder}/")
