"""Every line of tests/corpus/ is one answer as a model may write it, and what the reader must make of it.

{id, reader, text, finish_reason, args, expected, note}; expected is, for read_instructions, [[text, rule], ...]; for
read_tasks [[instruction, input, output, rule], ...] (input and output null where there is no pair); for the instance
readers [[input, output, rule], ...]; for read_yes_no true, false or null.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfinstruct import jsonl
from selfinstruct.parsing import read_input_first, read_instructions, read_output_first, read_tasks, read_yes_no
from selfinstruct.records import Item, PairItem

FOLDER = Path(__file__).resolve().parents[1] / "corpus"
CASES = [
    pytest.param(case, id=f"{path.stem}-{case['id']}")
    for path in sorted(FOLDER.glob("*.jsonl"))
    for _, case in jsonl.read(path)
]


@pytest.mark.parametrize("case", CASES)
def test_an_answer_is_read_as_the_corpus_says(case: dict[str, Any]) -> None:
    assert _read(case) == case["expected"], case["note"]


def test_the_corpus_covers_every_reader() -> None:
    counts = {path.stem: sum(1 for _ in jsonl.read(path)) for path in FOLDER.glob("*.jsonl")}
    assert len(counts) == 5
    assert min(counts.values()) >= 40
    assert sum(counts.values()) >= 150


@pytest.mark.parametrize("case", CASES)
def test_no_item_is_a_dropped_one_without_its_text(case: dict[str, Any]) -> None:
    if case["reader"] == "read_yes_no":
        return
    for item in _items(case):
        assert item.verdict.is_kept or item.text.strip() or item.verdict.rule == "truncated"


def _items(case: dict[str, Any]) -> list[Item] | list[PairItem]:
    args = {"stop": (), "compatibility": "own", **case["args"]}
    readers: dict[str, Any] = {
        "read_instructions": read_instructions,
        "read_tasks": read_tasks,
        "read_input_first": read_input_first,
        "read_output_first": read_output_first,
    }
    items: list[Item] | list[PairItem] = readers[case["reader"]](case["text"], case["finish_reason"], **args)
    return items


def _read(case: dict[str, Any]) -> Any:
    if case["reader"] == "read_yes_no":
        return read_yes_no(case["text"], **case["args"])[0]
    return [_plain(case["reader"], item) for item in _items(case)]


def _plain(reader: str, item: Item | PairItem) -> list[str | None]:
    if isinstance(item, PairItem):
        return [item.pair.input, item.pair.output, item.verdict.rule]
    if reader == "read_instructions":
        return [item.text, item.verdict.rule]
    pair = item.pairs[0] if item.pairs else None
    return [item.text, pair.input if pair else None, pair.output if pair else None, item.verdict.rule]
