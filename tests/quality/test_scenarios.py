"""Reading Gherkin, and the order of its steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfinstruct.quality.scenarios import Step, find_scenario, order_fault, read_scenario

TEA = "Scenario: Tea\n  Given a cup\n  And a pot\n  When I pour\n  Then the cup is full"
CONF = Path(__file__).resolve().parents[2] / "conf" / "seeds"


@pytest.mark.parametrize(
    "text",
    [
        f"Write the steps.\n```gherkin\n{TEA}\n```\nUse behave.",
        f"Write the steps.\n```\n{TEA}\n```",
        f"Write the steps.\n{TEA}",
        f"Write the steps.\n```gherkin\n{TEA}",
    ],
)
def test_a_scenario_is_found_in_a_fence_or_from_its_keyword_on(text: str) -> None:
    found = find_scenario(text)
    assert found is not None and found.strip() == TEA


def test_a_text_without_a_scenario_has_none() -> None:
    assert find_scenario("Imagine a scenario and describe it.") is None
    assert find_scenario("```python\nprint(1)\n```") is None


def test_and_belongs_to_the_step_before_it() -> None:
    scenario = read_scenario(TEA)
    assert scenario.is_gherkin and not scenario.was_folded and not scenario.fault
    kinds_and_texts = (
        (Step("given", "a cup"), Step("given", "a pot"), Step("when", "I pour"), Step("then", "the cup is full")),
    )
    assert scenario.outlines == kinds_and_texts


def test_a_background_counts_for_every_scenario_and_examples_fill_the_placeholders() -> None:
    scenario = read_scenario(
        "Feature: Tea\n  Background:\n    Given a kitchen\n  Scenario Outline: Pour\n    When I pour <n> cups\n"
        "    Then <n> cups are full\n    Examples:\n      | n |\n      | 3 |\n  Rule: Late\n    Scenario: Clean\n"
        "      When I wash up\n      Then it is clean\n"
    )
    assert [[step.text for step in outline] for outline in scenario.outlines] == [
        ["a kitchen", "I pour 3 cups", "3 cups are full"],
        ["a kitchen", "I wash up", "it is clean"],
    ]
    assert order_fault(scenario) == ""


def test_an_outline_without_examples_keeps_its_placeholders() -> None:
    scenario = read_scenario("Scenario Outline: Pour\n  Given <n> cups\n  When I pour\n  Then <n> are full")
    assert scenario.steps[0].text == "<n> cups"


@pytest.mark.parametrize(
    "text",
    ["", "Scenario: Tea", "Scenario: Tea\n  Given a cup\n  I pour it", "Given a cup\nWhen I pour", "Feature: Tea\n"],
)
def test_what_is_no_gherkin_has_no_steps_and_a_fault(text: str) -> None:
    scenario = read_scenario(text)
    assert not scenario.is_gherkin and scenario.outlines == () and scenario.fault
    assert order_fault(scenario) == "not readable"


def test_a_folded_scenario_is_no_gherkin_but_its_order_can_be_judged() -> None:
    scenario = read_scenario("Scenario: Tea Given a cup And a pot When I pour Then it is full And I am glad")
    assert not scenario.is_gherkin and scenario.was_folded and scenario.fault
    assert [step.kind for step in scenario.steps] == ["given", "given", "when", "then", "then"]


def test_where_the_case_was_folded_too_and_stays_a_word() -> None:
    scenario = read_scenario("scenario: a cup given sugar and milk when i pour then it is full")
    assert scenario.steps == (Step("given", "sugar and milk"), Step("when", "i pour"), Step("then", "it is full"))


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ("Given a\nWhen b\nThen c", ""),
        ("Given a\nGiven b\nWhen c\nAnd d\nThen e\nBut f", ""),
        ("When a\nThen b", "no Given"),
        ("Given a\nThen b", "no When"),
        ("Given a\nWhen b", "no Then"),
        ("Given a\nWhen b\nThen c\nWhen d\nThen e", "When after Then"),
        ("Given a\nThen b\nWhen c", "When after Then"),
        ("When a\nGiven b\nThen c", "Given after When"),
        ("And a\nWhen b\nThen c", "starts with And"),
        ("* a\nWhen b\nThen c", "starts with And"),
    ],
)
def test_each_break_of_the_order_has_a_name(steps: str, fault: str) -> None:
    assert order_fault(read_scenario(f"Scenario: x\n{steps}")) == fault


def test_the_first_scenario_out_of_order_is_named() -> None:
    text = f"Feature: x\n{TEA}\nScenario: y\n  Given a\n  Then b\n"
    assert order_fault(read_scenario(text)) == "no When"


@pytest.mark.parametrize("name", ["bdd_high", "bdd_mixed"])
def test_every_shipped_seed_parses_and_only_those_that_break_integrous_are_out_of_order(name: str) -> None:
    for line in (CONF / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        scenario = read_scenario(find_scenario(task["instruction"]) or "")
        assert scenario.is_gherkin, task["id"]
        if order_fault(scenario):
            assert task.get("breaks"), task["id"]
        if not task.get("breaks"):
            assert order_fault(scenario) == "", task["id"]


def test_the_published_seeds_are_read(shared_data: Path) -> None:
    """All 175 of the high level parse; as first measured: 21 of them have no When, the others are in order."""
    lines = (shared_data / "selfbehave" / "high_quality_seed_tasks.jsonl").read_text(encoding="utf-8").splitlines()
    scenarios = [read_scenario(find_scenario(json.loads(line)["instruction"]) or "") for line in lines]
    assert sum(scenario.is_gherkin for scenario in scenarios) == 175
    faults = [order_fault(scenario) for scenario in scenarios]
    assert (faults.count(""), faults.count("no When")) == (154, 21)
