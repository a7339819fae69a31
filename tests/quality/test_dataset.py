"""The paper's table, and what the instances of a dataset are like."""

from __future__ import annotations

import math

import pytest

from selfinstruct.findings import Finding
from selfinstruct.quality.dataset_table import as_markdown, dataset_table
from selfinstruct.quality.instances import measure_instances
from selfinstruct.records import Instance, Instruction

INSTRUCTIONS = [
    Instruction("Is the review good or bad?", 0, True),
    Instruction("Sort by colour.", 0, True),
    Instruction("Name a fruit.", 1, False),
    Instruction("Say nothing.", 1, False),
]
INSTANCES = [
    Instance("Is the review good or bad?", "I liked it a lot", "Good.", True),
    Instance("Is the review good or bad?", "Dull", "bad", True),
    Instance("Is the review good or bad?", "", "good", True),
    Instance("Sort by colour.", "sky", "Blue", True),
    Instance("Sort by colour.", "sea", "blue ", True),
    Instance("Name a fruit.", "  ", "A ripe pear", False),
]


def test_the_table_has_the_rows_of_the_paper() -> None:
    rows = {row.name: row.finding for row in dataset_table(INSTRUCTIONS, INSTANCES)}
    assert rows == {
        "instructions": Finding(4.0, 4),
        "classification tasks": Finding(2.0, 4),
        "other tasks": Finding(2.0, 4),
        "instances": Finding(6.0, 6),
        "with an empty input": Finding(2.0, 6),
        "words of an instruction": Finding((6 + 3 + 3 + 2) / 4, 4),
        "words of an input that is not empty": Finding((5 + 1 + 1 + 1) / 4, 4),
        "words of an output": Finding((1 + 1 + 1 + 1 + 1 + 3) / 6, 6),
    }


def test_kinds_that_nobody_knows_are_missing_beside_those_that_are_known() -> None:
    unread = Instruction("Weigh the parcel.", 3, None)  # of 5, 2 are classification tasks and 2 are not
    rows = dataset_table([*INSTRUCTIONS, unread], INSTANCES)
    assert [row.finding for row in rows[:3]] == [Finding(5.0, 5), Finding(2.0, 4, 1), Finding(2.0, 4, 1)]
    assert as_markdown(rows).splitlines()[3].endswith("classification tasks | 2 | 4 (1 missing) |")


def test_where_no_stage_asked_the_kinds_are_undefined_and_counted_as_missing() -> None:
    rows = dataset_table([Instruction("Name a fruit.", 0, None)], [])
    assert rows[1].finding == Finding(None, 0, 1, "nobody knows which are classification tasks")
    assert rows[5].finding == Finding(3.0, 1)
    assert rows[7].finding.text() == "undefined, because there is no output"


def test_the_table_of_an_empty_run_holds_zeros_and_reasons() -> None:
    texts = [row.finding.text(row.digits) for row in dataset_table([], [])]
    assert texts[:5] == ["0"] * 5
    assert texts[5] == "undefined, because there is no instruction"


def test_the_table_as_markdown_has_an_n_in_every_line() -> None:
    lines = as_markdown(dataset_table(INSTRUCTIONS, INSTANCES)).splitlines()
    assert lines[2] == "| instructions | 4 | 4 |"
    assert lines[3] == "| &nbsp;&nbsp;&nbsp;classification tasks | 2 | 4 |"
    assert lines[7] == "| words of an instruction | 3.5 | 4 |"
    assert len(lines) == 10


def test_instances_are_counted_by_instruction_also_those_that_have_none() -> None:
    counts = measure_instances(INSTRUCTIONS, INSTANCES)
    assert counts.per_instruction == ((0, 1), (1, 1), (2, 1), (3, 1))
    assert counts.findings()["instances.none_share"] == Finding(1 / 4, 4)


def test_empty_inputs_are_shares_of_their_kind() -> None:
    found = measure_instances(INSTRUCTIONS, INSTANCES).findings()
    assert found["instances.empty_input_share_classification"] == Finding(1 / 5, 5)
    assert found["instances.empty_input_share_other"] == Finding(1.0, 1)


def test_instances_of_which_nobody_knows_the_kind_are_missing() -> None:
    found = measure_instances([Instruction("a", 0, None)], [Instance("a", "", "b", None)]).findings()
    assert found["instances.empty_input_share_other"] == Finding(None, 0, 1, "there is no instance of that kind")


def test_the_balance_of_labels_is_their_entropy_by_that_of_equally_frequent_ones() -> None:
    counts = measure_instances(INSTRUCTIONS, INSTANCES)
    assert counts.labels == (("blue", 2), ("good", 2), ("bad", 1))  # case, white space and the last dot are folded
    # The review has good, bad, good: entropy of 2/3 and 1/3 by ln 2. The colours are all blue: 0.
    review = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3)) / math.log(2)
    found = counts.findings()
    assert found["labels.balance_mean"] == Finding(pytest.approx(review / 2), 2)
    assert found["labels.single_label_share"] == Finding(1 / 2, 2)
    assert found["labels.distinct"] == Finding(3.0, 3)


@pytest.mark.parametrize(("outputs", "balance"), [("yes no yes no", 1.0), ("a b c", 1.0), ("yes yes", 0.0)])
def test_labels_that_are_equally_frequent_are_balanced_however_many_instances_there_are(
    outputs: str, balance: float
) -> None:
    instances = [Instance("a", str(number), output, True) for number, output in enumerate(outputs.split())]
    found = measure_instances([Instruction("a", 0, True)], instances).findings()
    assert found["labels.balance_mean"] == Finding(pytest.approx(balance), 1)


def test_tasks_with_one_instance_have_no_balance() -> None:
    found = measure_instances(INSTRUCTIONS[:1], INSTANCES[:1]).findings()
    assert found["labels.balance_mean"].text() == "undefined, because no classification task has two instances"
