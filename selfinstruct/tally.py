"""Counting what a run does: the funnel, the parse yield and the usage, as plain dictionaries for the manifest.

Counts come from results in their committed order, so they are the same at any concurrency.

    tally.completion("instructions", completion)                      one more request, its tokens and its cost
    tally.parsed("instructions", [("Sing.", "kept"), ("Na", "truncated")])     read; a reader dropped one item
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selfinstruct.parsing import EMPTY_ANSWER, READER_RULES, was_read
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
    """What one stage used.

    Of its requests, `unpriced` have a price that nobody knows, `uncounted` tokens that the provider did not count (the
    sums are those of the others), and `in_vain` were sent after the target was met.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    uncounted: int = 0
    in_vain: int = 0


@dataclass
class StageReading:
    """What the readers made of one stage's answers.

    answers: completions that were to be read (a prompt that was too long and asked again in a shorter form has one
    answer, the last); read: those that were (see parsing/yields.py). items: what came out of all of them, whatever
    filters think of it; dropped: items to which a reader objected, by its rule. An answer without a word in it counts
    there once, as `empty_answer`, so that every answer that was not read has its reason.
    """

    answers: int = 0
    read: int = 0
    items: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


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
    reading: dict[str, StageReading] = field(default_factory=dict)

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
        usage.uncounted += completion.prompt_tokens is None or completion.completion_tokens is None
        usage.in_vain += in_vain

    def parsed(self, stage: str, found: Sequence[tuple[str, str]]) -> None:
        """Count what was read out of a completion: each item's text and rule, be it a reader's or a filter's."""
        reading = self.reading.setdefault(_STAGE_NAMES[stage], StageReading())
        is_read = was_read(found)
        objections = [rule for _, rule in found if rule in READER_RULES]
        reading.answers += 1
        reading.read += is_read
        reading.items += len(found)
        reading.dropped.update(objections if is_read or objections else [EMPTY_ANSWER])

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
            "parsing": {
                stage: {
                    "answers": reading.answers,
                    "read": reading.read,
                    "items": reading.items,
                    "dropped": _ranked(reading.dropped),
                }
                for stage, reading in sorted(self.reading.items())
            },
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


def per_unit(counts: Mapping[str, Any], usage: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float | str]]:
    """Return what one accepted instruction and one kept instance took of all that the run used.

    Both divide the same whole, since an instance needs its instruction. Where there is no number, its reason stands:

        {"accepted_instruction": {"prompt_tokens": 713.4, "completion_tokens": 88.25, "cost_usd": 0.00031},
         "kept_instance": {"prompt_tokens": "undefined, because no instance was kept", ...}}

    Args:
        counts: as `Tally.counts` gives them.
        usage: as `Tally.usage_by_stage` gives it.
    """
    units = {
        "accepted_instruction": (counts["accepted"], "no instruction was accepted"),
        "kept_instance": (counts["instances"], "no instance was kept"),
    }
    return {
        unit: {
            name: _share(usage, name, number, none_yet) for name in ("prompt_tokens", "completion_tokens", "cost_usd")
        }
        for unit, (number, none_yet) in units.items()
    }


def _share(usage: Mapping[str, Mapping[str, Any]], name: str, number: int, none_yet: str) -> float | str:
    missing, what = ("unpriced", "the price") if name == "cost_usd" else ("uncounted", "the number of tokens")
    if not number:
        return f"undefined, because {none_yet}"
    if not usage:
        return "undefined, because nothing was asked"
    if unknown := sum(stage.get(missing, 0) for stage in usage.values()):
        requests = sum(stage["requests"] for stage in usage.values())
        return f"undefined, because {what} of {unknown:,} of {requests:,} requests is not known"
    return round(float(sum(stage[name] for stage in usage.values())) / number, 8)
