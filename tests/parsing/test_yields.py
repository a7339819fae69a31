"""The parse yield: its definition by hand, and its value on the corpus and on the answers of a real model.

`python -m pytest -s tests/parsing/test_yields.py -k table` prints the tables.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from selfinstruct import jsonl
from selfinstruct.parsing import (
    READER_RULES,
    Compatibility,
    answer_rule,
    read_input_first,
    read_instructions,
    read_output_first,
    read_tasks,
    read_yes_no,
    was_read,
)
from selfinstruct.records import Item, PairItem

FOLDER = Path(__file__).resolve().parents[1] / "corpus"
READERS: dict[str, Any] = {
    "read_instructions": read_instructions,
    "read_tasks": read_tasks,
    "read_input_first": read_input_first,
    "read_output_first": read_output_first,
}


@pytest.mark.parametrize(
    ("found", "is_read"),
    [
        ([("Name a fruit.", "kept")], True),
        ([("Name a fruit.", "too_similar")], True),  # a filter objected: it was read all the same
        ([("Name a fruit.", "target_reached")], True),
        ([("Name a fruit.", "kept"), ("Name a t", "truncated")], True),
        ([("Name a t", "truncated")], False),
        ([("I'm sorry", "refused"), ("???", "unreadable")], False),
        ([("", "context_overflow")], False),
        ([("", "empty_answer")], False),
        ([("  \n", "kept"), ("", "empty")], False),  # items without a word in them
        ([], False),
    ],
)
def test_an_answer_is_read_when_one_item_with_words_passed_the_reader(
    found: list[tuple[str, str]], is_read: bool
) -> None:
    assert was_read(found) is is_read


@pytest.mark.parametrize(
    ("answer", "saw", "finish_reason", "rule"),
    [
        (True, "Yes", "stop", "kept"),
        (False, "No", "length", "kept"),
        (None, "Perhaps", "stop", "unreadable"),
        (None, "", "stop", "empty_answer"),
        (False, "", "stop", "empty_answer"),  # the published reading takes nothing for a no
        (None, "", "content_filter", "refused"),
        (None, "context_overflow", "context_overflow", "context_overflow"),
    ],
)
def test_a_yes_or_no_was_read_or_has_a_rule(answer: bool | None, saw: str, finish_reason: str, rule: str) -> None:
    assert answer_rule(answer, saw, finish_reason) == rule


def outcome(case: dict[str, Any], compatibility: Compatibility) -> list[tuple[str, str]]:
    """Return what the reader of a case finds, as the tally counts it."""
    args = {"stop": (), **case["args"], "compatibility": compatibility}
    if case["reader"] == "read_yes_no":
        answer, saw = read_yes_no(case["text"], **args)
        return [(saw, answer_rule(answer, saw, case["finish_reason"]))]
    items: list[Item | PairItem] = READERS[case["reader"]](case["text"], case["finish_reason"], **args)
    return [
        (item.pair.input + item.pair.output if isinstance(item, PairItem) else item.text, item.verdict.rule)
        for item in items
    ]


def corpus() -> list[dict[str, Any]]:
    return [case for path in sorted(FOLDER.glob("*.jsonl")) for _, case in jsonl.read(path)]


def holds_something(case: dict[str, Any]) -> bool:
    """Whether a person found something to read in the answer: `expected` of the corpus is written by hand."""
    if case["reader"] == "read_yes_no":
        return case["expected"] is not None and bool(case["text"].strip())  # published: nothing is taken for a no
    told = 1 if case["reader"] == "read_tasks" else None  # a task without an instruction tells nothing
    return any(rule == "kept" and "".join(values[:told]).strip() for *values, rule in case["expected"])


def test_on_the_corpus_what_holds_something_is_read_and_what_holds_nothing_is_not() -> None:
    for case in corpus():
        found = outcome(case, case["args"].get("compatibility", "own"))
        assert was_read(found) is holds_something(case), f"{case['reader']} {case['id']}: {found}"


def test_the_table_of_the_corpus() -> None:
    """Every case that was written for our own reading, read once more as the published code would."""
    rows: dict[str, Counter[str]] = {}
    for case in corpus():
        if case["args"].get("compatibility", "own") == "own":
            row = rows.setdefault(case["reader"], Counter())
            found = outcome(case, "own")
            row["cases"] += 1
            row["hold something"] += holds_something(case)
            row["read"] += was_read(found)
            row["read as published"] += was_read(outcome(case, "published"))
            row.update(rule for _, rule in found if rule in READER_RULES)
    for reader, row in rows.items():
        rules = {rule: row[rule] for rule in sorted(READER_RULES) if row[rule]}
        share = f"{row['read']} of {row['cases']} read ({row['read'] / row['cases']:.1%})"
        print(f"{reader}: {share}; {row['hold something']} hold something; dropped by the reader: {rules}")
        print(f"    as published: {row['read as published']} of {row['cases']} count as read, rightly or not")
    assert {reader: row["read"] for reader, row in rows.items()} == {
        reader: row["hold something"] for reader, row in rows.items()
    }
    assert sum(row["cases"] for row in rows.values()) >= 300


@pytest.mark.shared
def test_the_table_of_the_real_answers(shared_data: Path) -> None:
    """All 1,160 raw answers of the domain study are read, three of them as yes; as published, none is exactly a yes."""
    path = shared_data / "selfbehave" / "high_quality_classification_answers.jsonl"
    answers = [record["is_classification"] for _, record in jsonl.read(path)]
    found = [read_yes_no(answer) for answer in answers]
    rules = Counter(answer_rule(answer, saw, "stop") for answer, saw in found)
    said = Counter(answer for answer, _ in found)
    share = f"{rules['kept']:,} of {len(answers):,} read ({rules['kept'] / len(answers):.1%})"
    print(f"real answers: {share}; {said[True]} as yes, {said[False]:,} as no")
    assert rules == {"kept": 1160}
    assert said == {False: 1157, True: 3}
