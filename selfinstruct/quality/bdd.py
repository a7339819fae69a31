"""The BDD domain: do scenarios parse, keep their order, and fit the Python step code that was written for them?

Instructions and instances go in; shares come out, and one record for each instance with what is wrong with it:

    {"instruction": 3, "instance": 0, "gherkin": true, "folded": false, "order": "no Then", "code": "", "steps": 3,
     "unmatched": ["then the cup is full"], "doubled": []}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from selfinstruct.findings import Finding, count, share, undefined
from selfinstruct.quality.scenarios import Scenario, find_scenario, order_fault, read_scenario
from selfinstruct.quality.step_code import StepCode, read_step_code, unmatched
from selfinstruct.records import Instance

BDD_PROMPTS = "bdd"
_ENOUGH = 0.5


@dataclass(frozen=True)
class BddRecord:
    """What was found about one instance; about an instruction alone where it has none (`instance` is None).

    instruction: its number, from 0. order, code: what is wrong, "" where nothing is; code is None without an instance.
    unmatched: steps without a definition; None where they could not be compared.
    """

    instruction: int
    instance: int | None
    gherkin: bool
    folded: bool
    order: str
    code: str | None
    steps: int
    unmatched: tuple[str, ...] | None
    doubled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bdd:
    """The BDD measures of a run. records: one for each instance of an instruction with a scenario, in order."""

    records: tuple[BddRecord, ...]
    numbers: Mapping[str, Finding]

    def findings(self) -> dict[str, Finding]:
        """Return the numbers by metric name."""
        return dict(self.numbers)


def is_bdd(instructions: Sequence[str], prompts: str | None) -> bool:
    """Return whether a run belongs to the domain: by its prompts, or since half of its instructions hold a scenario."""
    if prompts is not None and prompts.startswith(BDD_PROMPTS):
        return True
    holding = sum(find_scenario(text) is not None for text in instructions)
    return bool(instructions) and holding / len(instructions) >= _ENOUGH


def measure_bdd(instructions: Sequence[str], instances: Sequence[Instance]) -> Bdd:
    """Measure scenarios (in the instruction, or else in an input) and the code of the outputs.

    The order is judged where a scenario could be read, if need be with its line breaks put back; steps are compared
    where moreover the code compiles. What could not be judged is counted as missing, never as wrong.
    """
    by_instruction: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_instruction[instance.instruction].append(instance)
    scenarios: list[Scenario] = []
    records: list[BddRecord] = []
    codes: list[StepCode] = []
    for number, text in enumerate(instructions):
        written = by_instruction.get(text, [])
        found = [find_scenario(text) or find_scenario(instance.input) for instance in written] or [find_scenario(text)]
        first = next((part for part in found if part is not None), None)
        if first is None:
            continue
        scenarios.append(read_scenario(first))
        if not written:
            records.append(_record(number, None, scenarios[-1], None))
        for place, (part, instance) in enumerate(zip(found, written, strict=False)):
            codes.append(read_step_code(instance.output))
            scenario = scenarios[-1] if part in {first, None} else read_scenario(part or "")
            records.append(_record(number, place, scenario, codes[-1]))
    return Bdd(tuple(records), _numbers(len(instructions), scenarios, codes, records))


def _record(instruction: int, instance: int | None, scenario: Scenario, code: StepCode | None) -> BddRecord:
    comparable = code is not None and code.compiles and not code.unread and bool(scenario.steps)
    missing = unmatched(code, scenario.steps) if code is not None and comparable else None
    return BddRecord(
        instruction=instruction,
        instance=instance,
        gherkin=scenario.is_gherkin,
        folded=scenario.was_folded,
        order=order_fault(scenario),
        code=code.fault if code is not None else None,
        steps=len(scenario.steps),
        unmatched=None if missing is None else tuple(f"{step.kind} {step.text}".strip() for step in missing),
        doubled=tuple(f"{step.kind} {step.pattern}" for step in code.doubled) if code is not None else (),
    )


def _numbers(
    instructions: int, scenarios: Sequence[Scenario], codes: Sequence[StepCode], records: Sequence[BddRecord]
) -> dict[str, Finding]:
    readable = [scenario for scenario in scenarios if scenario.outlines]
    compared = [record for record in records if record.unmatched is not None]
    not_compared = len(codes) - len(compared)
    steps = sum(record.steps for record in compared)
    lacking = sum(len(record.unmatched or ()) for record in compared)
    whole = sum(not record.unmatched and not record.doubled for record in compared)
    no_scenario, no_pair = "no instruction holds a scenario", "no scenario with code that compiles could be compared"
    return {
        "bdd.scenarios": count(len(scenarios)),
        "bdd.scenario_share": share(len(scenarios), instructions, "there is no accepted instruction"),
        "bdd.gherkin_share": share(sum(one.is_gherkin for one in scenarios), len(scenarios), no_scenario),
        "bdd.in_order_share": share(
            sum(not order_fault(one) for one in readable),
            len(readable),
            "no scenario could be read" if scenarios else no_scenario,
            missing=len(scenarios) - len(readable),
        ),
        "bdd.code_compiles_share": share(
            sum(code.compiles for code in codes), len(codes), "no instance belongs to a scenario"
        ),
        "bdd.steps_matched_share": share(steps - lacking, steps, no_pair, missing=not_compared)
        if steps
        else undefined(no_pair, 0, not_compared),
        "bdd.all_steps_matched_share": share(whole, len(compared), no_pair, missing=not_compared),
    }


def as_lines(bdd: Bdd) -> list[dict[str, object]]:
    """Return the records as plain values, one a line of report/bdd.jsonl."""
    return [asdict(record) for record in bdd.records]
