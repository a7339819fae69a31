"""Every fault of a seed file is found and placed, all of them at once, with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write_text
from selfinstruct.seeds import load_seeds
from tests.seeds.files import GOOD, TASK, lines_of, only_fault, seed_file


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, 'seeds.jsonl:1: "id" is empty; give a text or leave it out'),
        ({"id": 7}, 'seeds.jsonl:1: "id" is a number, not a text; give a text or leave it out'),
        ({"name": None}, 'seeds.jsonl:1: "name" is null, not a text; give a text or leave it out'),
        ({"instruction": ...}, 'seeds.jsonl:1: "instruction" is missing; write what is to be done'),
        ({"instruction": " \n"}, 'seeds.jsonl:1: "instruction" is empty; write what is to be done'),
        ({"instruction": ["x"]}, 'seeds.jsonl:1: "instruction" is a list, not a text; write what is to be done'),
        ({"instances": ...}, 'seeds.jsonl:1: "instances" is missing; give at least one input/output pair'),
        ({"instances": []}, 'seeds.jsonl:1: "instances" is empty; give at least one input/output pair'),
        ({"instances": {}}, 'seeds.jsonl:1: "instances" is an object, not a list; give at least one input/output pair'),
        (
            {"instances": ["hot"]},
            'seeds.jsonl:1: "instances[0]" is a text, not an object; give {"input": ..., "output": ...}',
        ),
        (
            {"instances": [{"output": "hot"}]},
            'seeds.jsonl:1: "instances[0].input" is missing; write "" where the task needs none',
        ),
        (
            {"instances": [{"input": "", "output": "a"}, {"input": "b"}]},
            'seeds.jsonl:1: "instances[1].output" is missing; write the answer that is wanted',
        ),
        (
            {"instances": [{"input": "b", "output": " "}]},
            'seeds.jsonl:1: "instances[0].output" is empty; write the answer that is wanted',
        ),
        (
            {"instances": [{"input": 1, "output": "a"}]},
            'seeds.jsonl:1: "instances[0].input" is a number, not a text; write "" where the task needs none',
        ),
        (
            {"is_classification": ...},
            'seeds.jsonl:1: "is_classification" is missing; say true or false (in Markdown: yes or no)',
        ),
        (
            {"is_classification": "yes"},
            'seeds.jsonl:1: "is_classification" is a text; say true or false (in Markdown: yes or no)',
        ),
        (
            {"is_classification": 0},
            'seeds.jsonl:1: "is_classification" is a number; say true or false (in Markdown: yes or no)',
        ),
        (
            {"breaks": "singular"},
            'seeds.jsonl:1: "breaks" is a text, not a list; list some of essential, singular, complete, integrous',
        ),
        (
            {"breaks": ["single"]},
            "seeds.jsonl:1: \"breaks\" names 'single'; list some of essential, singular, complete, integrous",
        ),
        ({"breaks": ["singular"] * 2}, 'seeds.jsonl:1: "breaks" names a criterion twice; name it once'),
        (
            {"instruction": "half \ud83d"},
            'seeds.jsonl:1: "instruction" holds half a character (an unpaired surrogate); replace it',
        ),
    ],
)
def test_a_faulty_field_is_named_with_file_line_and_remedy(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert only_fault(tmp_path, **changes) == message


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"instances": ..., "instance": []}, '"instance" is unknown; did you mean "instances"?'),
        ({"Instruction": "x", "instruction": ...}, '"Instruction" is unknown; did you mean "instruction"?'),
        ({"classification": True, "is_classification": ...}, 'is unknown; did you mean "is_classification"?'),
        ({"break": ["singular"]}, '"break" is unknown; did you mean "breaks"?'),
        (
            {"instances": [{"inputs": "", "output": "x"}]},
            '"instances[0].inputs" is unknown; did you mean "instances[0].input"?',
        ),
        ({"instances": ..., "input": "", "output": "x"}, 'move "input" and "output" into a list'),
    ],
)
def test_a_near_miss_gets_a_hint_and_no_second_complaint(tmp_path: Path, changes: dict[str, Any], hint: str) -> None:
    assert hint in only_fault(tmp_path, **changes)


@pytest.mark.parametrize("key", ["source", "uid", "filename", "instance"])
def test_other_keys_are_tolerated_and_so_is_a_near_miss_of_a_field_that_is_there(tmp_path: Path, key: str) -> None:
    path = seed_file(tmp_path, {**GOOD, key: 1})
    assert load_seeds(path, "s", "unrated").tasks == (TASK,)


def test_a_key_of_another_meaning_is_no_near_miss(tmp_path: Path) -> None:
    record = {"uid": 1} | {key: value for key, value in GOOD.items() if key != "id"}
    assert load_seeds(seed_file(tmp_path, record), "s", "unrated").tasks[0].id == "s_0"


def test_all_faults_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    bad = GOOD | {"instruction": "", "instances": []}
    write_text(path, lines_of(GOOD) + "{oops\n\n" + lines_of([1], bad, GOOD))
    with pytest.raises(InputError) as raised:
        load_seeds(path, "s", "high")
    heading, *faults = str(raised.value).splitlines()
    assert heading == f"{path}: 6 faults in the seed tasks; repair and repeat"
    assert [fault.removeprefix(f"{path}:").partition(" (")[0] for fault in faults] == [
        "2: not valid JSON",
        "4: not a JSON object; put one JSON object on each line",
        '5: "instruction" is empty; write what is to be done',
        '5: "instances" is empty; give at least one input/output pair',
        f'5: "id" a is taken by {path}:1; give every task its own',
        f'6: "id" a is taken by {path}:1; give every task its own',
    ]


@pytest.mark.parametrize(("count", "listed"), [(20, 20), (21, 21)])
def test_twenty_faults_are_listed_and_the_others_counted(tmp_path: Path, count: int, listed: int) -> None:
    path = tmp_path / "seeds.jsonl"
    write_text(path, "[]\n" * count)
    with pytest.raises(InputError) as raised:
        load_seeds(path, "s", "high")
    faults = str(raised.value).splitlines()[1:]
    assert len(faults) == listed
    assert (faults[-1] == "... and 1 more") == (count == 21)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    for name in ("seeds.jsonl", "seeds.md"):
        write_text(tmp_path / name, text)
        with pytest.raises(InputError, match=rf"{name}: no seed task in it"):
            load_seeds(tmp_path / name, "s", "high")


def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b"{}\n\xff\n")
    (tmp_path / "bad.jsonl.gz").write_bytes(b"not packed")
    (tmp_path / "seeds.csv").write_bytes(b"")
    expected = {
        "none.jsonl": "no such seed file or folder",
        "bad.jsonl": r"bad\.jsonl:2: not UTF-8",
        "bad.jsonl.gz": "cannot be read",
        "seeds.csv": "unknown kind of seed file",
        ".": "no .md file in this folder",
    }
    for name, message in expected.items():
        with pytest.raises(InputError, match=message):
            load_seeds(tmp_path / name, "s", "high")
