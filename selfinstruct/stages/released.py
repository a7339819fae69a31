"""A run's data under the names and in the form in which Self-Instruct released its own: `export=self_instruct`.

    all_generated_instances.jsonl        {"instruction": "Name the capital.", "input": "Peru", "output": "Lima"}
    machine_generated_instructions.jsonl {"instruction": ..., "most_similar": {...}, "avg_similarity_score": 0.19, ...}
    is_clf_or_not_<model>.jsonl          {"instruction": "Name the capital.", "is_classification": " No"}

Machine-written data only, in the run's order, duplicates included: what the names promise in the release. One file of
it is not written: machine_generated_instances.jsonl holds raw answers, which a run folder does not have (they are in
the completion store); what was read from them is in all_generated_instances.jsonl.

Source: Wang et al. 2023, released files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from selfinstruct import jsonl
from selfinstruct.records import Instance, Instruction
from selfinstruct.stages.data_card import WrittenFile

INSTANCES_FILE = "all_generated_instances.jsonl"
INSTRUCTIONS_FILE = "machine_generated_instructions.jsonl"
_ANSWERS = {True: " Yes", False: " No", None: ""}


def write_released(
    target: Path, instances: Sequence[Instance], instructions: Sequence[Instruction], model: str
) -> list[WrittenFile]:
    """Write the files into `target`; without instructions only that of the instances.

    Where one request brings everything (Alpaca's way), nobody asks whether a task is classification: no file says it.
    """
    triples = ({"instruction": one.instruction, "input": one.input, "output": one.output} for one in instances)
    files: list[tuple[str, Iterable[Mapping[str, Any]], str]]
    files = [(INSTANCES_FILE, triples, "the machine-written instances, as Self-Instruct names them")]
    if instructions:
        records = (_instruction(one) for one in instructions)
        files.append((INSTRUCTIONS_FILE, records, "the accepted instructions, as Self-Instruct names them"))
    if any(one.is_classification is not None for one in instructions):
        content = "whether a task is classification, as Self-Instruct names it"
        files.append((classification_file(model), _answers(instructions), content))
    return [_write(target / name, records, content) for name, records, content in files]


def classification_file(model: str) -> str:
    """Return the name of the file of answers, which names the model that gave them."""
    return f"is_clf_or_not_{re.sub(r'[^A-Za-z0-9._-]+', '-', model.rpartition('/')[2]) or 'model'}.jsonl"


def _write(path: Path, records: Iterable[Mapping[str, Any]], content: str) -> WrittenFile:
    lines = list(records)
    jsonl.write(path, lines)
    return WrittenFile(path.name, len(lines), content)


def _answers(instructions: Sequence[Instruction]) -> Iterator[dict[str, str]]:
    """The release has the model's own words, here what they were read as; empty where nobody could read them."""
    for one in instructions:
        yield {"instruction": one.instruction, "is_classification": _ANSWERS[one.is_classification]}


def _instruction(instruction: Instruction) -> dict[str, Any]:
    """`metadata` holds the raw answer in the release; here the completion store has it, so it is empty."""
    return {
        "instruction": instruction.instruction,
        "most_similar": instruction.most_similar,
        "avg_similarity_score": instruction.avg_similarity_score,
        "metadata": {},
        "request_idx": instruction.request_idx,
    }
