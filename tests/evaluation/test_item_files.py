"""Benchmarks in JSON Lines: the published form of the user-oriented tasks, and a line for each question."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.evaluation.item_files import read_items
from tests.evaluation.folders import write_lines


def test_a_task_with_its_instances_is_an_item_for_each(tmp_path: Path) -> None:
    two = [{"input": "a", "output": "b"}, {"input": "c", "output": "d"}]
    lines = [
        {"id": "t1", "motivation_app": "Mail", "instruction": "Do it.", "instances": two[:1]},
        {"id": "t2", "motivation_app": "Maps", "instruction": "Do that.", "instances": two},
    ]
    items = read_items(write_lines(tmp_path / "b.jsonl", lines))
    assert [(item.id, item.task, item.category, item.input, item.references) for item in items] == [
        ("t1", "t1", "Mail", "a", ("b",)),
        ("t2-0", "t2", "Maps", "a", ("b",)),
        ("t2-1", "t2", "Maps", "c", ("d",)),
    ]


def test_a_plain_line_needs_an_instruction_only(tmp_path: Path) -> None:
    lines = [
        {"instruction": "Name a fruit."},
        {"instruction": "Name it.", "input": "red", "references": ["apple", "cherry"], "category": "c", "task": "t"},
        {"instruction": "Say no.", "target": "No"},
    ]
    items = read_items(write_lines(tmp_path / "b.jsonl", lines))
    assert [(item.id, item.task, item.references) for item in items] == [
        ("line-1", "line-1", ()),
        ("line-2", "t", ("apple", "cherry")),
        ("line-3", "line-3", ("No",)),
    ]


def test_an_item_may_be_called_0(tmp_path: Path) -> None:
    lines = [{"id": 0, "instruction": "x"}, {"id": 1, "instruction": "y"}, {"id": "", "instruction": "z"}]
    assert [item.id for item in read_items(write_lines(tmp_path / "b.jsonl", lines))] == ["0", "1", "line-3"]


def test_an_id_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    lines = [{"id": "q", "instruction": "x"}, {"id": "r", "instruction": "y"}, {"id": "q", "instruction": "z"}]
    with pytest.raises(InputError) as refused:
        read_items(write_lines(tmp_path / "b.jsonl", lines))
    assert str(refused.value) == f'{tmp_path / "b.jsonl"}:3: the id "q" is that of line 1; give each its own'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"input": "x"}, '"instruction" is missing or no text'),
        ({"instruction": " "}, '"instruction" is empty'),
        ({"instruction": "x", "instances": []}, '"instances" is no list of objects'),
        ({"instruction": "x", "references": [1]}, '"references" is neither a text nor a list of texts'),
        ({"instruction": "x", "input": 3}, '"input" is missing or no text'),
    ],
)
def test_a_line_that_is_not_as_the_format_says_is_refused_with_its_number(
    tmp_path: Path, line: dict[str, object], said: str
) -> None:
    path = write_lines(tmp_path / "b.jsonl", [{"instruction": "Fine."}, line])
    with pytest.raises(InputError) as refused:
        read_items(path)
    assert str(refused.value).startswith(f"{path}:2: {said}")
