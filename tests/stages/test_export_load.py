"""`datasets.load_dataset` reads the export/ folder of a run as it stands, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.records import Instance, Pair, SeedSet, SeedTask
from selfinstruct.stages.export import ExportOptions, Format, write_exports

SEEDS = SeedSet("tiny", "high", (SeedTask("s0", "tone", "Is it kind?", (Pair("Thanks!", "yes"),), True),))
INSTANCES = [Instance(f"Name capital {number}.", "", "Lima", None) for number in range(4)]
EVERY: tuple[Format, ...] = ("alpaca", "openai_chat", "prompt_completion", "parquet", "self_instruct")


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    datasets.disable_progress_bars()

    def load(formats: tuple[Format, ...], instances: list[Instance], seeds: bool) -> Any:
        options = ExportOptions(formats, seeds, "<|endoftext|>", "", False, "en", "other")
        write_exports(tmp_path, instances, SEEDS, options, 42, {"name": "tiny"})
        return datasets.load_dataset(str(tmp_path / "export"), cache_dir=str(tmp_path / "cache"))

    return load


def test_the_folder_loads_with_the_right_columns_types_and_rows(load):
    loaded = load(EVERY, INSTANCES, True)
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 5}
    types = {name: feature.dtype for name, feature in loaded["train"].features.items()}
    assert types == {
        "instruction": "string",
        "input": "string",
        "output": "string",
        "is_classification": "bool",
        "source": "string",
    }
    assert loaded["train"][0] == {
        "instruction": "Name capital 0.",
        "input": "",
        "output": "Lima",
        "is_classification": None,
        "source": "machine",
    }
    assert loaded["train"][4]["source"] == "seed"


def test_without_parquet_the_alpaca_file_is_loaded(load):
    loaded = load(("openai_chat", "alpaca"), INSTANCES, False)
    assert loaded["train"].column_names == ["instruction", "input", "output"]
    assert loaded["train"].num_rows == 4
