"""Super-NaturalInstructions from a checkout of its repository: a folder goes in, items come out.

    <path>/tasks/task1_word_count.json       {"Definition": ["Count the words."], "Categories": ["Word Analysis"],
                                              "Positive Examples": [{"input": "Sing.", "output": "1", ...}],
                                              "Negative Examples": [...],
                                              "Instances": [{"id": "task1-0", "input": "I see.", "output": ["2"]}]}
    <path>/splits/default/test_tasks.txt     one task a line, without .json

The first definition and the first category count, as in the official scorer's reference file. The first 100 instances
of a test task are the official test set; they were put first for that. Negative examples are not shown.
Source: Wang et al. 2022, arXiv 2204.07705, and the repository's splits/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.evaluation.items import Item, id_of
from selfinstruct.evaluation.scoring import EXACT_MATCH, ROUGE_L
from selfinstruct.records import Pair

OFFICIAL_INSTANCES = 100
OFFICIAL_MEASURES = dict.fromkeys(
    (
        *("Textual Entailment", "Cause Effect Classification", "Coreference Resolution"),
        *("Dialogue Act Recognition", "Answerability Classification", "Word Analogy"),
    ),
    EXACT_MATCH,
) | dict.fromkeys(
    (
        *("Overlap Extraction", "Keyword Tagging", "Question Rewriting"),
        *("Title Generation", "Data to Text", "Grammar Error Correction"),
    ),
    ROUGE_L,
)
"""The one measure by which the scorer published with Tk-Instruct judges each category of the test tasks."""


def read_superni(path: Path, split: str | None, instances: int | None) -> list[Item]:
    """Return the items of the tasks that the split lists, in its order; `split` None: all tasks by name.

    Raises:
        InputError: no such folder, list or task, or a task that is not as above.
    """
    if not path.is_dir():
        raise InputError(f"benchmark.path={path}: no such folder; give a checkout of Super-NaturalInstructions")
    folder = path / "tasks" if (path / "tasks").is_dir() else path
    names = _listed(path / split) if split else sorted(file.stem for file in folder.glob("*.json"))
    absent = [name for name in names if not (folder / f"{name}.json").is_file()]
    if absent:
        raise InputError(f"{folder}: {len(absent)} listed tasks are not there, first {absent[0]}.json; fetch them")
    return [item for name in names for item in _task(folder / f"{name}.json", name, instances)]


def _listed(path: Path) -> list[str]:
    if not path.is_file():
        raise InputError(
            f"benchmark.split: {path}: no such file; give the list of tasks from benchmark.path, or null for all tasks"
        )
    try:
        listed = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); save it as UTF-8, one task a line") from error
    names = [line.strip().removesuffix(".json") for line in listed]
    return list(dict.fromkeys(name for name in names if name))


def _task(path: Path, name: str, most: int | None) -> list[Item]:
    task = _object(path)
    definition = _first(path, task, "Definition")
    category = _first(path, task, "Categories") if task.get("Categories") else ""
    examples = tuple(_example(path, example) for example in task.get("Positive Examples") or ())
    found = task.get("Instances")
    if not isinstance(found, list) or not found:
        raise InputError(f'{path}: "Instances" is missing or empty; give at least one')
    return [
        _item(path, number, instance, Item("", name, category, definition, "", (), examples))
        for number, instance in enumerate(found[:most])
    ]


def _item(path: Path, number: int, instance: Any, like: Item) -> Item:
    if not isinstance(instance, dict) or not isinstance(instance.get("input"), str):
        raise InputError(f'{path}: instance {number}: "input" is no text; give one')
    outputs = instance.get("output")
    references = [outputs] if isinstance(outputs, str) else outputs
    if not _are_texts(references) or not references:
        raise InputError(f'{path}: instance {number}: "output" holds no reference; give a list of texts')
    name = id_of(instance, f"{like.task}-{number}")
    return Item(name, like.task, like.category, like.instruction, instance["input"], tuple(references), like.examples)


def _example(path: Path, example: Any) -> Pair:
    output = example.get("output") if isinstance(example, dict) else None
    text = output[0] if isinstance(output, list) and output else output
    if not isinstance(text, str) or not isinstance(example.get("input"), str):
        raise InputError(f'{path}: a positive example has no text as "input" or "output"; correct it')
    return Pair(example["input"], text)


def _first(path: Path, task: dict[str, Any], key: str) -> str:
    value = task.get(key)
    texts = [value] if isinstance(value, str) else value
    if not _are_texts(texts) or not texts or not texts[0].strip():
        raise InputError(f'{path}: "{key}" is missing or empty; give a text, or a list that begins with one')
    return str(texts[0])


def _are_texts(values: Any) -> bool:
    return isinstance(values, Sequence) and all(isinstance(value, str) for value in values)


def _object(path: Path) -> dict[str, Any]:
    try:
        task = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); save it as one JSON object in UTF-8") from error
    if not isinstance(task, dict):
        raise InputError(f"{path}: a {type(task).__name__}, not an object; a task is one JSON object")
    return task
