"""Gherkin tasks of the offline model: sound scenarios, imitated flaws, step functions."""

from __future__ import annotations

import json
import re
from random import Random

import pytest

from selfinstruct.models.offline import answer
from selfinstruct.models.offline.grammar import Voice
from selfinstruct.models.offline.scenarios import CRITERIA, Scenario, Step, broken_criteria, read_scenario
from selfinstruct.models.offline.stepcode import write_module
from tests.models.offline_requests import (
    CONF,
    SCENARIO,
    items,
    new_tasks,
    options_with,
)


def test_gherkin_examples_bring_gherkin_tasks_with_sound_scenarios() -> None:
    completion = answer(new_tasks("bdd", (SCENARIO, SCENARIO)), "grammar", options_with())
    tasks = re.split(r"(?:^|\n\n)\d+\. ", completion.text)[1:]
    assert len(tasks) == 8
    for task in tasks:
        assert re.fullmatch(r"[A-Z].*\n```gherkin\nScenario: .+\n  Given .+\n  When .+\n  Then .+\n```", task), task
        assert 20 < len(task.split()) <= 500
        assert broken_criteria(read_scenario(task)) == frozenset()


def test_folded_examples_bring_folded_tasks() -> None:
    request = new_tasks("paper", [" ".join(SCENARIO.split())] * 2)
    assert all("```gherkin Scenario: " in text for text in items(answer(request, "grammar", options_with())))


FLAWED = {
    "essential": SCENARIO.replace("  When", "  And a\n  And b\n  And c\n  When"),
    "singular": SCENARIO.replace("  Then", "  And Bo returns 1 book\n  Then"),
    "complete": SCENARIO.replace("Ada lends 5 books", "someone does something"),
    "integrous": SCENARIO.replace('  Then shelf "A" holds 7 books\n', ""),
}


@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_flaws_of_the_examples_come_back(criterion: str) -> None:
    assert broken_criteria(read_scenario(SCENARIO)) == frozenset()
    assert broken_criteria(read_scenario(FLAWED[criterion])) == {criterion}
    options = options_with(imitation=1.0)
    flawed = answer(new_tasks("bdd", [FLAWED[criterion]] * 2), "grammar", options).text
    tasks = re.split(r"(?:^|\n\n)\d+\. ", flawed)[1:]
    assert len(tasks) == 8 and all(criterion in broken_criteria(read_scenario(task)) for task in tasks)


@pytest.mark.parametrize(
    ("criterion", "rate"),
    [
        ("essential", "superfluous_step"),
        ("singular", "several_actions"),
        ("complete", "vague_step"),
        ("integrous", "wrong_order"),
    ],
)
def test_flaws_are_also_made_at_the_rates_of_the_options(criterion: str, rate: str) -> None:
    text = answer(new_tasks("bdd", [SCENARIO] * 2), "grammar", options_with(**{rate: 1.0})).text
    tasks = re.split(r"(?:^|\n\n)\d+\. ", text)[1:]
    assert len(tasks) == 8 and all(criterion in broken_criteria(read_scenario(task)) for task in tasks)


@pytest.mark.parametrize(("steps", "is_broken"), [(5, False), (6, True)])
def test_six_steps_are_superfluous_and_five_are_not(steps: int, is_broken: bool) -> None:
    givens = tuple(Step("given", f"box {i} is open") for i in range(steps - 2))
    scenario = Scenario("Open", (*givens, Step("when", "Ada shuts box 1"), Step("then", "box 1 is shut")))
    assert ("essential" in broken_criteria(scenario)) == is_broken


@pytest.mark.parametrize(("seeds", "most_flawless"), [("bdd_high", 1.0), ("bdd_mixed", 0.6)], ids=["high", "mixed"])
def test_the_declared_quality_of_the_shipped_seeds_is_seen(seeds: str, most_flawless: float) -> None:
    path = CONF / "seeds" / f"{seeds}.jsonl"
    tasks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    agree = [set(task.get("breaks", ())) == broken_criteria(read_scenario(task["instruction"])) for task in tasks]
    assert sum(agree) / len(agree) > 0.75
    flawless = [not broken_criteria(read_scenario(task["instruction"])) for task in tasks]
    assert most_flawless - 0.2 < sum(flawless) / len(flawless) <= most_flawless


def test_a_folded_scenario_is_read_like_an_unfolded_one() -> None:
    assert read_scenario(" ".join(SCENARIO.split())) == read_scenario(SCENARIO)
    assert read_scenario(SCENARIO).title == "Lending a book"


def test_step_functions_compile_and_match_their_steps() -> None:
    scenario = read_scenario(SCENARIO)
    module = write_module(scenario, Voice(Random(1), 0.0, 1.0, ()), is_broken=False)
    compile(module, "steps.py", "exec")
    patterns = [eval(match[1]) for match in re.finditer(r"@\w+\((.*)\)\n", module)]
    assert patterns == ['shelf "{text1}" holds {number2:d} books', "Ada lends {number1:d} books", patterns[0]]
    with pytest.raises(SyntaxError):
        compile(write_module(scenario, Voice(Random(1), 0.0, 1.0, ()), is_broken=True), "steps.py", "exec")
