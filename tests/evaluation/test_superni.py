"""Super-NaturalInstructions folders: what is read of a task, and what is refused with file and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.evaluation.items import sampled
from selfinstruct.evaluation.superni import read_superni
from selfinstruct.records import Pair
from tests.evaluation.folders import write_superni, write_task

SPLIT = "splits/default/test_tasks.txt"


def test_the_listed_tasks_come_in_the_order_of_the_list_with_their_first_instances(tmp_path: Path) -> None:
    write_superni(tmp_path, tasks=3, instances=5)
    (tmp_path / SPLIT).write_text("task002_count\ntask000_count\n\n", encoding="utf-8")
    items = read_superni(tmp_path, SPLIT, instances=2)
    assert [item.id for item in items] == [
        "task002_count-0", "task002_count-1", "task000_count-0", "task000_count-1",
    ]  # fmt: skip
    first = items[0]
    assert (first.task, first.category, first.references) == ("task002_count", "Copying", ("2",))
    assert first.instruction == "Count the words of the sentence (task002_count)."
    assert first.examples == (Pair("A bird sings.", "3"), Pair("Stop!", "1"))


def test_without_a_list_all_tasks_are_read_by_name(tmp_path: Path) -> None:
    write_superni(tmp_path, tasks=3)
    assert len(read_superni(tmp_path, None, None)) == 15
    assert len(read_superni(tmp_path / "tasks", None, None)) == 15


def test_an_output_that_is_one_text_is_one_reference_and_an_instance_without_id_gets_one(tmp_path: Path) -> None:
    write_task(tmp_path, "t", "C", [], Instances=[{"input": "Go.", "output": "1"}], Definition="Count.")
    assert read_superni(tmp_path, None, None)[0].references == ("1",)
    assert read_superni(tmp_path, None, None)[0].id == "t-0"
    assert read_superni(tmp_path, None, None)[0].instruction == "Count."


def test_a_category_may_be_a_text_and_an_instance_may_be_called_0(tmp_path: Path) -> None:
    write_task(tmp_path, "t", "C", [], Instances=[{"id": 0, "input": "Go.", "output": "1"}], Categories="Word Analogy")
    (item,) = read_superni(tmp_path, None, None)
    assert (item.id, item.category) == ("0", "Word Analogy")


def test_a_list_of_tasks_in_another_encoding_is_refused_with_its_file(tmp_path: Path) -> None:
    write_superni(tmp_path, tasks=1)
    (tmp_path / SPLIT).write_bytes(b"t\xe9che\n")
    with pytest.raises(InputError, match=r"test_tasks\.txt: cannot be read .* save it as UTF-8, one task a line"):
        read_superni(tmp_path, SPLIT, None)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Definition": []}, '"Definition" is missing or empty'),
        ({"Instances": []}, '"Instances" is missing or empty'),
        ({"Instances": [{"input": "x", "output": []}]}, 'instance 0: "output" holds no reference'),
        ({"Instances": [{"output": ["1"]}]}, 'instance 0: "input" is no text'),
        ({"Positive Examples": [{"input": "x"}]}, "a positive example has no text"),
    ],
)
def test_a_task_that_lacks_something_is_refused_with_its_file(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    write_task(tmp_path, "broken", "C", [("x", ["1"])], **changed)
    with pytest.raises(InputError, match=rf"broken\.json: {re.escape(said)}"):
        read_superni(tmp_path, None, None)


def test_a_folder_a_list_or_a_task_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder; give a checkout"):
        read_superni(tmp_path / "nowhere", None, None)
    write_superni(tmp_path, tasks=2)
    with pytest.raises(InputError, match=r"other\.txt: no such file"):
        read_superni(tmp_path, "splits/other.txt", None)
    (tmp_path / SPLIT).write_text("task000_count\ntask777_count\ntask778_count\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"2 listed tasks are not there, first task777_count\.json"):
        read_superni(tmp_path, SPLIT, None)


def test_a_larger_sample_holds_the_smaller_one_and_keeps_the_order(tmp_path: Path) -> None:
    items = read_superni(write_superni(tmp_path), None, None)
    small, large = sampled(items, 10, 42, "superni"), sampled(items, 25, 42, "superni")
    assert set(small) < set(large)
    assert [items.index(item) for item in large] == sorted(items.index(item) for item in large)
    assert sampled(items, 10, 43, "superni") != small
    assert sampled(items, 1000, 42, "superni") == sampled(items, None, 42, "superni") == tuple(items)
