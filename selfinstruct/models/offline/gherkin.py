"""New Gherkin tasks: a sentence that asks for step functions, and a scenario of its own in a fence.

Flaws are imitated: a criterion that many of the shown scenarios break is broken about as often in new ones, on top of
the rate that the options set. An example:

    Provide Python step definitions for behave for the scenario below.
    ```gherkin
    Scenario: Fewer loaves in the oven
      Given oven maple holds 19 loaves
      When the baker removes 12 of the loaves
      Then 7 loaves remain
    ```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from selfinstruct.models.offline import gherkin_words as words
from selfinstruct.models.offline.grammar import Voice
from selfinstruct.models.offline.options import Rates
from selfinstruct.models.offline.scenarios import (
    COMPLETE,
    CRITERIA,
    ESSENTIAL,
    INTEGROUS,
    SINGULAR,
    Scenario,
    Step,
    broken_criteria,
    read_scenario,
    write_scenario,
)


def _choices(source: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in source.split("|"))


def _behaviour(block: str) -> tuple[tuple[str, ...], ...]:
    """The choices for title, Given, When and Then."""
    return tuple(_choices(part) for part in _KEYWORD.split(block) if part.strip())


_KEYWORD = re.compile(r"^ *(?:Scenario|Given|When|Then):", re.MULTILINE)
_BEHAVIOURS = tuple(_behaviour(block) for block in words.BEHAVIOURS.split("\n\n"))
_NAMES, _CODES, _STATES = _choices(words.NAMES), _choices(words.CODES), _choices(words.STATES)
_REQUESTS, _WRITE, _LOWER_WRITE = _choices(words.REQUESTS), _choices(words.WRITE), _choices(words.LOWER_WRITE)
_STEPS, _SUPERFLUOUS = _choices(words.STEPS), _choices(words.SUPERFLUOUS)
_COLOURS, _DAYS = _choices(words.COLOURS), _choices(words.DAYS)


@dataclass(frozen=True)
class GherkinTaste:
    """How often each criterion is to be broken (0..1), and whether the examples were folded to one line."""

    flaw_rates: dict[str, float]
    is_folded: bool


def read_gherkin_taste(examples: Sequence[str], imitation: float, rates: Rates) -> GherkinTaste:
    """Return the taste of examples that hold scenarios."""
    broken = [broken_criteria(read_scenario(text)) for text in examples]
    own = {
        ESSENTIAL: rates.superfluous_step,
        SINGULAR: rates.several_actions,
        COMPLETE: rates.vague_step,
        INTEGROUS: rates.wrong_order,
    }
    shares = {name: sum(name in flaws for flaws in broken) / len(broken) for name in CRITERIA}
    return GherkinTaste(
        flaw_rates={name: min(1.0, own[name] + imitation * shares[name]) for name in CRITERIA},
        is_folded=all("\n" not in text for text in examples),
    )


def write_gherkin_task(taste: GherkinTaste, voice: Voice) -> str:
    """Return one new task with a scenario in this taste."""
    facts = _facts(voice)
    scenario = _scenario(facts, voice)
    for criterion in CRITERIA:
        if voice.happens(taste.flaw_rates[criterion]):
            scenario = _BREAK[criterion](scenario, facts, voice)
    request = voice.fair(_REQUESTS).format_map(facts)
    text = f"{request[0].upper()}{request[1:]}\n```gherkin\n{write_scenario(scenario)}\n```"
    return " ".join(text.split()) if taste.is_folded else text


def _facts(voice: Voice) -> dict[str, object]:
    """Everything that a scenario may mention, drawn once so that its steps agree with each other."""
    actor, place, items, takes, puts = voice.pick(words.DOMAINS)
    a, b, n = voice.number(2, 60), voice.number(2, 40), voice.number(2, 12)
    name, code = voice.fair(_NAMES), voice.fair(_CODES)
    return {
        "actor": actor, "place": place, "items": items, "takes": takes, "puts": puts,
        "a_place": f"an {place}" if place[0] in "aeiou" else f"a {place}",
        "a": a, "b": b, "c": a + b, "n": n, "product": b * n, "rest": 100 - n, "score": b + voice.number(1, 9),
        "name": name, "Name": name, "other": voice.fair(_NAMES), "code": code,
        "state": voice.fair(_STATES), "old": voice.fair(_STATES), "feature": f"{code} {place}",
        "steps": voice.fair(_STEPS), "write": voice.fair(_WRITE), "lower_write": voice.fair(_LOWER_WRITE),
        "colour": voice.fair(_COLOURS), "day": voice.fair(_DAYS), "hour": voice.number(5, 11),
    }  # fmt: skip


def _scenario(facts: dict[str, object], voice: Voice) -> Scenario:
    title, given, when, then = (voice.fair(choices).format_map(facts) for choices in voice.pick(_BEHAVIOURS))
    return Scenario(title[0].upper() + title[1:], (Step("given", given), Step("when", when), Step("then", then)))


def _add_superfluous(scenario: Scenario, facts: dict[str, object], voice: Voice) -> Scenario:
    chosen = voice.random.sample(_SUPERFLUOUS, voice.number(3, 5))
    extra = [Step("given", text.format_map(facts)) for text in chosen]
    return replace(scenario, steps=(*scenario.steps[:1], *extra, *scenario.steps[1:]))


def _add_actions(scenario: Scenario, facts: dict[str, object], voice: Voice) -> Scenario:
    """A second action with its own outcome, from another behaviour of the same place."""
    other = _scenario(facts, voice)
    title = f"{scenario.title} and {other.title[0].lower()}{other.title[1:]}"
    steps = sorted((*scenario.steps, *other.steps[1:]), key=lambda step: ("given", "when", "then").index(step.role))
    return Scenario(title, tuple(steps))


def _make_vague(scenario: Scenario, facts: dict[str, object], voice: Voice) -> Scenario:
    role, text = voice.fair(words.VAGUE_STEPS)
    steps = list(scenario.steps)
    place = next((place for place, step in enumerate(steps) if step.role == role), len(steps) - 1)
    steps[place] = Step(role, text.format_map(facts))
    return replace(scenario, steps=tuple(steps))


def _disorder(scenario: Scenario, facts: dict[str, object], voice: Voice) -> Scenario:
    """Leave out the outcome, put the action first, or assert in Given."""
    steps = scenario.steps
    kind = voice.number(0, 2)
    if kind == 0:
        return replace(scenario, steps=tuple(step for step in steps if step.role != "then"))
    if kind == 1:
        whens = [step for step in steps if step.role == "when"]
        return replace(scenario, steps=(*whens, *(step for step in steps if step.role != "when")))
    assertion = Step("given", "the {place} should have {c} {items}".format_map(facts))
    return replace(scenario, steps=(assertion, *steps))


_BREAK: dict[str, Callable[[Scenario, dict[str, object], Voice], Scenario]] = {
    ESSENTIAL: _add_superfluous,
    SINGULAR: _add_actions,
    COMPLETE: _make_vague,
    INTEGROUS: _disorder,
}
