"""What the report of a run checked item by item: scenarios, step code, a judge's answers, each with its request.

    read_checks(runs)["code compiles, of outputs"] -> [((0, 3), 1.0), ((0, 3), 0.0), ...]        ((run, request), value)

From report/bdd.jsonl and report/review.jsonl. A check is there where every run of the arm has its file; what could not
be judged is missing, never a no.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.compare.run_folders import Run
from selfinstruct.errors import InputError
from selfinstruct.jsonl import read

BDD, REVIEW = "report/bdd.jsonl", "report/review.jsonl"
GHERKIN = "parses as Gherkin, of scenarios"
IN_ORDER = "Given-When-Then in order, of scenarios"
COMPILES = "code compiles, of outputs"
MATCHED = "every step has its function, of outputs"
JUDGE = "judge: "

Cluster = tuple[int, int]  # run, request
Values = list[tuple[Cluster, float | None]]


def read_checks(of_arm: Sequence[Run]) -> dict[str, Values]:
    """Return the values of every check of an arm, by name; empty where its reports hold none.

    Raises:
        InputError: a file of a run folder cannot be read, or speaks of items that the run does not have.
    """
    found: dict[str, Values] = {}
    for name, values_of in ((BDD, _bdd), (REVIEW, _review)):
        if not all((run.folder / name).is_file() for run in of_arm):
            continue
        for number, run in enumerate(of_arm):
            for check, request, value in values_of(run.folder):
                found.setdefault(check, []).append(((number, request), None if value is None else float(value)))
    return found


def _bdd(folder: Path) -> Iterator[tuple[str, int, bool | None]]:
    """A scenario counts once, with the first of its instances; their code counts each."""
    requests = [record["request_idx"] for _, record in read(folder / runs.INSTRUCTIONS)]
    seen: set[int] = set()
    for line, record in read(folder / BDD):
        number = record["instruction"]
        request = _at(requests, number, folder / BDD, line)
        if number not in seen:
            seen.add(number)
            yield GHERKIN, request, record["gherkin"]
            yield IN_ORDER, request, None if record["order"] == "not readable" else not record["order"]
        if record["code"] is not None:
            yield COMPILES, request, not record["code"]
            unmatched = record["unmatched"]
            yield MATCHED, request, None if unmatched is None else not (unmatched or record["doubled"])


def _review(folder: Path) -> Iterator[tuple[str, int, bool | None]]:
    requests: Mapping[str, Any] = {
        record["instruction"]: record["request_idx"] for _, record in read(folder / runs.INSTRUCTIONS)
    }
    of_instance = [requests.get(record["instruction"]) for _, record in read(folder / runs.INSTANCES)]
    for line, record in read(folder / REVIEW):
        request = _at(of_instance, record["instance"], folder / REVIEW, line)
        for question, answer in record["answers"].items():
            yield JUDGE + question.replace("_", " "), request, answer


def _at(requests: Sequence[Any], number: int, path: Path, line: int) -> int:
    request = requests[number] if number < len(requests) else None
    if request is None:
        raise InputError(f"{path}:{line}: speaks of item {number}, which the run does not have; repeat its command")
    return int(request)
