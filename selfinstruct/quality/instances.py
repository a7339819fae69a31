"""What became of the accepted instructions: instances of each, empty inputs, classification, balance of labels.

measure_instances(instructions, instances).findings()["labels.balance_mean"]     # Finding(0.92, n=14)
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.findings import Finding, count, mean, share
from selfinstruct.records import Instance, Instruction
from selfinstruct.text import fold_white_space

MOST_LABELS = 20


@dataclass(frozen=True)
class InstanceCounts:
    """What the instances of a run are like.

    per_instruction: how many instructions have 0, 1, 2, ... instances. labels: the most frequent outputs of
    classification tasks with their counts, white space and case folded, most frequent first.
    """

    per_instruction: tuple[tuple[int, int], ...]
    labels: tuple[tuple[str, int], ...]
    instances: tuple[Instance, ...]
    balances: tuple[float, ...]
    single_label_tasks: int
    distinct_labels: int

    def findings(self) -> dict[str, Finding]:
        """Return the numbers by metric name."""
        total = sum(times for _, times in self.per_instruction)
        none = sum(times for size, times in self.per_instruction if size == 0)
        several = len(self.balances)
        no_task = "no classification task has two instances"
        return {
            "instances.none_share": share(none, total, "there is no accepted instruction"),
            "instances.empty_input_share_classification": self._empty_share(True),
            "instances.empty_input_share_other": self._empty_share(False),
            "labels.distinct": count(self.distinct_labels),
            "labels.balance_mean": mean(self.balances, no_task),
            "labels.single_label_share": share(self.single_label_tasks, several, no_task),
        }

    def _empty_share(self, is_classification: bool) -> Finding:
        chosen = [instance for instance in self.instances if instance.is_classification is is_classification]
        undecided = sum(instance.is_classification is None for instance in self.instances)
        empty = sum(not instance.input.strip() for instance in chosen)
        return share(empty, len(chosen), "there is no instance of that kind", missing=undecided)


def measure_instances(instructions: Sequence[Instruction], instances: Sequence[Instance]) -> InstanceCounts:
    """Count the kept instances of the accepted instructions.

    The balance of a classification task is its evenness: the entropy of its labels by that of as many labels which are
    equally frequent. 1: they are, 0: all instances have the same. Tasks with one instance have none.

    Source: Pielou 1966, Journal of Theoretical Biology 13:131 (evenness).
    """
    by_instruction: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_instruction[instance.instruction].append(instance)
    sizes = Counter(len(by_instruction.get(one.instruction, ())) for one in instructions)
    tasks = [
        Counter(_label(instance.output) for instance in written)
        for written in by_instruction.values()
        if written[0].is_classification
    ]
    labels = sum(tasks, Counter[str]())
    several = [task for task in tasks if task.total() > 1]
    return InstanceCounts(
        per_instruction=tuple(sorted(sizes.items())),
        labels=tuple(sorted(labels.items(), key=lambda label: (-label[1], label[0]))[:MOST_LABELS]),
        instances=tuple(instances),
        balances=tuple(map(_balance, several)),
        single_label_tasks=sum(len(task) == 1 for task in several),
        distinct_labels=len(labels),
    )


def _label(output: str) -> str:
    return fold_white_space(output).casefold().rstrip(".")


def _balance(labels: Counter[str]) -> float:
    if len(labels) == 1:
        return 0.0
    total = labels.total()
    entropy = -math.fsum(times / total * math.log(times / total) for times in labels.values())
    return min(1.0, entropy / math.log(len(labels)))
