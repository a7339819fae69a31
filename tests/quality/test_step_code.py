"""Reading behave step code without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.quality.scenarios import Step
from selfinstruct.quality.step_code import StepPattern, code_of, matches, read_step_code, unmatched

CODE = """from behave import given, when, then

@given('there are {count:d} cups')
def step_cups(context, count):
    context.cups = count

@when("I drink one")
async def step_drink(context):
    context.cups -= 1

@then('{count:d} cups remain')
def step_remain(context, count):
    assert context.cups == count
"""
STEPS = [Step("given", "there are 3 cups"), Step("when", "I drink one"), Step("then", "2 cups remain")]


def test_definitions_are_read_in_order_and_match_the_steps() -> None:
    code = read_step_code(CODE)
    assert code.compiles
    assert code.patterns == (
        StepPattern("given", "there are {count:d} cups"),
        StepPattern("when", "I drink one"),
        StepPattern("then", "{count:d} cups remain"),
    )
    assert unmatched(code, STEPS) == []


def test_kind_and_whole_text_must_fit() -> None:
    code = read_step_code(CODE)
    wrong = [Step("when", "there are 3 cups"), Step("given", "there are many cups"), Step("when", "I drink one or two")]
    assert unmatched(code, wrong) == wrong


def test_the_step_decorator_fits_every_kind() -> None:
    code = read_step_code("import behave\n\n@behave.step(pattern='it rains')\ndef _(context): ...")
    assert unmatched(code, [Step("given", "it rains"), Step("then", "it rains")]) == []


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("```python\nx = 1\n```", "x = 1"),
        ("```python x = 1\n```\n\nTask: more", "x = 1"),
        ("Here it is:\n```py\nx = 1\n```\nand\n```python\ny = 2\n```", "x = 1\n\ny = 2"),
        ("```\nx = 1", "x = 1"),
        ("x = 1\n", "x = 1"),
    ],
)
def test_code_is_what_stands_in_the_fences_or_everything(output: str, code: str) -> None:
    assert code_of(output) == code


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ("", "empty"),
        ("```python\n```", "empty"),
        ("def f(:", "line 1: invalid syntax"),
        ("return 1", "line 1: 'return' outside function"),  # the compiler's objection, not the parser's
        ("Sorry, I cannot do that.", "line 1: invalid syntax"),
    ],
)
def test_code_that_does_not_compile_says_why(output: str, fault: str) -> None:
    code = read_step_code(output)
    assert not code.compiles and code.fault == fault and code.patterns == ()


@pytest.mark.parametrize("output", ["(" * 5000, "x = '\0'", "-" * 100_000 + "1", "9" * 10_000])
def test_code_that_the_compiler_cannot_take_is_a_fault_and_no_crash(output: str) -> None:
    assert not read_step_code(output).compiles


def test_nothing_is_run(tmp_path: Path) -> None:
    target = tmp_path / "written"
    assert read_step_code(f"open({str(target)!r}, 'w').write('x')\n{CODE}").compiles
    assert not target.exists()


def test_code_with_a_doubtful_escape_warns_nobody() -> None:
    assert read_step_code("x = '\\d'\nif x is 'a': pass").compiles


def test_a_step_that_is_defined_twice_is_told() -> None:
    code = read_step_code("@given('a')\ndef f(c): ...\n@given('a')\ndef g(c): ...\n@when('a')\ndef h(c): ...")
    assert code.doubled == (StepPattern("given", "a"),)


def test_patterns_that_cannot_be_judged_are_counted() -> None:
    code = read_step_code(
        "@given('a {x}')\ndef f(c, x): ...\nuse_step_matcher('re')\n@when('b (.*)')\ndef g(c): ...\n"
        "use_step_matcher('cfparse')\n@then('c {n:d}')\ndef h(c, n): ...\nNAME = 'd'\n@then(NAME)\ndef i(c): ..."
    )
    assert code.patterns == (StepPattern("given", "a {x}"), StepPattern("then", "c {n:d}"))
    assert code.unread == 2


# Each as the package `parse`, which behave reads patterns with, answered in version 1.22.4
@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("{n:d} cups", "12 cups", True),
        ("{n:d} cups", "-12 cups", True),
        ("{n:d} cups", "12.5 cups", False),
        ("{n:g} cups", "12.5 cups", True),
        ("{n:f} cups", "12 cups", False),
        ("{n:g} cups", "3. cups", False),
        ("{n:f} cups", "-inf cups", True),
        ("{n:n} cups", "1,000 cups", True),
        ("{n:n} cups", "1000 cups", False),
        ("{p:%} of it", "12.5% of it", True),
        ("{p:%} of it", "12 % of it", False),
        ("{word:w} cups", "twelve cups", True),
        ("{word:w} cups", "twelve big cups", False),
        ("{anything} cups", "twelve big cups", True),
        ("{anything} cups", " cups", False),  # a field is never empty
        ("{} and {}", "salt and pepper", True),
        ("{a}{b}", "x", False),
        ("{a}{b}", "xy", True),
        ("{colour:Colour} cups", "red cups", True),  # a custom type may take anything
        ("{n:>5d} cups", "12 cups", True),
        ("a {{b}}", "a {b}", True),
        ("a  cup", "a cup", True),
        ("A cup", "a cup", False),
        ("the {thing}", "the cup is {thing}", True),
        ("", "", True),
    ],
)
def test_patterns_fit_as_behave_reads_them(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


def test_a_trailing_colon_before_a_table_may_be_left_out() -> None:
    code = read_step_code("@given('these cups')\ndef f(c): ...")
    assert unmatched(code, [Step("given", "these cups:"), Step("given", "these cups")]) == []


def test_a_clumsy_pattern_ends_soon() -> None:
    """A backtracking expression would try 200 over 30 ways; walking ends, or this test never does."""
    assert not matches("{a} " * 30 + "end", "y " * 200)
