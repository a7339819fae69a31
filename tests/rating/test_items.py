"""What is rated: sampled, numbered and ordered by seed, without a trace of where it came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfinstruct.errors import InputError
from selfinstruct.quality.strata import sample_by_stratum
from selfinstruct.rating.items import order_for, read_items, slots_for, write_items
from selfinstruct.rating.prediction_sources import from_predictions
from selfinstruct.rating.run_sources import from_runs
from selfinstruct.runs import read_instances
from tests.rating.studies import TRICKY, make_items, make_predictions, make_run


def test_the_sample_is_that_of_the_judge(tmp_path: Path) -> None:
    run = make_run(tmp_path / "first", [f"output {n}" for n in range(40)])
    found = from_runs([run], (), 12, 7)
    wanted = sample_by_stratum(read_instances(run), 12, 7)
    assert sorted(int(item.answers[0].source) for item in found.items) == wanted
    assert [item.id for item in found.items] == [str(n) for n in range(1, 13)]
    assert len(from_runs([run], (), None, 7).items) == 40


def test_instances_of_two_runs_are_mixed_and_their_numbers_tell_nothing(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, ["x"] * 50, name) for name in ("high", "mixed")]
    found = from_runs(runs, (), 50, 42)
    assert found.arms == ("high", "mixed")
    first = [item.answers[0].arm for item in found.items[:50]]
    assert 15 <= first.count("high") <= 35  # hypergeometric: below 1 in 10,000 outside
    assert from_runs(runs, (), 50, 42) == found
    assert from_runs(runs, (), 50, 43).items != found.items


def test_instructions_are_judged_once_each_where_the_form_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path / "first", ["a", "b", "c"])
    found = from_runs([run], (), None, 42, "instruction")
    assert {item.answers[0].text for item in found.items} == {f"Task {n} of run" for n in range(3)}
    assert all(item.instruction == item.input == "" for item in found.items)


def test_each_rater_has_an_order_and_places_of_their_own() -> None:
    items = make_items(*[("x", "y", "z")] * 30)
    anna, ben = (order_for(items, 42, rater) for rater in ("anna", "ben"))
    assert anna != ben and sorted(anna, key=lambda item: int(item.id)) == list(items)
    assert order_for(items, 42, "anna") == anna
    places = [slots_for(item, 42, "anna") for item in items]
    assert {place[0] for place in places} == {0, 1, 2}
    assert all(sorted(place) == [0, 1, 2] for place in places)
    assert places != [slots_for(item, 42, "ben") for item in items]


def test_items_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    items = make_items(*[(text, "other") for text in TRICKY])
    write_items(tmp_path, items)
    assert read_items(tmp_path) == items


def test_half_a_surrogate_pair_can_be_written(tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["broken \ud83d text"])
    found = from_runs([tmp_path / "first"], (), None, 42)
    write_items(tmp_path, found.items)
    assert read_items(tmp_path)[0].answers[0].text == "broken \ufffd text"


def test_answers_to_the_same_task_stand_side_by_side(tmp_path: Path) -> None:
    one = make_predictions(tmp_path / "one.jsonl", [" first", "second"])
    two = make_predictions(tmp_path / "two.jsonl", ["uno", "dos"])
    found = from_predictions([one, two], (), None, 42)
    by_source = {item.answers[0].source: [(answer.arm, answer.text) for answer in item.answers] for item in found.items}
    assert by_source == {"0": [("one", "first"), ("two", "uno")], "1": [("one", "second"), ("two", "dos")]}
    assert {item.reference for item in found.items} == {""}
    shown = from_predictions([one, two], (), None, 42, shows_reference=True)
    assert {item.reference for item in shown.items} == {"right 0", "right 1"}


def test_what_only_one_file_has_is_left_out_and_counted(tmp_path: Path) -> None:
    one = make_predictions(tmp_path / "one.jsonl", ["a", "b", "c"])
    two = make_predictions(tmp_path / "two.jsonl", ["a"])
    found = from_predictions([one, two], (), None, 42)
    assert len(found.items) == 1
    assert found.left_out == ("one: 2 of 3 left out, which not all have",)


def test_evaluation_folders_are_read_by_id(tmp_path: Path) -> None:
    for name, answer in (("base", "x"), ("tuned", "y")):
        (tmp_path / name).mkdir()
        text = json.dumps({"id": "t1", "instruction": "Do", "input": "", "prediction": answer})
        (tmp_path / name / "predictions.jsonl").write_text(text, encoding="utf-8")
    found = from_predictions([tmp_path / "base", tmp_path / "tuned"], (), None, 42)
    assert [(one.arm, one.source, one.text) for one in found.items[0].answers] == [
        ("base", "t1", "x"),
        ("tuned", "t1", "y"),
    ]


def test_a_folder_with_the_answers_of_several_models_has_several_arms(tmp_path: Path) -> None:
    lines = [
        {"arm": arm, "id": f"t{n}", "task": "t", "prediction": f"{arm} {n}", "instruction": f"Do {n}", "input": ""}
        for arm in ("base", "tuned")
        for n in range(3)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "predictions.jsonl").write_text(text, encoding="utf-8")
    found = from_predictions([tmp_path], (), None, 42)
    assert found.arms == ("base", "tuned") and len(found.items) == 3
    assert {answer.source for item in found.items for answer in item.answers} == {"t0", "t1", "t2"}
    assert from_predictions([tmp_path], ("a", "b"), None, 42).arms == ("a", "b")


def test_a_file_without_ids_is_matched_by_text_and_takes_the_ids_of_the_other(tmp_path: Path) -> None:
    one = make_predictions(tmp_path / "one_predictions.jsonl", ["x"])
    two = make_predictions(tmp_path / "two.jsonl", ["y"], id="t7")
    found = from_predictions([one, two], (), None, 42)
    assert [(answer.arm, answer.source) for answer in found.items[0].answers] == [("one", "t7"), ("two", "t7")]


def test_the_published_predictions_are_read(shared_data: Path) -> None:
    names = ("davinci-self-instruct", "text-davinci-001")
    paths = [shared_data / f"self-instruct/{name}_predictions.jsonl" for name in names]
    found = from_predictions(paths, (), None, 42)
    assert (len(found.items), found.left_out) == (252, ())
    assert len(from_predictions(paths, ("a", "b"), 60, 42).items) == 60


BAD = {
    "": "holds no prediction",
    '{"instruction": "x"}\n': ":1: no answer; give it as text",
    '{"response": "x"}\n': ':1: no "instruction"',
    '{"instruction": 5, "response": "x"}\n': '"instruction" is no text',
    '{"instruction": "x", "response": "x"}\n{"instruction": "x ", "response": "y"}\n': "2: is about the same task",
    "[1]\n": "put one JSON object on each line",
}


@pytest.mark.parametrize("text", BAD)
def test_a_faulty_file_of_predictions_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=BAD[text]):
        from_predictions([path], (), None, 42)


def test_files_that_share_no_task_are_refused(tmp_path: Path) -> None:
    one = make_predictions(tmp_path / "one.jsonl", ["a"])
    (tmp_path / "two.jsonl").write_text('{"instruction": "other", "response": "x"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="share no instruction"):
        from_predictions([one, tmp_path / "two.jsonl"], (), None, 42)
    with pytest.raises(InputError, match='two are called "one"'):
        from_predictions([one, one], (), None, 42)
    with pytest.raises(InputError, match="1 names for 2"):
        from_predictions([one, one], ("a",), None, 42)


def test_a_run_that_has_not_ended_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has not ended"):
        from_runs([make_run(tmp_path / "a", ["x"], status="running")], (), None, 42)
    with pytest.raises(InputError, match="holds no instance"):
        from_runs([make_run(tmp_path / "b", [])], (), None, 42)
    with pytest.raises(InputError, match=r"no manifest.json"):
        from_runs([tmp_path / "nowhere"], (), None, 42)
