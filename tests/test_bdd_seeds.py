"""The shipped BDD sets: what each declares is true, and every step module runs its scenario to the end."""

from __future__ import annotations

import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from selfinstruct.records import SeedSet, SeedTask
from selfinstruct.seeds import CRITERIA, load_seeds
from selfinstruct.text import count_words, fold_white_space, rouge_tokens

SHIPPED = Path(__file__).resolve().parents[1] / "conf" / "seeds"
HIGH = load_seeds(SHIPPED / "bdd_high.jsonl", "bdd_high", "high")
MIXED = load_seeds(SHIPPED / "bdd_mixed.jsonl", "bdd_mixed", "mixed")
SETS = pytest.mark.parametrize("seed_set", [HIGH, MIXED], ids=lambda seed_set: seed_set.name)
TASKS = pytest.mark.parametrize("task", HIGH.tasks + MIXED.tasks, ids=lambda task: task.id)
GOOD_TASKS = [task for task in HIGH.tasks + MIXED.tasks if not task.breaks]
# Placeholder types of behave's default matcher that the sets use.
TYPES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "": ("(.+?)", str),
    "d": (r"([+-]?\d+)", int),
    "g": (r"([+-]?\d+(?:\.\d+)?)", float),
}


class Step(NamedTuple):
    kind: str
    text: str
    table: list[list[str]]


class Definition(NamedTuple):
    kind: str
    pattern: str
    function: Callable[..., None]

    def arguments(self, text: str) -> dict[str, Any] | None:
        """The placeholders' values where the pattern matches the step text, else None."""
        fields = re.findall(r"\{(\w+):?(\w?)\}", self.pattern)
        literals = re.split(r"\{\w+:?\w?\}", self.pattern)
        groups = [TYPES[kind][0] for _, kind in fields] + [""]
        expression = "".join(re.escape(text) + group for text, group in zip(literals, groups, strict=True))
        found = re.fullmatch(expression, text, re.IGNORECASE)
        if found is None:
            return None
        return {name: TYPES[kind][1](value) for (name, kind), value in zip(fields, found.groups(), strict=True)}


def scenario(task: SeedTask) -> str:
    fenced = re.findall(r"```gherkin\n(.*?)\n```", task.instruction, re.DOTALL)
    assert len(fenced) == 1
    return str(fenced[0])


def steps(task: SeedTask) -> list[Step]:
    title, *lines = scenario(task).splitlines()
    assert title.startswith("Scenario: ")
    found: list[Step] = []
    for line in lines:
        keyword, _, text = line.strip().partition(" ")
        if keyword == "|":
            found[-1].table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        else:
            assert keyword in {"Given", "When", "Then", "And"}
            found.append(Step(found[-1].kind if keyword == "And" else keyword.lower(), text, []))
    return found


@pytest.fixture
def definitions(monkeypatch: pytest.MonkeyPatch) -> Callable[[SeedTask], list[Definition]]:
    """Run a task's output with a stand-in for behave that collects the step functions."""

    def collect(task: SeedTask) -> list[Definition]:
        found: list[Definition] = []

        def decorator(kind: str) -> Callable[[str], Callable[[Any], Any]]:
            def register(pattern: str) -> Callable[[Any], Any]:
                def keep(function: Any) -> Any:
                    found.append(Definition(kind, pattern, function))
                    return function

                return keep

            return register

        behave = ModuleType("behave")
        for kind in ("given", "when", "then"):
            setattr(behave, kind, decorator(kind))
        monkeypatch.setitem(sys.modules, "behave", behave)
        # dont_inherit: the output is compiled without this file's annotations import.
        exec(compile(task.instances[0].output, task.id, "exec", dont_inherit=True), {"__name__": task.id})
        return found

    return collect


def matching(definitions: list[Definition], step: Step) -> list[Definition]:
    return [item for item in definitions if item.kind == step.kind and item.arguments(step.text) is not None]


@SETS
def test_each_set_holds_44_tasks_in_one_form(seed_set: SeedSet) -> None:
    assert [task.id for task in seed_set.tasks] == [f"{seed_set.name}_{index:03d}" for index in range(44)]
    assert len({task.name for task in seed_set.tasks}) == 44
    for task in seed_set.tasks:
        assert not task.is_classification
        assert [pair.input for pair in task.instances] == [""]
        assert "behave" in task.instruction
        assert "from behave import given, when, then" in task.instances[0].output.splitlines()


@TASKS
def test_an_instruction_passes_the_word_limits_of_the_bdd_filters(task: SeedTask) -> None:
    assert 20 < count_words(task.instruction) <= 500


@TASKS
def test_the_step_functions_run_the_scenario_to_the_end(
    task: SeedTask, definitions: Callable[[SeedTask], list[Definition]]
) -> None:
    known = definitions(task)
    context = SimpleNamespace()
    for step in steps(task):
        (found,) = matching(known, step)
        header, *rows = step.table or [[]]
        context.table = [dict(zip(header, row, strict=True)) for row in rows]
        found.function(context, **(found.arguments(step.text) or {}))


@TASKS
def test_every_step_function_serves_a_step_and_does_something(
    task: SeedTask, definitions: Callable[[SeedTask], list[Definition]]
) -> None:
    known = definitions(task)
    used = {item for step in steps(task) for item in matching(known, step)}
    assert used == set(known)
    assert not re.search(r"^\s+(pass|\.\.\.)$", task.instances[0].output.partition("@given")[2], re.MULTILINE)


@TASKS
def test_no_pattern_is_ambiguous_to_behave(task: SeedTask, definitions: Callable[[SeedTask], list[Definition]]) -> None:
    """Behave refuses a step whose pattern text an earlier pattern of the same kind matches."""
    for earlier, later in itertools.combinations(definitions(task), 2):
        assert earlier.kind != later.kind or earlier.arguments(later.pattern) is None


@pytest.mark.parametrize("task", GOOD_TASKS, ids=lambda task: task.id)
def test_a_good_scenario_has_given_when_then_in_order_and_one_action(task: SeedTask) -> None:
    kinds = [step.kind for step in steps(task)]
    assert [kind for kind, _ in itertools.groupby(kinds)] == ["given", "when", "then"]
    assert kinds.count("when") == 1


def test_the_high_set_breaks_nothing_and_half_of_the_mixed_set_breaks_each_criterion_often() -> None:
    assert all(not task.breaks for task in HIGH.tasks)
    broken = [task.breaks for task in MIXED.tasks if task.breaks]
    assert len(broken) == 22
    assert all(len(breaks) <= 3 for breaks in broken)
    counts = Counter(itertools.chain.from_iterable(broken))
    assert {name: counts[name] >= 8 for name in CRITERIA} == dict.fromkeys(CRITERIA, True)


def test_a_scenario_that_breaks_singular_has_several_actions() -> None:
    for task in MIXED.tasks:
        if "singular" in task.breaks:
            assert [step.kind for step in steps(task)].count("when") >= 2, task.id


def test_a_scenario_with_steps_out_of_order_says_that_it_breaks_integrous() -> None:
    for task in MIXED.tasks:
        order = [kind for kind, _ in itertools.groupby(step.kind for step in steps(task))]
        assert order == ["given", "when", "then"] or "integrous" in task.breaks, task.id


def test_the_two_sets_share_no_scenario_and_no_step() -> None:
    high, mixed = ({fold_white_space(scenario(task)) for task in seed_set.tasks} for seed_set in (HIGH, MIXED))
    assert len(high) == len(mixed) == 44
    assert not high & mixed
    used, other = ({step.text for task in seed_set.tasks for step in steps(task)} for seed_set in (HIGH, MIXED))
    assert not used & other


@SETS
def test_no_two_instructions_of_a_set_are_alike(seed_set: SeedSet) -> None:
    tokens = [rouge_tokens(task.instruction) for task in seed_set.tasks]
    for left, right in itertools.combinations(tokens, 2):
        # The tokens in common, in any order, bound the subsequence from above; most pairs need no more than that.
        if f_measure((Counter(left) & Counter(right)).total(), left, right) > 0.7:
            assert f_measure(common_length(left, right), left, right) <= 0.7


def f_measure(common: int, left: list[str], right: list[str]) -> float:
    """ROUGE-L F of two token lists with a longest common subsequence of this length."""
    return 2 * common / (len(left) + len(right))


def common_length(left: list[str], right: list[str]) -> int:
    """The length of the longest common subsequence, one row of the textbook table at a time."""
    row = [0] * (len(right) + 1)
    for token in left:
        diagonal = 0
        for place, other in enumerate(right, start=1):
            diagonal, row[place] = row[place], diagonal + 1 if token == other else max(row[place], row[place - 1])
    return row[-1]


def test_the_common_length_is_the_textbook_one() -> None:
    assert common_length(list("abcbdab"), list("bdcaba")) == 4  # bcba, the example of Cormen et al., section 15.4
