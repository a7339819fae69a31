"""What a prompt asks for, read from its text alone: the stage, the examples, the number to go on with, the target task.

A prompt goes in (chat turns joined by blank lines), a `Reading` comes out:

    "1. Name a fruit.\\n2. Bake bread.\\n3."  ->  Reading("list", ("Name a fruit.", "Bake bread."), 3, 10, "3.")

The shipped templates and variants of them are recognised by what any template of the method needs: numbered items,
`Task:`, `Output:` and `Class label:` labels, answered yes-or-no questions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, OUTPUT_FIRST

LIST = "list"
TASKS = "tasks"
OTHER = "other"

_USUAL_COUNT = 8
_MOST = 100
# Patterns begin with the line break, which re finds fast, where ^ would be tried at every character.
_NUMBER = re.compile(r"\n[ \t]*(?:\*\*)?(\d{1,3})[.)](?:\*\*)?(?=[ \t\n]|$)(?![ \t]*(?:Input|Output):)")
_TARGET = re.compile(r"\n(?:Task|Instruction):[ \t]*")
_LABEL = re.compile(r"\nClass label:")
_OUTPUT = re.compile(r"\nOutput:")
_YES_NO = re.compile(r"[?:][ \t]*(?:yes|no)\W*$", re.MULTILINE | re.IGNORECASE)
_TASK_PARTS = re.compile(r"\s*(?:\d+\.\s*)?(Instruction|Input|Output):[ \t]*", re.IGNORECASE)
_QUESTION_LINE = re.compile(r"\n[^\n]*[?:]\s*$")
_OPEN_LABEL = re.compile(r"\n(?:Example 1|(?:Input|Output|Answer|Class label):)\s*$")
_NUMERALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNT = re.compile(rf"\b(\d{{1,2}}|{'|'.join(_NUMERALS)})\s+(?:more|new|further|other)\b", re.IGNORECASE)
_CLOSING_WORDS = re.compile(r"\b(?:examples?|label|answer|reply)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """A prompt, understood. `examples` are the instructions shown; numbers count items from 1, the last one included.

    open_at: "9." where the prompt ends with the open number 9, "9. Instruction:" where that label follows, else "".
    has_blank_lines: a blank line parts the shown items. target: the task of a classification or instance prompt.
    """

    kind: str
    examples: tuple[str, ...] = ()
    next_number: int = 1
    last_number: int = _USUAL_COUNT
    open_at: str = ""
    has_blank_lines: bool = False
    target: str = ""


@dataclass(frozen=True)
class _Chain:
    """Consecutive numbers 1, 2, 3, ... at line starts: where each number begins and where the text after it does."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]


def read_prompt(prompt: str, stop: Sequence[str]) -> Reading:
    """Return what the prompt asks for. `stop` tells how far a list is expected to run."""
    prompt = f"\n{prompt}"
    chain = _longest_chain(prompt)
    length = len(chain.starts)
    if length and _open_at(prompt, chain):
        return _read_list(prompt, chain, stop)
    targets = list(_TARGET.finditer(prompt))
    if targets and len(targets) >= length:
        return _read_target(prompt, prompt[targets[-1].end() :])
    if length:
        return _read_list(prompt, chain, stop)
    return Reading(OTHER, target=prompt.strip().rpartition("\n\n")[2])


def _read_target(prompt: str, target: str) -> Reading:
    if _LABEL.search(prompt):
        return Reading(OUTPUT_FIRST, target=_without_closing(target))
    if _OUTPUT.search(prompt):
        return Reading(INPUT_FIRST, target=_without_closing(target))
    if _YES_NO.search(prompt) or re.search(r"\byes\b.{1,9}\bno\b", prompt, re.IGNORECASE):
        return Reading(CLASSIFICATION, target=_QUESTION_LINE.sub("", target).strip())
    return Reading(OTHER, target=target.strip())


def _without_closing(target: str) -> str:
    """The target without the paragraph that asks for its examples once more, and without an open label."""
    target = _OPEN_LABEL.sub("", target)
    head, _, last = target.strip().rpartition("\n\n")
    return head.strip() if head and "task" in last.lower() and _CLOSING_WORDS.search(last) else target.strip()


def _longest_chain(prompt: str) -> _Chain:
    """Numbers inside an item (steps, code) start a chain of their own; the one that grew last is tried first."""
    chains: list[list[re.Match[str]]] = []
    for match in _NUMBER.finditer(prompt):
        number = int(match[1])
        open_chain = next((chain for chain in reversed(chains) if len(chain) == number - 1), None)
        if number == 1:
            chains.append([match])
        elif open_chain is not None:
            open_chain.append(match)
            chains.remove(open_chain)
            chains.append(open_chain)
    longest = max(reversed(chains), key=len, default=[])
    return _Chain(tuple(match.start() for match in longest), tuple(match.end() for match in longest))


def _open_at(prompt: str, chain: _Chain) -> str:
    rest = prompt[chain.ends[-1] :].strip()
    return f"{len(chain.starts)}. {rest}".strip() if rest in {"", "Instruction:"} else ""


def _read_list(prompt: str, chain: _Chain, stop: Sequence[str]) -> Reading:
    open_at = _open_at(prompt, chain)
    next_number = len(chain.starts) + (0 if open_at else 1)
    items = _items(prompt, chain, next_number)
    closing = "" if open_at else prompt[chain.ends[-1] + len(items[-1]) :]
    has_tasks = any(_TASK_PARTS.match(item) for item in items) or "Instruction:" in open_at
    return Reading(
        kind=TASKS if has_tasks else LIST,
        examples=tuple(_instruction(item) if has_tasks else item.strip() for item in items),
        next_number=next_number,
        last_number=min(_last_number(prompt[: chain.starts[0]] + closing, next_number, stop), next_number + _MOST),
        open_at=open_at,
        has_blank_lines=any(item.endswith("\n") for item in items[:-1]),
    )


def _items(prompt: str, chain: _Chain, next_number: int) -> list[str]:
    bounds = [*chain.starts[1:], len(prompt)]
    items = [prompt[end:bound] for end, bound in zip(chain.ends, bounds, strict=True)]
    if len(items) == next_number:  # the open number is no item
        return items[:-1]
    asks_on = re.compile(rf"\n\s*\n(?=[^\n]*(?:\b{next_number}\b|\b(?:new|more) tasks\b))")
    closing = asks_on.search(items[-1])
    return [*items[:-1], items[-1][: closing.start()] if closing else items[-1]]


def _instruction(item: str) -> str:
    """The instruction of an item that also holds input and output."""
    parts = _TASK_PARTS.split(item.replace("###", ""))
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    return (named.get("Instruction") or item).strip()


def _last_number(words: str, next_number: int, stop: Sequence[str]) -> int:
    """The number asked for ("9 to 16", "eight more"), or the one at which a stop sequence waits, or eight more."""
    if asked := re.search(rf"\b{next_number} ?(?:to|-|–|through|until|up to) ?(\d+)", words):
        return int(asked[1])
    if count := _COUNT.search(words):
        return next_number + (int(count[1]) if count[1].isdigit() else _NUMERALS.index(count[1].lower()) + 1) - 1
    waiting = [int(number) for mark in stop for number in re.findall(r"\d+", mark)]
    return max([number for number in waiting if number > next_number], default=next_number + _USUAL_COUNT - 1)
