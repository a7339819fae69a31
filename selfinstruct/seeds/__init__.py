"""Seed sets: read from JSON Lines or Markdown, checked as a whole, written back without loss.

In: a `.jsonl`, `.jsonl.gz` or `.md` file, or a folder of `.md` files. Out: a SeedSet, or one error listing the faults.

    {"id": "seed_0", "name": "antonym", "instruction": "Name the opposite of the word.",
     "instances": [{"input": "cold", "output": "hot"}], "is_classification": false}        (on one line)

`breaks` is optional: the quality criteria that a task breaks on purpose. `id` and `name` may be left out: the id
becomes <set name>_<index from 0>, the name becomes the id; nothing of the task is lost by that.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.jsonl import canonical, dumps
from selfinstruct.records import SeedSet, SeedTask
from selfinstruct.seeds.checking import CRITERIA, SeedCheck, check_tasks, refuse
from selfinstruct.seeds.markdown import from_markdown, to_markdown
from selfinstruct.seeds.reading import read_raw

__all__ = [
    "CRITERIA",
    "SeedCheck",
    "check_seeds",
    "content_sha256",
    "from_markdown",
    "load_seeds",
    "to_jsonl",
    "to_markdown",
]


def load_seeds(path: Path, name: str, quality: str) -> SeedSet:
    """Return the seed set in a file or folder, in file order.

    A folder's `.md` files are read in the order of their names. The name and quality given here count, not those
    that a Markdown file states.

    Raises:
        InputError: the path cannot be read, or tasks are faulty; lists up to 20 faults, each with file and line.
    """
    check = check_seeds(path, name)
    if check.faults:
        raise refuse(str(path), check.faults)
    return SeedSet(name, quality, check.tasks)


def check_seeds(path: Path, name: str) -> SeedCheck:
    """Return the sound tasks of a seed file or folder, with everything that is wrong or doubtful about it.

    Faults make the set unusable. Warnings do not: the published mixed-quality set repeats an instruction, and loads.

    Raises:
        InputError: the path is missing, of an unknown kind, or cannot be read at all.
    """
    raw, faults = read_raw(path)
    return check_tasks(raw, str(path), name, faults)


def to_jsonl(seed_set: SeedSet) -> str:
    """Return the set as JSON Lines in the published schema; `breaks` is written where it says something.

    Raises:
        InputError: a text holds half a character (an unpaired surrogate), which no file can hold.
    """
    text = "".join(dumps(_record(task)) + "\n" for task in seed_set.tasks)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"seed set {seed_set.name}: {error}; replace the unpaired surrogate") from error
    return text


def _record(task: SeedTask) -> dict[str, Any]:
    record: dict[str, Any] = {"id": task.id, "name": task.name} | _content(task)
    return record | ({"breaks": list(task.breaks)} if task.breaks else {})


def content_sha256(seed_set: SeedSet) -> str:
    """Return the hash of what the method sees: instructions, instances and is_classification, in order.

    Path, format, ids, names and `breaks` do not change it, for they do not change what a run makes of the seeds.
    """
    content = canonical([_content(task) for task in seed_set.tasks])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _content(task: SeedTask) -> dict[str, Any]:
    return {
        "instruction": task.instruction,
        "instances": [{"input": pair.input, "output": pair.output} for pair in task.instances],
        "is_classification": task.is_classification,
    }
