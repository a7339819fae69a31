"""The Markdown around an answer's words: code blocks, emphasis, quotation marks, rules, indentation. Own reading only.

unwrap('**Poetry:** Write a poem.') → "Poetry: Write a poem."
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

_FENCE = re.compile(r"`{3,}|~{3,}")
_EMPHASIS_FIRST = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_ALL_EMPHASIS = re.compile(r"([*_])(?=[^\s*_])([^*_]+)(?<=\S)\1")
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”|«\s*([^«»]*?)\s*»|「([^「」]*)」|„([^„“]*)“')
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,}|={3,}|\#{3,})\s*")
_STRUCTURE = re.compile(r"[ \t]*(?:`{3}|~{3}|[-*+•][ \t]|\d{1,3}[.)][ \t]|\|)")

NO_INPUT = frozenset({"none", "n/a", "noinput", "no input", "not applicable", "no input needed", "no input required"})


def inside_code(lines: Sequence[str], is_truncated: bool) -> list[bool]:
    """Return for each line whether it starts inside a fenced code block (the opening line itself does not).

    A block that never ends is no block, so that one forgotten fence does not swallow the rest of an answer; only where
    the token limit cut the answer it reaches to the end. A fence before a language name or after a colon opens a block,
    never closes one.
    """
    inside = [False] * len(lines)
    opened, mark = -1, ""
    for number, line in enumerate(lines):
        runs = [run for run in _FENCE.finditer(line) if opened < 0 or run[0].startswith(mark)]
        inside[number] = opened >= 0
        if len(runs) % 2 == 0:
            continue
        if opened >= 0 and not _opens(line, runs[-1]):
            opened = -1
            continue
        if opened >= 0:
            inside[opened + 1 : number + 1] = [False] * (number - opened)
        opened, mark = number, runs[-1][0]
    if opened >= 0 and not is_truncated:
        inside[opened + 1 :] = [False] * (len(lines) - opened - 1)
    return inside


def _opens(line: str, fence: re.Match[str]) -> bool:
    return line[fence.end() :][:1].isalnum() or line[: fence.start()].rstrip(" *_").endswith((":", "："))


def unwrap(text: str) -> str:
    """Return the text without the emphasis that it starts with, or the quotation marks around all of it."""
    text = _EMPHASIS_FIRST.sub(r"\2", text, count=1) if text.startswith(("**", "__")) else text
    if whole := _ALL_EMPHASIS.fullmatch(text):
        text = whole[2]
    if quoted := _QUOTED.fullmatch(text):
        text = next(group for group in quoted.groups() if group is not None)
    return text.strip()


def without_last_rule(text: str) -> str:
    """Return the text, trimmed, without the horizontal rules that end it; they part it from what followed."""
    lines = text.strip().split("\n")
    while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip()


def dedent_structure(lines: Sequence[str]) -> list[str]:
    """Return the further lines of a list item; a code block, list or table loses the indentation of the item.

    Anything else stays as it is: indented lines may be code, where the indentation is the meaning.
    """
    first = next((line for line in lines if line.strip()), "")
    if not _STRUCTURE.match(first):
        return list(lines)
    return textwrap.dedent("\n".join(lines)).split("\n")


def without_marker(given: str) -> str:
    """Return the input, or "" when all of it says that there is none (`<noinput>`, `None`, `N/A`), in any case."""
    return "" if given.strip(" \t\n<>()[].*_\"'").lower() in NO_INPUT else given
