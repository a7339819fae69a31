"""The closing words of a run: what each stage used and how much of it could be read, for narrow terminals too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.summary import dollars, run_summary, usage_table


def stage(requests: int, prompt: int, completion: int, cost_usd: float, **unknown: int) -> dict[str, Any]:
    used = {"requests": requests, "prompt_tokens": prompt, "completion_tokens": completion, "cost_usd": cost_usd}
    return {**used, "unpriced": 0, "uncounted": 0, "in_vain": 0, **unknown}


def manifest(**changes: Any) -> dict[str, Any]:
    counts = {
        "candidates": 20,
        "judged": 20,
        "accepted": 10,
        "candidate_rules": {"kept": 10, "too_similar": 10},
        "pairs": 16,
        "instances": 12,
        "instance_rules": {"kept": 12, "duplicate": 4},
        "parsing": {
            "classification": {"answers": 10, "read": 10, "items": 10, "dropped": {}},
            "instances": {"answers": 10, "read": 9, "items": 16, "dropped": {"unreadable": 1}},
            "instructions": {"answers": 3, "read": 2, "items": 20, "dropped": {"truncated": 2, "refused": 1}},
        },
    }
    usage = {
        "classification": stage(10, 2000, 20, 0.5),
        "instances": stage(10, 4000, 480, 1.5),
        "instructions": stage(3, 600, 1100, 2.0),
    }
    whole = {"counts": counts, "usage": usage, "cost_usd": 4.0, "sent": 23, "from_store": 0}
    return {**whole, "dataset_sha256": "0" * 64, "status": "done", "reason": "", **changes}


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def test_the_table_holds_requests_yield_tokens_and_cost_of_each_stage_and_of_all() -> None:
    table = rows(usage_table(manifest()))
    assert ["instructions", "3", "66.6%", "600", "1,100", "$2.0000"] in table
    assert ["classification", "10", "100.0%", "2,000", "20", "$0.5000"] in table
    assert ["instances", "10", "90.0%", "4,000", "480", "$1.5000"] in table
    assert ["all", "23", "6,600", "1,600", "$4.0000"] in table


def test_below_it_stands_what_an_instruction_and_an_instance_took() -> None:
    lines = usage_table(manifest()).splitlines()
    assert "per accepted instruction: 660 prompt + 160 completion tokens; $0.4000" in lines  # 6600, 1600 and 4 by 10
    assert "per kept instance: 550 prompt + 133 completion tokens; $0.3333" in lines  # by 12


def test_what_was_not_read_is_counted_by_rule_and_stages_without_it_are_left_out() -> None:
    lines = usage_table(manifest()).splitlines()
    assert "instructions: 1 of 3 answers not read; items dropped by the reader: truncated 2," in lines
    assert "  refused 1" in lines
    assert "instances: 1 of 10 answers not read; items dropped by the reader: unreadable 1" in lines
    assert not [line for line in lines if line.startswith("classification:")]


def test_what_nobody_knows_is_no_number() -> None:
    usage = {**manifest()["usage"], "instances": stage(10, 4000, 480, 1.5, unpriced=10, uncounted=1)}
    table = usage_table(manifest(usage=usage))
    assert ["instances", "10", "90.0%", "?", "?", "?"] in rows(table)
    assert ["all", "23", "?", "?", "?"] in rows(table)
    said = " ".join(table.split())
    assert "tokens undefined, because the number of tokens of 1 of 23 requests is not known" in said
    assert "cost undefined, because the price of 10 of 23 requests is not known" in said
    assert "set model.input_cost_per_token and model.output_cost_per_token" in said


def test_a_run_that_kept_nothing_has_no_price_per_instance() -> None:
    counts = {**manifest()["counts"], "accepted": 0, "instances": 0}
    lines = usage_table(manifest(counts=counts)).splitlines()
    assert "per accepted instruction: undefined, because no instruction was accepted" in lines
    assert "per kept instance: undefined, because no instance was kept" in lines


def test_a_run_of_a_billion_tokens_fits_a_terminal_of_80_columns() -> None:
    usage = {name: stage(99_999, 333_333_333, 99_999_999, 9999.5) for name in manifest()["usage"]}
    summary = run_summary(Path("run"), manifest(usage=usage, cost_usd=29998.5), "selfinstruct ui")
    assert max(map(len, summary.splitlines())) <= 80


def test_a_command_that_asked_nothing_has_no_table_of_usage() -> None:
    assert "Usage" not in run_summary(Path("run"), manifest(usage={}), None)


def test_a_run_folder_of_an_earlier_version_is_summed_up_too() -> None:
    old = manifest()
    del old["counts"]["parsing"]
    for used in old["usage"].values():
        del used["uncounted"]
    assert ["instructions", "3", "600", "1,100", "$2.0000"] in rows(usage_table(old))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0.0, "$0.0000"),
        (1234.5, "$1,234.50"),
        (100.0, "$100.00"),
        (99.99, "$99.9900"),
        (0.01, "$0.0100"),
        (0.0099, "$0.0099"),
        (0.00032, "$0.00032"),
        (0.0000045678, "$0.0000046"),
    ],
)
def test_dollars_have_cents_four_decimals_or_two_significant_digits(amount: float, shown: str) -> None:
    assert dollars(amount) == shown
