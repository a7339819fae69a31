"""The classification answer, on the words of a real model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from selfinstruct import jsonl
from selfinstruct.parsing import read_yes_no


@pytest.mark.shared
def test_the_domain_study_answers_are_read_by_their_first_words(shared_data: Path) -> None:
    """1,160 raw answers that run on: 1,157 begin with No and 3 with Yes (counted by hand: grep -c '": " Yes')."""
    path = shared_data / "selfbehave" / "high_quality_classification_answers.jsonl"
    answers = [record["is_classification"] for _, record in jsonl.read(path)]
    assert len(answers) == 1160
    assert Counter(read_yes_no(answer)[0] for answer in answers) == {False: 1157, True: 3}
    # As published, none of them is exactly "Yes", so that all count as no.
    assert Counter(read_yes_no(answer, compatibility="published")[0] for answer in answers) == {False: 1160}


def test_what_was_seen_is_the_first_forty_characters_on_one_line() -> None:
    assert read_yes_no("Maybe,\nor " + "x" * 50) == (None, "Maybe, or " + "x" * 30)


def test_reasoning_is_not_what_was_seen() -> None:
    assert read_yes_no("<think>yes?</think>\n\nNo.") == (False, "No.")


def test_the_answer_is_cut_at_a_stop_sequence_before_it_is_read() -> None:
    assert read_yes_no(" Yes\n\nTask: x", ("\n",), "published") == (True, "Yes")
    assert read_yes_no(" Yes\n\nTask: x", (), "published") == (False, "Yes Task: x")
