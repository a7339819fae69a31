"""Everything a report says, measured once from a run folder; pictures and pages only show it.

contents = measure_contents(folder, manifest, seeds, options, metrics, "rouge")
contents.findings()["diversity.self_similarity"]       # Finding(0.11, n=7140)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.diversity import Diversity, measure_diversity
from selfinstruct.errors import InputError
from selfinstruct.findings import Finding
from selfinstruct.jsonl import read
from selfinstruct.quality import (
    Bdd,
    Contamination,
    EvaluationSet,
    InstanceCounts,
    Row,
    dataset_table,
    find_contamination,
    is_bdd,
    measure_bdd,
    measure_instances,
    read_evaluation_set,
    review_findings,
)
from selfinstruct.records import Instance, Instruction, SeedSet
from selfinstruct.report.options import ReportOptions

REVIEW = "report/review.jsonl"


@dataclass(frozen=True)
class Contents:
    """What was found about a run.

    metrics: those that the run computed itself (selfinstruct.metrics). bdd: None outside that domain. review: the lines
    of report/review.jsonl, empty where no judge was asked.
    """

    manifest: Mapping[str, Any]
    metrics: Mapping[str, float]
    seeds: SeedSet
    instructions: tuple[Instruction, ...]
    instances: tuple[Instance, ...]
    table: tuple[Row, ...]
    diversity: Diversity
    instance_counts: InstanceCounts
    bdd: Bdd | None
    contaminations: tuple[Contamination, ...]
    review: tuple[Mapping[str, Any], ...]

    def findings(self) -> dict[str, Finding]:
        """Return every number of the report by metric name, those that do not exist with their reason."""
        found = {**self.diversity.findings(), **self.instance_counts.findings()}
        if self.bdd is not None:
            found |= self.bdd.findings()
        for contamination in self.contaminations:
            found |= contamination.findings()
        if self.review:
            found |= review_findings(self.review, self.instances)
        return found


def read_evaluation_sets(options: ReportOptions) -> tuple[EvaluationSet, ...]:
    """Return the evaluation sets that the options name.

    Raises:
        InputError: a file is missing or faulty, or two have the same name.
    """
    sets = tuple(read_evaluation_set(Path(path).expanduser()) for path in options.evaluation_sets)
    names = [chosen.name for chosen in sets]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"report.evaluation_sets: two files are named {name}; rename one, their names tell them apart"
            )
    return sets


def measure_contents(
    folder: Path,
    manifest: Mapping[str, Any],
    seeds: SeedSet,
    options: ReportOptions,
    metrics: Mapping[str, float],
    tokenizer: str,
) -> Contents:
    """Measure a run by what its folder holds.

    Raises:
        InputError: a file of the run folder or an evaluation set cannot be read, or the parser is not installed.
    """
    instructions = tuple(runs.read_instructions(folder))
    instances = tuple(runs.read_instances(folder))
    texts = [instruction.instruction for instruction in instructions]
    evaluation_sets = read_evaluation_sets(options)
    return Contents(
        manifest=manifest,
        metrics=metrics,
        seeds=seeds,
        instructions=instructions,
        instances=instances,
        table=dataset_table(instructions, instances),
        diversity=measure_diversity(
            instructions,
            instances,
            [task.instruction for task in seeds.tasks],
            _lines(folder / runs.REQUESTS),
            target=(manifest.get("counts") or {}).get("target"),
            tokenizer=tokenizer,
            parser=options.parser,
            vendi_sample=options.vendi_sample,
            random_seed=manifest["random_seed"],
        ),
        instance_counts=measure_instances(instructions, instances),
        bdd=measure_bdd(texts, instances) if is_bdd(texts, manifest.get("prompts")) else None,
        contaminations=find_contamination(evaluation_sets, texts, instances, options.overlap_words),
        review=tuple(_lines(folder / REVIEW)),
    )


def _lines(path: Path) -> Sequence[Mapping[str, Any]]:
    return [record for _, record in read(path)] if path.is_file() else []
