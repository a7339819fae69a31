"""Does this Python code compile, and do its behave step functions match the steps of a scenario?

    code = read_step_code("from behave import given\\n\\n@given('there are {n:d} cups')\\ndef _(context, n): ...")
    code.patterns                                              # (StepPattern("given", "there are {n:d} cups"),)
    unmatched(code, [Step("given", "there are 3 cups")])       # []

Nothing that a model wrote is ever run: the code is compiled and its syntax tree is read. Patterns are matched by
walking over the text once, not by a backtracking expression that a clumsy pattern could keep busy for ever.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from selfinstruct.quality.scenarios import GIVEN, THEN, WHEN, Step
from selfinstruct.text import fold_white_space

ANY_KIND = "step"
_KINDS = {GIVEN, WHEN, THEN, ANY_KIND}
_FENCE = re.compile(r"```[ \t]*(?:python3?|py)?\s(.*?)(?:```|\Z)", re.IGNORECASE | re.DOTALL)
_READABLE_MATCHERS = {"parse", "cfparse"}
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
# The types of the `parse` package that say which characters they take; every other one takes any.
_TYPES = {
    "d": r"[-+]?(?:\d+|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)",
    "n": r"[-+]?\d{1,3}(?:[.,]\d{3})*",
    "f": r"[-+]?(?:\d*\.\d+|nan|NAN|inf|INF)",
    "F": r"[-+]?(?:\d*\.\d+|nan|NAN|inf|INF)",
    "e": r"[-+]?\d*\.\d+[eE][-+]?\d+|nan|NAN|[-+]?inf|[-+]?INF",
    "g": r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|NAN|[-+]?inf|[-+]?INF",
    "%": r"[-+]?\d+(?:\.\d+)?%",
    "l": r"[A-Za-z]+",
    "w": r"\w+",
    "W": r"\W+",
    "D": r"\D+",
    "s": r"\s+",
    "S": r"\S+",
    "b": r"(?:0[bB])?[01]+",
    "o": r"(?:0[oO])?[0-7]+",
    "x": r"(?:0[xX])?[0-9a-fA-F]+",
}


@dataclass(frozen=True)
class StepPattern:
    """A step definition: given, when, then or step (any of them), and its pattern."""

    kind: str
    pattern: str


@dataclass(frozen=True)
class StepCode:
    """Code as it was read. fault: why it does not compile ("" where it does).

    unread: definitions whose pattern cannot be judged (regular expressions, patterns that are computed).
    """

    patterns: tuple[StepPattern, ...]
    fault: str
    unread: int

    @property
    def compiles(self) -> bool:
        """True when Python accepts the code."""
        return not self.fault

    @property
    def doubled(self) -> tuple[StepPattern, ...]:
        """Definitions that are there twice: behave refuses to load such a module."""
        return tuple(pattern for pattern, times in Counter(self.patterns).items() if times > 1)


def read_step_code(output: str) -> StepCode:
    """Return the step definitions of an output: what stands in its Python fences, or all of it."""
    code = code_of(output)
    if not code.strip():
        return StepCode((), "empty", 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
            compile(tree, "<output>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        return StepCode((), _fault(error), 0)
    found = list(_definitions(tree))
    return StepCode(tuple(step for step in found if step is not None), "", found.count(None))


def code_of(output: str) -> str:
    """Return the Python code in an output: its fenced parts one after the other, or the whole text without fences."""
    parts = [fence[1].strip("\n") for fence in _FENCE.finditer(output)]
    return "\n\n".join(parts) if parts else output.strip("\n")


def unmatched(code: StepCode, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that no definition matches: the kind must fit, and the pattern the whole text."""
    return [step for step in steps if not any(_fits(pattern, step) for pattern in code.patterns)]


def _fits(pattern: StepPattern, step: Step) -> bool:
    if pattern.kind not in {ANY_KIND, step.kind}:
        return False
    text = fold_white_space(step.text)
    return matches(pattern.pattern, text) or (text.endswith(":") and matches(pattern.pattern, text[:-1]))


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern of the `parse` package ("{count:d} cups") fits the whole text.

    Custom types take any text. Walks once over the text with all places where a match may stand, so the time grows with
    text times pattern and no more.
    """
    places = {0}
    for piece in _pieces(fold_white_space(pattern)):
        if isinstance(piece, str):
            places = {place + len(piece) for place in places if text.startswith(piece, place)}
        elif piece.pattern == ".+":
            places = set(range(min(places, default=len(text)) + 1, len(text) + 1))
        else:
            places = {end for place in places for end in _ends(piece, text, place)}
        if not places:
            return False
    return len(text) in places


@lru_cache(maxsize=4096)
def _pieces(pattern: str) -> tuple[str | re.Pattern[str], ...]:
    """The literal parts of a pattern, and an expression for each of its fields."""
    pieces: list[str | re.Pattern[str]] = []
    at = 0
    for field in _FIELD.finditer(pattern):
        pieces.append(pattern[at : field.start()])
        at = field.end()
        if field[0] in {"{{", "}}"}:
            pieces.append(field[0][0])
        else:
            kind = field[0][1:-1].partition(":")[2]
            pieces.append(
                re.compile(_TYPES.get(kind[-1:] if re.fullmatch(r"[-<>^=+ 0-9.,]*[\w%]", kind) else "", ".+"))
            )
    return (*pieces, pattern[at:])


def _ends(piece: re.Pattern[str], text: str, place: int) -> Iterator[int]:
    return (end for end in range(place + 1, len(text) + 1) if piece.fullmatch(text, place, end))


def _definitions(tree: ast.Module) -> Iterator[StepPattern | None]:
    """Yield each step definition in order; None for one whose pattern cannot be judged."""
    matchers = sorted(_matchers(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        matcher = next((name for line, name in reversed(matchers) if line < node.lineno), "parse")
        for decorator in node.decorator_list:
            kind = _called(decorator)
            if kind.lower() not in _KINDS or not isinstance(decorator, ast.Call):
                continue
            pattern = _text_of([*decorator.args, *(keyword.value for keyword in decorator.keywords)])
            is_read = pattern is not None and matcher in _READABLE_MATCHERS
            yield StepPattern(kind.lower(), str(pattern)) if is_read else None


def _matchers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield where behave is told to read patterns in another way, and how."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in {"use_step_matcher", "step_matcher"}:
            yield node.lineno, _text_of(node.args) or "unknown"


def _called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text_of(arguments: Iterable[ast.expr]) -> str | None:
    first = next(iter(arguments), None)
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _fault(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    return str(error) or type(error).__name__
