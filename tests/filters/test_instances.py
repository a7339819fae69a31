"""Each instance rule: a kept case, a rejected case and the exact boundary."""

from __future__ import annotations

from dataclasses import replace

from selfinstruct.filters import InstanceThresholds, judge_instances
from selfinstruct.records import Pair, PairItem, Verdict

ON = InstanceThresholds(True, True, True, True, True)
OFF = InstanceThresholds(False, False, False, False, False)


def items(*pairs: tuple[str, str]) -> list[PairItem]:
    return [PairItem(Pair(*pair), "raw") for pair in pairs]


def rules(*pairs: tuple[str, str], thresholds: InstanceThresholds = ON) -> list[str]:
    return [verdict.rule for verdict in judge_instances(items(*pairs), thresholds)]


def test_good_instances_are_kept() -> None:
    assert rules(("2", "4"), ("3", "6"), ("", "Oak")) == ["kept"] * 3
    assert judge_instances([], ON) == []


def test_an_output_must_not_be_empty() -> None:
    assert rules(("2", ""), ("3", " \n"), ("", "."), ("", "")) == [
        "output_empty",
        "output_empty",
        "kept",
        "output_empty",
    ]


def test_an_input_must_not_equal_its_output() -> None:
    assert rules(("Oak", "Oak"), ("Elm", " Elm "), ("oak", "Oak")) == ["input_equals_output"] * 2 + ["kept"]


def test_neither_input_nor_output_may_end_with_a_colon() -> None:
    verdicts = judge_instances(items(("Names:", "Ann"), ("x", "Names: "), ("Names: Ann", "a: b")), ON)
    assert [verdict.rule for verdict in verdicts] == ["ends_with_colon", "ends_with_colon", "kept"]
    assert verdicts[0].saw == "input ...Names:"
    assert verdicts[1].saw.startswith("output ...")


def test_two_outputs_for_one_input_drop_all_instances_of_the_task() -> None:
    verdicts = judge_instances(items(("2", "4"), ("3", "6"), ("2", "5")), ON)
    assert verdicts == [Verdict("conflicting_outputs", "2: 4 / 5")] * 3


def test_different_outputs_without_an_input_do_not_conflict() -> None:
    assert rules(("", "Oak"), ("", "Elm")) == ["kept", "kept"]


def test_an_instance_that_was_dropped_before_does_not_conflict() -> None:
    assert rules(("2", "4"), ("2", "Names:")) == ["kept", "ends_with_colon"]


def test_of_equal_instances_the_first_is_kept() -> None:
    verdicts = judge_instances(items(("2", "4"), ("3", "6"), ("2", "4"), ("2", "4")), ON)
    assert [verdict.rule for verdict in verdicts] == ["kept", "kept", "duplicate", "duplicate"]
    assert verdicts[2].saw == "same as instance 0"


def test_outputs_that_differ_without_an_input_are_no_duplicates() -> None:
    assert rules(("", "Oak"), ("", "oak"), ("", "Oak")) == ["kept", "kept", "duplicate"]


def test_an_item_that_the_reader_objected_to_keeps_its_verdict_and_takes_no_part() -> None:
    cut = PairItem(Pair("2", "5"), "raw", Verdict("truncated", "5"))
    verdicts = judge_instances([*items(("2", "4")), cut, *items(("2", "4"))], ON)
    assert verdicts == [Verdict(), Verdict("truncated", "5"), Verdict("duplicate", "same as instance 0")]


def test_every_rule_can_be_switched_off_alone() -> None:
    faulty = {
        "output_empty": [("2", "")],
        "input_equals_output": [("2", "2")],
        "ends_with_colon": [("2", "4:")],
        "conflicting_outputs": [("2", "4"), ("2", "5")],
        "duplicate": [("2", "4"), ("2", "4")],
    }
    for name, pairs in faulty.items():
        assert name in rules(*pairs)
        assert set(rules(*pairs, thresholds=replace(ON, **{name: False}))) == {"kept"}
        assert set(rules(*pairs, thresholds=OFF)) == {"kept"}
