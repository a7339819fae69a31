"""Counting what a run does: the funnel and the usage, as plain dictionaries for the manifest.

Counts come from results in their committed order, so they are the same at any concurrency.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST, TARGET_REACHED, Completion

_INSTANCES = "instances"
_STAGE_NAMES = {
    INSTRUCTIONS: INSTRUCTIONS,
    CLASSIFICATION: CLASSIFICATION,
    INPUT_FIRST: _INSTANCES,
    OUTPUT_FIRST: _INSTANCES,
}


@dataclass
class StageUsage:
    """What one stage used. `unpriced`: requests whose price nobody knows; `in_vain`: sent after the target was met."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    in_vain: int = 0


@dataclass
class Tally:
    """The counts of a run so far."""

    target: int
    requests: Counter[str] = field(default_factory=Counter)
    candidate_rules: Counter[str] = field(default_factory=Counter)
    classification: Counter[str] = field(default_factory=Counter)
    instance_rules: Counter[str] = field(default_factory=Counter)
    instructions_without_instances: int = 0
    usage: dict[str, StageUsage] = field(default_factory=dict)

    def completion(self, stage: str, completion: Completion, in_vain: bool = False) -> None:
        """Count a completion that was used by a stage."""
        name = _STAGE_NAMES[stage]
        self.requests[name] += 1
        usage = self.usage.setdefault(name, StageUsage())
        usage.requests += 1
        usage.prompt_tokens += completion.prompt_tokens or 0
        usage.completion_tokens += completion.completion_tokens or 0
        usage.cost_usd += completion.cost_usd or 0.0
        usage.unpriced += completion.cost_usd is None
        usage.in_vain += in_vain

    def counts(self) -> dict[str, Any]:
        """Return the funnel: every rule's count, those of one step adding up to its total."""
        return {
            "target": self.target,
            "requests": dict(sorted(self.requests.items())),
            "candidates": self.candidate_rules.total(),
            "judged": self.candidate_rules.total() - self.candidate_rules[TARGET_REACHED],
            "accepted": self.candidate_rules["kept"],
            "candidate_rules": _ranked(self.candidate_rules),
            "classification": {answer: self.classification[answer] for answer in ("yes", "no", "unreadable")},
            "pairs": self.instance_rules.total(),
            "instances": self.instance_rules["kept"],
            "instance_rules": _ranked(self.instance_rules),
            "instructions_without_instances": self.instructions_without_instances,
        }

    def usage_by_stage(self) -> dict[str, dict[str, Any]]:
        """Return usage as plain dictionaries by stage; cost rounded to a millionth of a cent."""
        return {
            stage: {**vars(usage), "cost_usd": round(usage.cost_usd, 8)} for stage, usage in sorted(self.usage.items())
        }

    def cost_usd(self) -> float | None:
        """Return what the completions cost together; None when some price is not known."""
        if any(usage.unpriced for usage in self.usage.values()):
            return None
        return round(sum(usage.cost_usd for usage in self.usage.values()), 8)


def _ranked(rules: Counter[str]) -> dict[str, int]:
    """Kept first, then the most frequent rule first, ties by name."""
    return dict(sorted(rules.items(), key=lambda rule: (rule[0] != "kept", -rule[1], rule[0])))
