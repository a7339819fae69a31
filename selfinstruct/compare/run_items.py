"""The items behind the numbers of an arm, each with the bootstrap request that it came from.

An arm's run folders go in; rates (yes/no items) and means (numbers) by name come out, summed by request:

    read_items(arm).rates["accepted, of judged"] -> Rate(Count(60, 78), Clustered(sums=(6.0, 5.0, ...), ...))

What one completion brought is not independent, and neither are the instances of its instructions: all of them carry
the request as their cluster. A value that is not known is missing; it is counted, and never taken as no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.compare.arms import Arm
from selfinstruct.compare.run_checks import read_checks
from selfinstruct.compare.run_folders import Run
from selfinstruct.errors import InputError
from selfinstruct.jsonl import read
from selfinstruct.metrics import tokenizer_of
from selfinstruct.novelty import highest_scores
from selfinstruct.records import KEPT, TARGET_REACHED
from selfinstruct.statistics import Clustered, Count, clustered
from selfinstruct.text import count_words

ACCEPTED = "accepted, of judged"
TOO_SIMILAR = "too similar, of judged"
CLASSIFICATION = "classification, of read answers"
WITH_INSTANCE = "with an instance, of accepted"
INSTANCES_KEPT = "instances kept, of written"
EMPTY_INPUT = "empty input, of instances"
PER_REQUEST = "accepted per request"
PER_INSTRUCTION = "instances per instruction"
TO_POOL = "highest ROUGE-L to the pool"
TO_SEEDS = "highest ROUGE-L to the seeds"
INSTRUCTION_WORDS = "words of an instruction"
INPUT_WORDS = "words of an input that is not empty"
OUTPUT_WORDS = "words of an output"

Items = dict[str, list[tuple[tuple[int, int], float | None]]]  # by name: ((run, request), value)


@dataclass(frozen=True)
class Rate:
    """Yes/no items: their count, and the same by request; None where the folder does not tell the items apart."""

    count: Count
    by_request: Clustered | None


@dataclass(frozen=True)
class ArmItems:
    """The rates and the means of an arm, by name, in the order of the method."""

    rates: Mapping[str, Rate]
    means: Mapping[str, Clustered]


def read_items(arm: Arm) -> ArmItems:
    """Return the items of all runs of an arm, pooled; requests of different runs are different clusters.

    Raises:
        InputError: a file of a run folder is missing or cannot be read.
    """
    rates: Items = {name: [] for name in (ACCEPTED, TOO_SIMILAR, WITH_INSTANCE, INSTANCES_KEPT, EMPTY_INPUT)}
    means: Items = {name: [] for name in (PER_REQUEST, PER_INSTRUCTION, TO_POOL, TO_SEEDS)}
    means |= {name: [] for name in (INSTRUCTION_WORDS, INPUT_WORDS, OUTPUT_WORDS)}
    classification: Items = {CLASSIFICATION: []}
    for number, run in enumerate(arm.runs):
        _candidates(number, run, rates, means)
        request_of = _instructions(number, run, means, classification)
        _instances(number, run, request_of, rates, means)
    found = {name: _rate(items) for name, items in rates.items()}
    found[CLASSIFICATION] = _classification_rate(arm, classification[CLASSIFICATION])
    checks = {name: _rate(values) for name, values in read_checks(arm.runs).items()}
    ordered = {name: found[name] for name in (ACCEPTED, TOO_SIMILAR, CLASSIFICATION, *list(rates)[2:])}
    return ArmItems(
        ordered | checks | _parsing_rates(arm),
        {name: clustered(items) for name, items in means.items()},
    )


def _rate(items: list[tuple[tuple[int, int], float | None]]) -> Rate:
    by_request = clustered(items)
    return Rate(Count(round(sum(by_request.sums)), by_request.n, by_request.missing), by_request)


def _candidates(number: int, run: Run, rates: Items, means: Items) -> None:
    for _, record in read(run.folder / runs.CANDIDATES):
        rule = record["verdict"]["rule"]
        if rule == TARGET_REACHED:
            continue
        cluster = (number, record["request"])
        rates[ACCEPTED].append((cluster, float(rule == KEPT)))
        rates[TOO_SIMILAR].append((cluster, float(rule == "too_similar")))
    for _, record in read(run.folder / runs.REQUESTS):
        if record["judged"] or not record["candidates"]:  # else it was answered after the target was reached
            means[PER_REQUEST].append(((number, record["request"]), float(record["accepted"])))


def _instructions(number: int, run: Run, means: Items, classification: Items) -> dict[str, tuple[int, int]]:
    """Return the request that each accepted instruction came from, by its text."""
    records = [record for _, record in read(run.folder / runs.INSTRUCTIONS)]
    clusters = [(number, record["request_idx"]) for record in records]
    texts = [record["instruction"] for record in records]
    seeds = [record["instruction"] for _, record in read(run.folder / runs.SEEDS)]
    to_seeds = highest_scores(seeds, texts, tokenizer_of(run.manifest)).tolist() if seeds else [None] * len(texts)
    for cluster, record, score in zip(clusters, records, to_seeds, strict=True):
        means[TO_SEEDS].append((cluster, score))
        means[TO_POOL].append((cluster, max(record["most_similar"].values(), default=None)))
        means[INSTRUCTION_WORDS].append((cluster, float(count_words(record["instruction"]))))
        answer = record["is_classification"]
        classification[CLASSIFICATION].append((cluster, None if answer is None else float(answer)))
    return dict(zip(texts, clusters, strict=True))


def _instances(number: int, run: Run, request_of: Mapping[str, tuple[int, int]], rates: Items, means: Items) -> None:
    """An instruction of which two were accepted word for word counts once, with the instances of both."""
    kept = dict.fromkeys(request_of, 0)
    for line, record in read(run.folder / runs.INSTANCES):
        cluster = _request(run.folder / runs.INSTANCES, line, record, request_of)
        kept[record["instruction"]] += 1
        has_input = bool(record["input"].strip())
        rates[INSTANCES_KEPT].append((cluster, 1.0))
        rates[EMPTY_INPUT].append((cluster, float(not has_input)))
        means[OUTPUT_WORDS].append((cluster, float(count_words(record["output"]))))
        if has_input:
            means[INPUT_WORDS].append((cluster, float(count_words(record["input"]))))
    for line, record in read(run.folder / runs.DROPPED):
        cluster = _request(run.folder / runs.DROPPED, line, record, request_of)
        rates[INSTANCES_KEPT].append((cluster, 0.0))
    for text, times in kept.items():
        rates[WITH_INSTANCE].append((request_of[text], float(times > 0)))
        means[PER_INSTRUCTION].append((request_of[text], float(times)))


def _request(
    path: Path, line: int, record: Mapping[str, Any], request_of: Mapping[str, tuple[int, int]]
) -> tuple[int, int]:
    """Return the request that the instruction of an instance came from."""
    cluster = request_of.get(record["instruction"])
    if cluster is None:
        raise InputError(
            f"{path}:{line}: its instruction is not in {runs.INSTRUCTIONS}; repeat the command of this run"
        )
    return cluster


def _classification_rate(arm: Arm, items: list[tuple[tuple[int, int], float | None]]) -> Rate:
    """Return the share of yes among the answers that were read; the instructions without one are missing.

    Earlier versions wrote the instruction of an unreadable answer as "no", and nothing in such a folder tells it from
    a real one. There the manifest has the counts, and there is none by request.
    """
    counted = [run.manifest.get("counts", {}).get("classification", {}) for run in arm.runs]
    yes, no, missing = (sum(one.get(answer, 0) for one in counted) for answer in ("yes", "no", "unreadable"))
    found = _rate(items)
    return Rate(Count(yes, yes + no, missing), None) if found.count.n > yes + no else found


def _parsing_rates(arm: Arm) -> dict[str, Rate]:
    """Return by stage the share of answers that could be read; empty for runs that did not count it."""
    counted: list[Mapping[str, Any]] = [run.manifest.get("counts", {}).get("parsing") or {} for run in arm.runs]
    stages = [stage for stage in counted[0] if all(stage in one for one in counted)]
    return {
        f"{stage}: answers read": Rate(
            Count(sum(one[stage]["read"] for one in counted), sum(one[stage]["answers"] for one in counted)), None
        )
        for stage in stages
    }
