"""Config: plain values become typed ones, and whatever is wrong with them is named with its remedy."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Ge, Gt, Le

from selfinstruct import config as configs
from selfinstruct.errors import InputError
from tests.configs import (
    load,
)


@dataclass(frozen=True)
class Inner:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    threshold: Annotated[float, Ge(0), Le(1)] | None
    wait_s: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Outer:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    count: Annotated[int, Ge(1), Le(10)]
    name: str | None
    enabled: bool
    words: tuple[str, ...]
    mode: Literal["chat", "completion"]
    inner: Inner


GOOD: dict[str, Any] = {
    "count": 3,
    "name": None,
    "enabled": True,
    "words": ["a", "b"],
    "mode": "chat",
    "inner": {"threshold": 0.5, "wait_s": 1},
}


def test_plain_values_become_a_dataclass_and_lists_tuples() -> None:
    assert configs.build(Outer, GOOD) == Outer(3, None, True, ("a", "b"), "chat", Inner(0.5, 1.0))


def test_a_whole_number_is_kept_exactly_inside_its_range() -> None:
    for count in range(-50, 51):
        if 1 <= count <= 10:
            assert configs.build(Outer, GOOD | {"count": count}).count == count
        else:
            with pytest.raises(InputError, match=rf"^count={count}: input should be (greater|less) than or equal to"):
                configs.build(Outer, GOOD | {"count": count})


@pytest.mark.parametrize(
    ("threshold", "wait_s", "says"),
    [
        (0, 0.001, None),
        (1, 1, None),
        (None, 1, None),
        (-0.001, 1, "inner.threshold=-0.001: input should be greater than or equal to 0"),
        (1.001, 1, "inner.threshold=1.001: input should be less than or equal to 1"),
        (0.5, 0, "inner.wait_s=0: input should be greater than 0"),
        (0.5, None, "inner.wait_s=null: input should be a valid number"),
        (2, -1, "inner.threshold=2: input should be less than or equal to 1"),
        (2, -1, "; inner.wait_s=-1: input should be greater than 0"),
    ],
)
def test_ranges_hold_at_their_exact_boundaries(threshold: float | None, wait_s: float | None, says: str | None) -> None:
    plain = GOOD | {"inner": {"threshold": threshold, "wait_s": wait_s}}
    if says is None:
        configs.build(Outer, plain)
    else:
        with pytest.raises(InputError, match=re.escape(says)):
            configs.build(Outer, plain)


OF_ANOTHER_TYPE: list[tuple[str, Any]] = [
    *(("count", value) for value in (True, 3.5, 3.0, "3", None, [3], {"a": 1})),
    *(("name", value) for value in (5, True, ["a"])),
    *(("enabled", value) for value in (1, 0, "true", "yes", None)),
    *(("words", value) for value in ("a", None, {"a": 1})),
    *(("mode", value) for value in ("Chat", "", None, 1)),
    ("inner", "text"),
]


@pytest.mark.parametrize(("key", "value"), OF_ANOTHER_TYPE)
def test_nothing_is_converted_from_another_type(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{re.escape(f'{key}={json.dumps(value)}')}: input should be "):
        configs.build(Outer, GOOD | {key: value})


def test_a_fault_inside_a_list_names_its_place() -> None:
    with pytest.raises(InputError, match=r"^words\.1=7: input should be a valid string"):
        configs.build(Outer, GOOD | {"words": ["a", 7]})


@pytest.mark.parametrize("key", sorted(GOOD))
def test_a_missing_key_is_named(key: str) -> None:
    plain = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(InputError, match=rf"^{key}: no value; give one, for example {key}=\.\.\.$"):
        configs.build(Outer, plain)


def test_a_missing_key_of_a_section_is_named_whole() -> None:
    with pytest.raises(InputError, match=r"^inner\.wait_s: no value"):
        configs.build(Outer, GOOD | {"inner": {"threshold": 1}})
    with pytest.raises(InputError, match=r"^group\.wait_s: no value"):
        configs.build_section(Inner, {"threshold": 1}, "group")


def slips(key: str, chance: random.Random) -> set[str]:
    """A letter left out, doubled, or swapped with its neighbour, at a random place."""
    at = chance.randrange(len(key) - 1)
    dropped, doubled = key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:]
    return {dropped, doubled, key[:at] + key[at + 1] + key[at] + key[at + 2 :]} - {key}


def test_a_slip_of_the_keyboard_is_answered_with_the_key_that_was_meant() -> None:
    chance = random.Random(0)
    for key in sorted(GOOD) * 5:
        for slip in sorted(slips(key, chance)):
            with pytest.raises(InputError, match=rf'^{slip}: unknown key; did you mean "{key}"\?$'):
                configs.build(Outer, GOOD | {slip: 1})
    with pytest.raises(InputError, match=r'^inner\.wait: unknown key; did you mean "inner\.wait_s"\?$'):
        configs.build(Outer, GOOD | {"inner": {"threshold": 1, "wait_s": 1, "wait": 2}})


@pytest.mark.parametrize("key", ["zzz", "my-key", "int", "a.b", "Ünsinn", "list[int]"])
def test_a_key_like_no_other_is_to_be_removed(key: str) -> None:
    with pytest.raises(InputError, match=rf"^{re.escape(key)}: unknown key; remove it; see "):
        configs.build(Outer, GOOD | {key: 1})
    with pytest.raises(InputError, match=rf"^inner\.{re.escape(key)}: unknown key; remove it; see "):
        configs.build(Outer, GOOD | {"inner": {"threshold": 1, "wait_s": 1, key: 2}})


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("limits.max_cost_usd=.inf", "limits.max_cost_usd=inf: not a finite number"),
        ("filters.instruction.max_rouge_l=.nan", "filters.instruction.max_rouge_l=nan: not a finite number"),
        ("+model.options.rates.any=-inf", "model.options.rates.any=-inf: not a finite number"),
        ("prompts.instructions.stop=[a,.inf]", "prompts.instructions.stop[1]=inf: not a finite number"),
        ("+my-key=1", "my-key: unknown key"),
        ("+filters.instruction.max_word=1", 'did you mean "filters.instruction.max_words"?'),
        ("export.formats=[alpaca,csv]", 'export.formats.1="csv": input should be'),
        ("~generation.target", "generation.target: no value; give one"),
        ("generation.machine_examples=two", 'generation.machine_examples="two": input should be a valid integer'),
        ("~model", "model._target_: missing; choose a preset"),
        ("prompts.input_first=null", "prompts.input_first: no template, but prompts.form=instructions has this stage"),
        ("seeds=file", "seeds.path: no value; give one, for example seeds.path=my_seeds.jsonl"),
        ("limits.timeout_s=-1", "see conf/limits/ for its presets"),
    ],
)
def test_a_bad_override_names_key_value_and_remedy(override: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        load(override)


def test_equal_bounds_and_a_single_example_are_enough() -> None:
    assert load("filters.instruction.min_words=150").filters.instruction.max_words == 150
    assert load("generation.seed_examples=1", "generation.machine_examples=0").generation.seed_examples == 1
    with pytest.raises(InputError, match="a prompt needs at least one example"):
        load("generation.seed_examples=0", "generation.machine_examples=0")


def test_stages_may_lack_a_template_where_one_request_asks_for_everything() -> None:
    assert load("prompts=alpaca").prompts.input_first is None
