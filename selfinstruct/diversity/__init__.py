"""How different are the instructions? From their own seeds, from each other, and from request to request.

similarity    highest ROUGE-L to the seeds and to the pool, mean ROUGE-L of all pairs
verb_nouns    what is asked for: verbs and their objects (by lexicon, or parsed)
repetition    distinct n-grams, compression ratio            vendi    the number of different texts they are worth
lengths       words of instruction, input, output            saturation    yield, new words and price by request

measure_diversity(instructions, instances, seeds, ...).findings()["diversity.distinct_2"]     # Finding(0.81, n=1420)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.diversity import repetition, saturation
from selfinstruct.diversity.lengths import Lengths, measure_lengths
from selfinstruct.diversity.parsed import ParserName
from selfinstruct.diversity.saturation import SaturationPoint
from selfinstruct.diversity.similarity import Similarities, compare
from selfinstruct.diversity.vendi import vendi_score
from selfinstruct.diversity.verb_nouns import VerbNouns, count_verb_nouns
from selfinstruct.findings import Finding
from selfinstruct.records import Instance, Instruction

__all__ = [
    "Diversity",
    "Lengths",
    "ParserName",
    "SaturationPoint",
    "Similarities",
    "VerbNouns",
    "measure_diversity",
]


@dataclass(frozen=True)
class Diversity:
    """Everything that was found about the diversity of a run's instructions."""

    similarities: Similarities
    verb_nouns: VerbNouns
    lengths: Lengths
    points: tuple[SaturationPoint, ...]
    of_texts: Mapping[str, Finding]

    def findings(self) -> dict[str, Finding]:
        """Return the numbers by metric name."""
        return {
            "diversity.self_similarity": self.similarities.self_similarity,
            **self.of_texts,
            **self.verb_nouns.findings(),
            **self.lengths.findings(),
            **saturation.findings(self.points),
        }


def measure_diversity(
    instructions: Sequence[Instruction],
    instances: Sequence[Instance],
    seeds: Sequence[str],
    requests: Sequence[Mapping[str, Any]],
    *,
    target: int | None,
    tokenizer: str,
    parser: ParserName,
    vendi_sample: int,
    random_seed: int,
) -> Diversity:
    """Measure the accepted instructions of a run.

    Args:
        instructions, instances: in the order of the run folder. seeds: their instructions. requests: the lines of
            requests.jsonl, empty where the run has none.
        tokenizer: the one that judged novelty.

    Raises:
        InputError: an unknown tokenizer, or a parser that is not installed.
    """
    texts = [instruction.instruction for instruction in instructions]
    of_texts = {f"diversity.distinct_{n}": repetition.distinct(texts, n) for n in range(1, repetition.LONGEST + 1)}
    of_texts["diversity.compression_ratio"] = repetition.compression_ratio(texts)
    of_texts["diversity.vendi_score"] = vendi_score(texts, vendi_sample, random_seed)
    return Diversity(
        similarities=compare(instructions, seeds, tokenizer),
        verb_nouns=count_verb_nouns(texts, parser),
        lengths=measure_lengths(texts, instances),
        points=saturation.saturation(requests, instructions, seeds, target),
        of_texts=of_texts,
    )
