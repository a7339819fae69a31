"""Is this Gherkin, and do its steps keep the order Given, When, Then?

A text that holds a scenario goes in, its steps come out, or what is wrong with it. The parser is Cucumber's own.

    scenario = read_scenario("Scenario: Tea\\n  Given a cup\\n  When I pour\\n  Then it is full")
    scenario.outlines[0][1]         # Step("when", "I pour")
    order_fault(scenario)           # "": in order

Text that was folded to one line, as the published code does with every example, is no Gherkin any more. Its line breaks
are put back before the keywords, so that the order can still be judged; `is_gherkin` stays False.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

GIVEN, WHEN, THEN = "given", "when", "then"
_ORDER = (GIVEN, WHEN, THEN)
_KINDS = {"Context": GIVEN, "Action": WHEN, "Outcome": THEN}
_FENCE = re.compile(r"```[ \t]*(?:gherkin|cucumber|feature)\b(.*?)(?:```|\Z)", re.IGNORECASE | re.DOTALL)
_BARE_FENCE = re.compile(r"```[^\S\n]*\w*[^\S\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_START = re.compile(
    r"^[ \t]*(?:@\S.*\n[ \t]*)?(?:Feature|Background|Scenario(?: Outline| Template)?|Example):", re.MULTILINE
)
_MENTIONS = re.compile(r"\b(?:scenario(?: outline| template)?|feature):", re.IGNORECASE)
_FOLDED = re.compile(r"\s+(?=(?:Given|When|Then|And|But|Scenario:|Scenario Outline:|Background:|Examples:)\s)")
_FOLDED_LOW = re.compile(r"\s+(?=(?:given|when|then)\s)")
_PLACEHOLDER = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True)
class Step:
    """One step: given, when or then ("" where the first step is an And), and its text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Scenario:
    """A scenario text as it was read.

    outlines: the steps of each scenario in it, those of the background first; placeholders hold the first example.
    is_gherkin: it parses as it stands. was_folded: it was read only after its line breaks were put back. fault: what
    the parser objected to first.
    """

    text: str
    outlines: tuple[tuple[Step, ...], ...]
    is_gherkin: bool
    was_folded: bool
    fault: str

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all scenarios, in order."""
        return tuple(step for outline in self.outlines for step in outline)


def find_scenario(text: str) -> str | None:
    """Return the part of a text that is meant to be Gherkin: a fence, or from "Scenario:" on; None where is none."""
    fence = _FENCE.search(text)
    if fence:
        return fence[1]
    for bare in _BARE_FENCE.finditer(text):
        if _MENTIONS.search(bare[1]):
            return bare[1]
    start = _START.search(text) or _MENTIONS.search(text)
    return text[start.start() :] if start else None


def read_scenario(text: str) -> Scenario:
    """Return the scenarios of a Gherkin text; one without "Feature:" is read as if it had that line."""
    outlines, fault = _parse(text)
    if outlines:
        return Scenario(text, outlines, True, False, "")
    if "\n" not in text.strip():
        unfolded, _ = _parse(_unfolded(text))
        if unfolded:
            return Scenario(text, unfolded, False, True, fault)
    return Scenario(text, (), False, False, fault)


def order_fault(scenario: Scenario) -> str:
    """Return what breaks the order of the first scenario that is not in order; "" where all are.

    In order: every scenario has a Given, a When and a Then, and none comes after a later one.
    Source: the criterion "integrous" of the domain study (Given, When, Then in order, each doing its own job); whether
    each does its job is left to people.
    """
    if not scenario.outlines:
        return "not readable"
    return next((fault for outline in scenario.outlines if (fault := _fault_of(outline))), "")


def _fault_of(steps: Sequence[Step]) -> str:
    kinds = [step.kind for step in steps]
    if "" in kinds:
        return "starts with And"
    missing = [kind for kind in _ORDER if kind not in kinds]
    if missing:
        return f"no {missing[0].capitalize()}"
    for before, after in pairwise(kinds):
        if _ORDER.index(after) < _ORDER.index(before):
            return f"{after.capitalize()} after {before.capitalize()}"
    return ""


def _parse(text: str) -> tuple[tuple[tuple[Step, ...], ...], str]:
    from gherkin.errors import ParserError
    from gherkin.parser import Parser

    fault = ""
    for attempt in (text, f"Feature: scenario\n{text}"):
        try:
            feature = Parser().parse(attempt).get("feature")
        except (ParserError, RecursionError) as error:
            fault = _first_line(error)
            continue
        outlines = tuple(_outlines(feature["children"], [])) if feature else ()
        if outlines:
            return outlines, ""
        fault = "no scenario with a step"
    return (), fault


def _first_line(error: Exception) -> str:
    """The parser lists every fault with its line and column; the first one without them."""
    lines = [line for line in str(error).splitlines() if not line.startswith("Parser errors")]
    return re.sub(r"^\(\d+:\d+\): ", "", lines[0])[:200] if lines else "unreadable"


def _outlines(children: Sequence[Any], background: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of every scenario that has some, also inside rules."""
    shared = list(background)
    for child in children:
        if "background" in child:
            shared += _steps(child["background"]["steps"], {})
        elif "rule" in child:
            yield from _outlines(child["rule"]["children"], shared)
        elif child["scenario"]["steps"]:
            scenario = child["scenario"]
            yield (*shared, *_steps(scenario["steps"], _first_example(scenario)))


def _steps(steps: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> list[Step]:
    found: list[Step] = []
    kind = ""
    for step in steps:
        kind = _KINDS.get(step["keywordType"], kind)
        found.append(Step(kind, _PLACEHOLDER.sub(lambda name: values.get(name[1], name[0]), step["text"])))
    return found


def _first_example(scenario: Mapping[str, Any]) -> dict[str, str]:
    for examples in scenario.get("examples", ()):
        if examples.get("tableHeader") and examples.get("tableBody"):
            names = [cell["value"] for cell in examples["tableHeader"]["cells"]]
            values = [cell["value"] for cell in examples["tableBody"][0]["cells"]]
            return dict(zip(names, values, strict=False))
    return {}


def _unfolded(text: str) -> str:
    """Put the line breaks back. Where the case was folded too, "and" may be a word like any other, so it stays."""
    if re.search(r"\b(?:Given|When|Then)\s", text):
        return _FOLDED.sub("\n", text)
    lines = _FOLDED_LOW.sub("\n", text)
    return re.sub(r"^\s*(scenario outline|scenario|given|when|then)\b", _capitalised, lines, flags=re.MULTILINE)


def _capitalised(keyword: re.Match[str]) -> str:
    return keyword[0].replace("scenario", "Scenario").replace("outline", "Outline").strip().capitalize()
