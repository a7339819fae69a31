"""Markdown as tests read it: blocks, the commands in them, drawn trees, links and anchors."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tests.conftest import ROOT

README = ROOT / "README.md"
STUDIES = ROOT / "experiments" / "README.md"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the line its content starts on (from 1), and its content."""

    language: str
    line: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A `selfinstruct ...` command that a document shows; `needs` says what it cannot run without ("a key")."""

    line: int
    arguments: tuple[str, ...]
    needs: str | None


def parse_blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    opened: tuple[str, str, int] | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        fence = re.match(r"\s*(`{3,}|~{3,})\s*(\w*)", line)
        if opened is None and fence:
            opened = (fence[1], fence[2], number + 1)
        elif opened is not None and line.strip() == opened[0]:
            blocks.append(Block(opened[1], opened[2], tuple(lines[opened[2] - 1 : number - 1])))
            opened = None
    return blocks


def parse_commands(text: str) -> list[Shown]:
    """Return the commands of all shell blocks, in the order a reader meets them."""
    commands = []
    for block in parse_blocks(text):
        if block.language in {"sh", "bash"}:
            marker = re.match(r"# needs (.+)", block.lines[0]) if block.lines else None
            for line, words in shell_commands(block):
                if words[0].rpartition("/")[2] == "selfinstruct":
                    commands.append(Shown(line, tuple(words[1:]), marker[1] if marker else None))
    return commands


def shell_commands(block: Block) -> list[tuple[int, list[str]]]:
    """Continued lines are joined; comments, variables before a command and what comes after a pipe are left out."""
    commands = []
    start, joined = block.line, ""
    for number, line in enumerate(block.lines, start=block.line):
        start = start if joined else number
        joined += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        for part in re.split(r"\s(?:&&|;)\s", joined):
            words = shlex.split(re.split(r"\s[|>]", part)[0], comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words:
                commands.append((start, words))
        joined = ""
    return commands


def parse_tree(lines: tuple[str, ...]) -> list[str]:
    """Return the paths of a drawn tree, folders with a slash at their end; what follows two spaces is a description.

    A line of three or more single words holds as many names.
    """
    paths: list[str] = []
    parents: list[tuple[int, str]] = []
    for line in lines:
        entry = re.match(r"[\s│├└─]*", line)
        depth = len(entry[0]) if entry else 0
        columns = re.split(r"\s{2,}", line[depth:].strip())
        if columns == [""]:
            continue
        while parents and parents[-1][0] >= depth:
            parents.pop()
        parent = parents[-1][1] if parents else ""
        names = columns if len(columns) > 2 and not any(" " in column for column in columns) else columns[:1]
        paths += [parent + name for name in names]
        if len(names) == 1 and names[0].endswith("/"):
            parents.append((depth, parent + names[0]))
    return paths


def parse_links(text: str) -> list[str]:
    """Return the targets of links and pictures outside code, also those of HTML tags."""
    for block in parse_blocks(text):
        text = text.replace("\n".join(block.lines), "")
    text = re.sub(r"`[^`\n]*`", "", text)
    return re.findall(r"\]\(([^()\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as code hosts make them."""
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
