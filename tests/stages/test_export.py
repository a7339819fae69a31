"""The files in export/: what they hold, that they are whole, that they are the same bytes every time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from selfinstruct.records import Instance, Instruction, Pair, SeedSet, SeedTask
from selfinstruct.stages.export import ExportOptions, Format, write_exports

CONF = Path(__file__).resolve().parents[2] / "conf" / "export"
ALL: tuple[Format, ...] = get_args(Format)
OPTIONS = ExportOptions(ALL, True, "<|endoftext|>", "", False, "en", "other")
SEEDS = SeedSet("tiny", "high", (SeedTask("s0", "tone", "Is it kind?", (Pair("Thanks!", "yes"),), True),))
INSTANCES = [
    Instance("Name the capital.", "Perú", "Lima", False),
    Instance("Say hello.", "", "Hello!", None),
    Instance("Say hello.", "", "Hello!", None),
]
INSTRUCTIONS = (
    Instruction("Name the capital.", 0, False, {"Is it kind?": 0.25, "Say it.": 0.125}, 0.1875),
    Instruction("Say hello.", 3, None, {}, 0.0),
)
FACTS = {"name": "tiny-run", "model": "openai/some-model"}


def _write(folder: Path, **changes: Any) -> dict[str, bytes]:
    paths = write_exports(folder, INSTANCES, SEEDS, replace(OPTIONS, **changes), 42, FACTS, INSTRUCTIONS)
    return {path.name: path.read_bytes() for path in paths}


def _lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.decode().splitlines()]


def test_every_format_writes_its_file_and_the_data_card_comes_last(tmp_path):
    written = _write(tmp_path)
    assert list(written) == [
        "dataset.parquet",
        "alpaca.json",
        "openai_chat.jsonl",
        "prompt_completion.jsonl",
        "all_generated_instances.jsonl",
        "machine_generated_instructions.jsonl",
        "is_clf_or_not_some-model.jsonl",
        "README.md",
    ]
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == sorted(written)  # no .part is left behind


@pytest.mark.parametrize(
    ("formats", "names"),
    [
        (("alpaca",), ["alpaca.json", "README.md"]),
        (("prompt_completion", "parquet"), ["dataset.parquet", "prompt_completion.jsonl", "README.md"]),
        ((), ["README.md"]),
    ],
)
def test_only_the_formats_asked_for_are_written(tmp_path, formats, names):
    assert list(_write(tmp_path, formats=formats)) == names


def test_alpaca_is_one_list_without_duplicates_seeds_at_the_end(tmp_path):
    content = _write(tmp_path)["alpaca.json"]
    assert json.loads(content) == [
        {"instruction": "Name the capital.", "input": "Perú", "output": "Lima"},
        {"instruction": "Say hello.", "input": "", "output": "Hello!"},
        {"instruction": "Is it kind?", "input": "Thanks!", "output": "yes"},
    ]
    assert "Perú".encode() in content


def test_seed_tasks_are_left_out_where_they_are_not_asked_for(tmp_path):
    written = _write(tmp_path, include_seed_tasks=False)
    assert [record["output"] for record in json.loads(written["alpaca.json"])] == ["Lima", "Hello!"]
    assert len(_lines(written["prompt_completion.jsonl"])) == 2


def test_a_chat_has_the_input_below_a_blank_line_where_there_is_one(tmp_path):
    chats = _lines(_write(tmp_path)["openai_chat.jsonl"])
    assert chats[:2] == [
        {
            "messages": [
                {"role": "user", "content": "Name the capital.\n\nPerú"},
                {"role": "assistant", "content": "Lima"},
            ]
        },
        {"messages": [{"role": "user", "content": "Say hello."}, {"role": "assistant", "content": "Hello!"}]},
    ]


def test_a_system_prompt_is_the_first_turn_of_every_chat(tmp_path):
    chats = _lines(_write(tmp_path, system_prompt="Be brief.")["openai_chat.jsonl"])
    assert [chat["messages"][0] for chat in chats] == [{"role": "system", "content": "Be brief."}] * 3
    assert [turn["role"] for turn in chats[0]["messages"]] == ["system", "user", "assistant"]


def test_completions_end_with_the_end_of_text_that_was_asked_for(tmp_path):
    pairs = _lines(_write(tmp_path, end_of_text="</s>")["prompt_completion.jsonl"])
    assert [list(pair) for pair in pairs] == [["prompt", "completion"]] * 3
    assert [pair["completion"].lstrip() for pair in pairs] == ["Lima</s>", "Hello!</s>", "yes</s>"]


def test_a_record_keeps_its_form_when_others_come_and_go(tmp_path):
    instances = [Instance(f"Do task {number}.", "with this", "Done.", None) for number in range(60)]

    def pairs(name: str, chosen: list[Instance], shuffle: bool) -> list[str]:
        options = replace(OPTIONS, formats=("prompt_completion",), include_seed_tasks=False, shuffle=shuffle)
        return write_exports(tmp_path / name, chosen, SEEDS, options, 42, {})[0].read_text().splitlines()

    all_of_them = pairs("all", instances, False)
    assert pairs("some", instances[30:], False) == all_of_them[30:]
    assert sorted(pairs("shuffled", instances, True)) == sorted(all_of_them)


def test_records_that_become_equal_in_their_form_are_written_once(tmp_path):
    instances = [Instance("Add.", f"{white}1 and 2", "3", None) for white in (" " * n for n in range(200))]
    options = replace(OPTIONS, formats=("alpaca", "prompt_completion"), include_seed_tasks=False)
    alpaca, pairs, _ = write_exports(tmp_path, instances, SEEDS, options, 42, {})
    assert len(json.loads(alpaca.read_text())) == 200
    assert len(pairs.read_text().splitlines()) == 7  # one for each form with input


def test_all_files_have_the_same_order(tmp_path):
    from pyarrow import parquet

    written = _write(tmp_path, shuffle=True)
    outputs = [record["output"] for record in json.loads(written["alpaca.json"])]
    chats = _lines(written["openai_chat.jsonl"])
    assert [chat["messages"][-1]["content"] for chat in chats] == outputs
    assert parquet.read_table(tmp_path / "export" / "dataset.parquet")["output"].to_pylist() == outputs


def test_parquet_says_who_wrote_a_record_and_keeps_an_undecided_kind_empty(tmp_path):
    from pyarrow import parquet

    _write(tmp_path)
    table = parquet.read_table(tmp_path / "export" / "dataset.parquet")
    assert [str(field.type) for field in table.schema] == ["string", "string", "string", "bool", "string"]
    assert [field.nullable for field in table.schema] == [False, False, False, True, False]
    assert table["is_classification"].to_pylist() == [False, None, True]
    assert table["source"].to_pylist() == ["machine", "machine", "seed"]


def test_a_run_that_kept_nothing_gives_whole_files_without_records(tmp_path):
    from pyarrow import parquet

    options = replace(OPTIONS, include_seed_tasks=False)
    paths = {path.name: path for path in write_exports(tmp_path, [], SEEDS, options, 42, FACTS)}
    assert json.loads(paths["alpaca.json"].read_text()) == []
    assert paths["prompt_completion.jsonl"].read_text() == ""
    table = parquet.read_table(paths["dataset.parquet"])
    assert (table.num_rows, table.num_columns) == (0, 5)
    assert "| records | 0 |" in paths["README.md"].read_text()


def test_exporting_twice_gives_the_same_bytes(tmp_path):
    first = _write(tmp_path / "one", shuffle=True)
    assert _write(tmp_path / "two", shuffle=True) == first
    assert _write(tmp_path / "one", shuffle=True) == first  # over the files that are there


def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(tmp_path, monkeypatch):
    before = _write(tmp_path)["dataset.parquet"]

    def full_disk(self: Path, content: bytes) -> int:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        _write(tmp_path, include_seed_tasks=False)
    assert (tmp_path / "export" / "dataset.parquet").read_bytes() == before


@pytest.mark.parametrize("name", sorted(path.stem for path in CONF.glob("*.yaml")))
def test_every_preset_is_complete_and_valid(name):
    plain = _composed(name)
    options = TypeAdapter(ExportOptions).validate_json(json.dumps(plain), strict=True)
    assert options.end_of_text == "<|endoftext|>"
    assert ("self_instruct" in options.formats) == (name == "self_instruct")


@pytest.mark.parametrize("change", [{"formats": ["csv"]}, {"shufle": True}, {"include_seed_tasks": "yes"}])
def test_an_unknown_format_key_or_type_is_refused(change):
    with pytest.raises(ValidationError):
        TypeAdapter(ExportOptions).validate_json(json.dumps(_composed("default") | change), strict=True)


def _composed(name: str) -> dict[str, Any]:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(CONF), version_base="1.3"):
        plain: dict[str, Any] = OmegaConf.to_container(compose(name))  # type: ignore[assignment]
    return plain
