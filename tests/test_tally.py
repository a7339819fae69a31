"""Counting a run: the parse yield and the usage, by hand."""

from __future__ import annotations

import pytest

from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST, Completion
from selfinstruct.tally import Tally, per_unit


def answer(prompt: int | None = 10, completion: int | None = 5, cost_usd: float | None = 0.25) -> Completion:
    return Completion("text", "stop", prompt, completion, cost_usd)


def test_the_parse_yield_counts_answers_and_not_items() -> None:
    tally = Tally(target=3)
    tally.parsed(INSTRUCTIONS, [("Name a fruit.", "kept"), ("Bake bread.", "too_similar"), ("Sin", "truncated")])
    tally.parsed(INSTRUCTIONS, [("???", "unreadable")])
    tally.parsed(INSTRUCTIONS, [("Sorry, no.", "refused")])
    tally.parsed(INSTRUCTIONS, [])
    assert tally.counts()["parsing"] == {
        "instructions": {
            "answers": 4,
            "read": 1,  # the first: two of its items passed the reader
            "items": 5,
            "dropped": {"empty_answer": 1, "refused": 1, "truncated": 1, "unreadable": 1},
        }
    }


def test_every_answer_that_was_not_read_has_a_reason() -> None:
    tally = Tally(target=3)
    tally.parsed(INPUT_FIRST, [("", "output_empty"), (" ", "output_empty")])  # two pairs without a word, one answer
    tally.parsed(INPUT_FIRST, [("2 4", "kept"), ("", "output_empty")])
    assert tally.counts()["parsing"]["instances"] == {
        "answers": 2,
        "read": 1,
        "items": 4,
        "dropped": {"empty_answer": 1},
    }


def test_input_first_and_output_first_are_one_stage() -> None:
    tally = Tally(target=3)
    for stage in (INPUT_FIRST, OUTPUT_FIRST):
        tally.completion(stage, answer())
        tally.parsed(stage, [("x", "kept")])
    tally.parsed(CLASSIFICATION, [("Yes", "kept")])
    counts = tally.counts()
    assert counts["requests"] == {"instances": 2}
    assert {stage: parsed["answers"] for stage, parsed in counts["parsing"].items()} == {
        "classification": 1,
        "instances": 2,
    }


def test_usage_is_summed_by_stage_and_what_is_not_known_is_counted() -> None:
    tally = Tally(target=3)
    tally.completion(INSTRUCTIONS, answer(), in_vain=True)
    tally.completion(INSTRUCTIONS, answer(prompt=None, cost_usd=None))
    tally.completion(CLASSIFICATION, answer(completion=None))
    assert tally.usage_by_stage() == {
        "classification": {
            "requests": 1,
            "prompt_tokens": 10,
            "completion_tokens": 0,
            "cost_usd": 0.25,
            "unpriced": 0,
            "uncounted": 1,
            "in_vain": 0,
        },
        "instructions": {
            "requests": 2,
            "prompt_tokens": 10,
            "completion_tokens": 10,
            "cost_usd": 0.25,
            "unpriced": 1,
            "uncounted": 1,
            "in_vain": 1,
        },
    }
    assert tally.cost_usd() is None


def counted(accepted: int, instances: int) -> Tally:
    """Two requests of 10 and 5 tokens and 25 cents each, and what was kept of them."""
    tally = Tally(target=3)
    tally.completion(INSTRUCTIONS, answer())
    tally.completion(INPUT_FIRST, answer())
    tally.candidate_rules["kept"] = accepted
    tally.instance_rules["kept"] = instances
    return tally


def units(tally: Tally) -> dict[str, dict[str, float | str]]:
    return per_unit(tally.counts(), tally.usage_by_stage())


def test_what_an_instruction_and_an_instance_took_is_the_whole_by_their_number() -> None:
    assert units(counted(accepted=4, instances=5)) == {
        "accepted_instruction": {"prompt_tokens": 20 / 4, "completion_tokens": 10 / 4, "cost_usd": 0.5 / 4},
        "kept_instance": {"prompt_tokens": 20 / 5, "completion_tokens": 10 / 5, "cost_usd": 0.5 / 5},
    }


def test_where_nothing_was_kept_that_is_said() -> None:
    found = units(counted(accepted=4, instances=0))
    assert found["accepted_instruction"]["cost_usd"] == 0.125
    assert set(found["kept_instance"].values()) == {"undefined, because no instance was kept"}
    assert set(units(Tally(3))["accepted_instruction"].values()) == {"undefined, because no instruction was accepted"}


@pytest.mark.parametrize(
    ("unknown", "name", "says"),
    [
        (answer(cost_usd=None), "cost_usd", "undefined, because the price of 1 of 3 requests is not known"),
        (
            answer(prompt=None),
            "prompt_tokens",
            "undefined, because the number of tokens of 1 of 3 requests is not known",
        ),
    ],
)
def test_a_sum_with_an_unknown_part_is_undefined_and_the_others_are_not(
    unknown: Completion, name: str, says: str
) -> None:
    tally = counted(accepted=4, instances=5)
    tally.completion(CLASSIFICATION, unknown)
    values = units(tally)["accepted_instruction"]
    assert values[name] == says
    other = "prompt_tokens" if name == "cost_usd" else "cost_usd"
    assert values[other] == (30 / 4 if other == "prompt_tokens" else 0.75 / 4)
