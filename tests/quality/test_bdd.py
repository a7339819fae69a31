"""The measures of the BDD domain over a whole dataset."""

from __future__ import annotations

from selfinstruct.findings import Finding
from selfinstruct.quality.bdd import BddRecord, as_lines, is_bdd, measure_bdd
from selfinstruct.records import Instance

GOOD = "Write steps.\n```gherkin\nScenario: a\n  Given a cup\n  When I pour\n  Then it is full\n```"
NO_THEN = "Write steps.\n```gherkin\nScenario: b\n  Given a cup\n  When I pour\n```"
FOLDED = "Write steps. ```gherkin Scenario: c Given a cup When I pour Then it is full ```"
BROKEN = "Write steps.\n```gherkin\nScenario: d\n  Given a cup\n  and pour\n```"
PLAIN = "Name a colour."
CODE = "@given('a cup')\ndef f(c): ...\n@when('I pour')\ndef g(c): ...\n@then('it is full')\ndef h(c): ...\n"
INSTANCES = [
    Instance(GOOD, "", CODE, False),
    Instance(GOOD, "", "@given('a cup')\ndef f(c): ...", False),
    Instance(NO_THEN, "", "def f(", False),
    Instance(FOLDED, "", CODE + CODE, False),
    Instance(BROKEN, "", CODE, False),
]


def test_each_check_is_a_share_with_its_own_n_and_what_could_not_be_judged() -> None:
    found = measure_bdd([GOOD, NO_THEN, FOLDED, BROKEN, PLAIN], INSTANCES).findings()
    assert found["bdd.scenarios"] == Finding(4.0, 4)
    assert found["bdd.scenario_share"] == Finding(4 / 5, 5)
    assert found["bdd.gherkin_share"] == Finding(2 / 4, 4)  # folded and broken do not parse
    assert found["bdd.in_order_share"] == Finding(2 / 3, 3, missing=1)  # good and folded; broken cannot be judged
    assert found["bdd.code_compiles_share"] == Finding(4 / 5, 5)
    # compared: good twice (3 of 3, 1 of 3) and folded (3 of 3, but defined twice); not: no code, no scenario
    assert found["bdd.steps_matched_share"] == Finding(7 / 9, 9, missing=2)
    assert found["bdd.all_steps_matched_share"] == Finding(1 / 3, 3, missing=2)


def test_every_instance_has_a_record_that_says_what_is_wrong() -> None:
    records = measure_bdd([GOOD, NO_THEN, FOLDED], INSTANCES[:4]).records
    assert records[1] == BddRecord(0, 1, True, False, "", "", 3, ("when I pour", "then it is full"))
    assert (records[2].order, records[2].code, records[2].unmatched) == (
        "no Then",
        "line 1: '(' was never closed",
        None,
    )
    assert (records[3].folded, records[3].doubled) == (True, ("given a cup", "when I pour", "then it is full"))


def test_an_instruction_without_an_instance_has_a_record_too() -> None:
    bdd = measure_bdd([NO_THEN], [])
    assert as_lines(bdd) == [
        {
            "instruction": 0,
            "instance": None,
            "gherkin": True,
            "folded": False,
            "order": "no Then",
            "code": None,
            "steps": 2,
            "unmatched": None,
            "doubled": (),
        }
    ]
    assert bdd.findings()["bdd.code_compiles_share"].text() == "undefined, because no instance belongs to a scenario"


def test_a_scenario_may_stand_in_the_input() -> None:
    text = "Write behave steps for the scenario."
    bdd = measure_bdd(
        [text], [Instance(text, "Scenario: x\n  Given a cup\n  When I pour\n  Then it is full", CODE, False)]
    )
    assert bdd.findings()["bdd.all_steps_matched_share"] == Finding(1.0, 1)


def test_without_a_scenario_everything_is_undefined() -> None:
    found = measure_bdd([PLAIN], [Instance(PLAIN, "", "Blue", False)]).findings()
    assert found["bdd.gherkin_share"].text() == "undefined, because no instruction holds a scenario"
    assert found["bdd.in_order_share"].value is found["bdd.steps_matched_share"].value is None
    assert measure_bdd([], []).findings()["bdd.scenario_share"].because == "there is no accepted instruction"


def test_code_with_patterns_that_cannot_be_judged_is_not_compared() -> None:
    instance = Instance(GOOD, "", "use_step_matcher('re')\n" + CODE, False)
    assert measure_bdd([GOOD], [instance]).findings()["bdd.all_steps_matched_share"] == Finding(
        None, 0, 1, "no scenario with code that compiles could be compared"
    )


def test_a_run_belongs_to_the_domain_by_its_prompts_or_by_half_of_its_instructions() -> None:
    assert is_bdd([PLAIN], "bdd")
    assert is_bdd([GOOD, PLAIN], "chat")
    assert not is_bdd([GOOD, PLAIN, PLAIN], "chat")
    assert not is_bdd([], None)
