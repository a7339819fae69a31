"""The table by which the paper describes its dataset, for any run.

Instructions and instances go in, rows come out: name, number, and how deep the row stands below the one above.

    dataset_table(instructions, instances)[0]      # Row("instructions", Finding(120.0, n=120), 0, digits=0)

Source: Wang et al. 2023, table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.findings import Finding, count, mean, undefined
from selfinstruct.records import Instance, Instruction
from selfinstruct.text import count_words


@dataclass(frozen=True)
class Row:
    """One line of the table. depth: 1 for a part of the line above it. digits: after the point."""

    name: str
    finding: Finding
    depth: int = 0
    digits: int = 0


def dataset_table(instructions: Sequence[Instruction], instances: Sequence[Instance]) -> tuple[Row, ...]:
    """Return the statistics of a dataset. Lengths are means in words, parts between white space.

    The kinds of tasks are counted among those that are known; the others are missing, and counted beside.
    """
    inputs = [instance.input for instance in instances if instance.input.strip()]
    decided = [one.is_classification for one in instructions if one.is_classification is not None]
    undecided = len(instructions) - len(decided)
    return (
        Row("instructions", count(len(instructions))),
        Row("classification tasks", _kind(sum(decided), decided, undecided), 1),
        Row("other tasks", _kind(len(decided) - sum(decided), decided, undecided), 1),
        Row("instances", count(len(instances))),
        Row("with an empty input", Finding(float(len(instances) - len(inputs)), len(instances)), 1),
        Row("words of an instruction", _words([one.instruction for one in instructions], "instruction"), digits=1),
        Row("words of an input that is not empty", _words(inputs, "input that is not empty"), digits=1),
        Row("words of an output", _words([instance.output for instance in instances], "output"), digits=1),
    )


def _kind(number: int, decided: Sequence[bool], undecided: int) -> Finding:
    if undecided and not decided:
        return undefined("nobody knows which are classification tasks", 0, undecided)
    return Finding(float(number), len(decided), undecided)


def _words(texts: Sequence[str], name: str) -> Finding:
    return mean(list(map(count_words, texts)), f"there is no {name}")


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table as Markdown: parts are indented, each number has its n."""
    lines = ["| statistics | | n |", "|:---|---:|---:|"]
    for row in rows:
        name = "&nbsp;&nbsp;&nbsp;" * row.depth + row.name
        missing = f" ({row.finding.missing:,} missing)" if row.finding.missing else ""
        lines.append(f"| {name} | {row.finding.text(row.digits)} | {row.finding.n:,}{missing} |")
    return "\n".join(lines) + "\n"
