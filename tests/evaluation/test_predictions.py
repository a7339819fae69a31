"""Answers that exist: matched by id or by what was asked; what is missing, doubled or about nothing is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.evaluation import Benchmark, Item, read_predictions
from tests.evaluation.folders import write_lines

ITEMS = tuple(Item(f"i{n}", f"t{n}", "", f"Say {n}.", "", (str(n),)) for n in range(4))
BENCHMARK = Benchmark("b", ITEMS, len(ITEMS))


def test_missing_doubled_and_unknown_ids_are_counted_and_the_last_of_two_counts(tmp_path: Path) -> None:
    lines = [
        {"id": "i0", "prediction": "zero"},
        {"id": "i1", "prediction": "one"},
        {"id": "i1", "prediction": "uno"},
        {"id": "i9", "prediction": "nine"},
        {"id": "i3", "prediction": None},
    ]
    (answers,) = read_predictions([write_lines(tmp_path / "my-model_predictions.jsonl", lines)], BENCHMARK)
    assert answers.name == "my-model"
    assert {name: one.text for name, one in answers.by_item.items()} == {"i0": "zero", "i1": "uno"}
    assert (answers.missing(ITEMS), answers.doubled, answers.unknown) == (2, 1, 1)


def test_a_line_without_an_id_is_found_by_what_was_asked(tmp_path: Path) -> None:
    lines = [{"instruction": "Say  2.\n", "input": "", "response": " two", "target": "2", "prompt": "..."}]
    (answers,) = read_predictions([write_lines(tmp_path / "p.jsonl", lines)], BENCHMARK)
    assert answers.by_item["i2"].text == " two"


def test_a_file_about_something_else_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "p.jsonl", [{"id": "x", "prediction": "1"}])
    with pytest.raises(InputError, match="none of 1 lines is about an item of b"):
        read_predictions([path], BENCHMARK)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"prediction": "x"}, 'neither "id" nor "instruction"'),
        ({"id": "i0"}, "no answer; give it as prediction, response, output"),
        ({"id": "i0", "prediction": 4}, '"prediction" is a int, not a text'),
    ],
)
def test_a_line_that_is_no_answer_is_refused_with_its_number(
    tmp_path: Path, line: dict[str, object], said: str
) -> None:
    path = write_lines(tmp_path / "p.jsonl", [line])
    with pytest.raises(InputError) as refused:
        read_predictions([path], BENCHMARK)
    assert str(refused.value).startswith(f"{path}:1: {said}")


def test_answers_of_an_evaluation_that_asked_something_else_under_an_id_are_refused(tmp_path: Path) -> None:
    kept = {"arm": "base", "id": "i0", "instruction": "Say  0. ", "input": "", "prediction": "0"}
    changed = kept | {"id": "i1", "instruction": "Say 7."}
    write_lines(tmp_path / "same" / "predictions.jsonl", [kept])
    assert read_predictions([tmp_path / "same"], BENCHMARK)[0].by_item["i0"].text == "0"
    write_lines(tmp_path / "changed" / "predictions.jsonl", [kept, changed])
    with pytest.raises(
        InputError, match=r'predictions\.jsonl:2: the id "i1" asked something else when this was answered'
    ):
        read_predictions([tmp_path / "changed"], BENCHMARK)


def test_half_a_character_can_be_scored_and_written(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": 0, "prediction": "so \\ud83d"}\n', encoding="utf-8")
    benchmark = Benchmark("b", (Item("0", "t", "", "Say so.", "", ()),), 1)
    assert read_predictions([tmp_path / "p.jsonl"], benchmark)[0].by_item["0"].text == "so \ufffd"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    line = [{"id": "i0", "prediction": "x"}]
    paths = [write_lines(tmp_path / folder / "p.jsonl", line) for folder in ("a", "b")]
    with pytest.raises(InputError, match='two sets of answers are called "p"'):
        read_predictions(paths, BENCHMARK)


def test_an_evaluation_folder_gives_every_arm_by_its_name(tmp_path: Path) -> None:
    lines = [
        {"arm": "base", "id": "i0", "prediction": "x", "finish_reason": "length", "prompt_sha256": "ab"},
        {"arm": "tuned", "id": "i0", "prediction": "y"},
    ]
    write_lines(tmp_path / "folder" / "predictions.jsonl", lines)
    base, tuned = read_predictions([tmp_path / "folder"], BENCHMARK)
    assert (base.name, tuned.name) == ("base", "tuned")
    assert (base.by_item["i0"].finish_reason, base.by_item["i0"].prompt_sha256) == ("length", "ab")
