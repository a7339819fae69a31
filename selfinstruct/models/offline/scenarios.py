"""Gherkin scenarios as values: reading them from a task, seeing which quality criteria they break, writing them out.

    Scenario: Last crate              Scenario("Last crate", (
      Given the depot holds 1 crate       Step("given", "the depot holds 1 crate"),
      When Ada ships 1 crate              Step("when", "Ada ships 1 crate"),
      Then the depot is empty             Step("then", "the depot is empty")))

The four criteria are those of the domain study (published as SelfBehave); here each is judged by a sign that a program
can see, which is enough to imitate, not to rate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

ESSENTIAL = "essential"
SINGULAR = "singular"
COMPLETE = "complete"
INTEGROUS = "integrous"
CRITERIA = (ESSENTIAL, SINGULAR, COMPLETE, INTEGROUS)

_MOST_STEPS = 5
_HAS_VALUE = re.compile(r"\d|\"|[a-z] [A-Z]")
_ORDER = {"given": 0, "when": 1, "then": 2}
_TITLE = re.compile(r"\bscenario(?: outline)?:[ \t]*([^\n]*)", re.IGNORECASE)
_STEP = re.compile(r"^[ \t]*(given|when|then|and|but|\*)[ \t]+(\S[^\n]*)$", re.IGNORECASE | re.MULTILINE)
_FOLDED_STEP = re.compile(r"\s(?=(?i:given|when|then)\s|(?:And|But)\s)")  # a small "and" may stand inside a step
_ASSERTS = re.compile(r"\b(?:should|must be|must have|is expected)\b", re.IGNORECASE)
_VAGUE = re.compile(
    r"\b(?:some|something|somehow|several|stuff|things?|certain|appropriate\w*|proper\w*|correct(?:ly)?|as expected"
    r"|details|whatever|everything|the usual|(?:is|are) fine|works|etc|as usual|a few|enough|the right|normal|much)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Step:
    """One step. `role` is given, when or then, also for a step written with And or But."""

    role: str
    text: str


@dataclass(frozen=True)
class Scenario:
    """A title and its steps in order."""

    title: str
    steps: tuple[Step, ...]


def has_scenario(instruction: str) -> bool:
    """Tell whether a task holds a Gherkin scenario."""
    lowered = instruction.lower()
    return "scenario" in lowered and "when " in lowered and ("given " in lowered or "then " in lowered)


@lru_cache(maxsize=4096)
def read_scenario(instruction: str) -> Scenario:
    """Return the scenario of a task, whether it stands on lines of its own or was folded to one line."""
    body = _body(instruction)
    if body.count("\n") < 2:
        body = _FOLDED_STEP.sub("\n", body)
    title = _TITLE.search(body)
    steps: list[Step] = []
    for keyword, text in _STEP.findall(body):
        role = keyword.lower()
        if role not in _ORDER:
            role = steps[-1].role if steps else "given"
        steps.append(Step(role, text.strip().rstrip("`").strip()))
    return Scenario(title[1].strip() if title else "", tuple(steps))


def _body(instruction: str) -> str:
    fence = instruction.find("```")
    if fence >= 0:
        return re.sub(r"^(?:gherkin|feature)\b", "", instruction[fence + 3 :].partition("```")[0])
    title = _TITLE.search(instruction)
    return instruction[title.start() :] if title else instruction


@lru_cache(maxsize=4096)
def broken_criteria(scenario: Scenario) -> frozenset[str]:
    """Return the criteria that a scenario seems to break."""
    roles = [_ORDER[step.role] for step in scenario.steps]
    whens = roles.count(1)
    signs = {
        ESSENTIAL: len(roles) - max(0, whens - 1) > _MOST_STEPS,
        SINGULAR: whens > 1,
        COMPLETE: any(_VAGUE.search(step.text) for step in scenario.steps)
        or not any(_HAS_VALUE.search(step.text) for step in scenario.steps),
        INTEGROUS: set(roles) != {0, 1, 2} or roles != sorted(roles) or _asserts_early(scenario.steps),
    }
    return frozenset(name for name in CRITERIA if signs[name])


def _asserts_early(steps: Sequence[Step]) -> bool:
    return any(step.role != "then" and _ASSERTS.search(step.text) for step in steps)


def write_scenario(scenario: Scenario) -> str:
    """Return the scenario as Gherkin, one step a line, with And where the role stays the same."""
    lines = [f"Scenario: {scenario.title}"]
    before = ""
    for step in scenario.steps:
        keyword = "And" if step.role == before else step.role.capitalize()
        lines.append(f"  {keyword} {step.text}")
        before = step.role
    return "\n".join(lines)
