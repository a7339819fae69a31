"""How like the seeds, the pool and each other the accepted instructions are, by ROUGE-L (0 nothing in common, 1 equal).

Accepted instructions and seeds go in; for each instruction its highest score to the seeds and to the pool that it
joined comes out, and one number for the whole set: the mean ROUGE-L of all its pairs.

    compare([Instruction("Name a smell.", 0, None)], ["Name a colour."]).to_seeds     # (0.6666666666666666,)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.findings import Finding, undefined
from selfinstruct.novelty import describe_stream, highest_scores
from selfinstruct.records import Instruction

_ALL_JOIN = 1.0  # no score is above it


@dataclass(frozen=True)
class Similarities:
    """One entry per instruction, same order.

    to_seeds: highest ROUGE-L to any seed; empty without seeds. to_pool: highest to the pool that it joined (seeds and
    earlier instructions), as the run recorded it; instructions without a record are left out.
    """

    to_seeds: tuple[float, ...]
    to_pool: tuple[float, ...]
    self_similarity: Finding


def compare(instructions: Sequence[Instruction], seeds: Sequence[str], tokenizer: str = "rouge") -> Similarities:
    """Compare accepted instructions with the seeds, the pool that each of them joined, and each other.

    Source: Wang et al. 2023, section 2.3 and figure 4 (highest ROUGE-L to the seeds).

    Raises:
        InputError: an unknown tokenizer.
    """
    texts = [instruction.instruction for instruction in instructions]
    return Similarities(
        to_seeds=tuple(highest_scores(seeds, texts, tokenizer).tolist()) if seeds else (),
        to_pool=tuple(max(one.most_similar.values()) for one in instructions if one.most_similar),
        self_similarity=_self_similarity(texts, tokenizer),
    )


def _self_similarity(texts: Sequence[str], tokenizer: str) -> Finding:
    """The mean over all pairs: each text is described against those before it, so its mean is one over k pairs."""
    pairs = math.comb(len(texts), 2)
    if not pairs:
        return undefined(f"{len(texts)} accepted instructions make no pair")
    means = describe_stream((), texts, _ALL_JOIN, tokenizer).means.tolist()
    return Finding(math.fsum(before * mean for before, mean in enumerate(means) if before) / pairs, pairs)
