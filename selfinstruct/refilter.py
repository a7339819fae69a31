"""Recorded candidates judged again under other thresholds, with no model call.

Candidates in the order in which they were proposed go in; each comes out with its new verdict, and those that are kept
with their record. What this is: a counterfactual over fixed candidates. In a live run the pool feeds the prompts, so
other thresholds would have led to other candidates.

    judged = judge_again(candidates, seed_texts, thresholds, similarities=True, target=None)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from selfinstruct.filters import TOO_SIMILAR, InstructionThresholds, judge_instruction, judge_novelty
from selfinstruct.novelty import DescribedStream, describe_stream, judge_stream
from selfinstruct.parsing import REFUSED, TRUNCATED, UNREADABLE
from selfinstruct.records import CONTEXT_OVERFLOW, TARGET_REACHED, Candidate, Instruction, Similarity, Verdict

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

READING_FAULTS = {REFUSED, TRUNCATED, UNREADABLE, CONTEXT_OVERFLOW}

Decide = Callable[[Sequence[str], Sequence[str], float, str], "npt.NDArray[np.bool_]"]


@dataclass(frozen=True)
class Judged:
    """A candidate with its new verdict, and its record where it is kept."""

    candidate: Candidate
    instruction: Instruction | None


def judge_again(
    candidates: Sequence[Candidate],
    seeds: Sequence[str],
    thresholds: InstructionThresholds,
    similarities: bool,
    target: int | None,
    decide: Decide = judge_stream,
) -> Iterator[Judged]:
    """Yield every candidate with its new verdict, in order.

    What the reader of the answer objected to (truncated, unreadable, refused) stays as it was: there is nothing to
    judge. Candidates that came after the target of their run are judged like all others.

    Args:
        similarities: describe every candidate (highest score, ten most similar, mean), as a live run does; otherwise
            only decide, which is about ten times faster.
        target: stop accepting at this many, as a live run does; None for no limit.
        decide: how accept bits are found; a sweep passes one that shares work between its arms.
    """
    verdicts = [_by_rules(candidate, thresholds) for candidate in candidates]
    eligible = [number for number, verdict in enumerate(verdicts) if verdict.is_kept]
    texts = [candidates[number].text for number in eligible]
    threshold = 1.0 if thresholds.max_rouge_l is None else thresholds.max_rouge_l
    if similarities:
        novelty = _described(describe_stream(seeds, texts, threshold, thresholds.tokenizer), seeds, texts, thresholds)
    else:
        novelty = _decided(decide(seeds, texts, threshold, thresholds.tokenizer), threshold)
    return _merged(candidates, verdicts, novelty, target)


@dataclass(frozen=True)
class _Novelty:
    verdict: Verdict
    similarity: Similarity | None = None
    nearest: str | None = None
    most_similar: dict[str, float] | None = None


def _by_rules(candidate: Candidate, thresholds: InstructionThresholds) -> Verdict:
    if candidate.verdict.rule in READING_FAULTS:
        return candidate.verdict
    return judge_instruction(candidate.text, thresholds)


def _described(
    described: DescribedStream, seeds: Sequence[str], texts: Sequence[str], thresholds: InstructionThresholds
) -> Iterator[_Novelty]:
    pool = list(seeds)
    for row, text in enumerate(texts):
        similarity = described[row]
        nearest = pool[similarity.nearest] if similarity.nearest >= 0 else ""
        verdict = judge_novelty(similarity, nearest, thresholds)
        most_similar = {pool[index]: score for index, score in similarity.most_similar}
        yield _Novelty(verdict, similarity, nearest or None, most_similar)
        if verdict.is_kept:
            pool.append(text)


def _decided(bits: Any, threshold: float) -> Iterator[_Novelty]:
    for is_kept in bits.tolist():
        yield _Novelty(Verdict() if is_kept else Verdict(TOO_SIMILAR, f"above {threshold:g}"))


def _merged(
    candidates: Sequence[Candidate], verdicts: Sequence[Verdict], novelty: Iterator[_Novelty], target: int | None
) -> Iterator[Judged]:
    accepted = 0
    for candidate, verdict in zip(candidates, verdicts, strict=True):
        judged = next(novelty) if verdict.is_kept else _Novelty(verdict)
        if target is not None and accepted >= target and candidate.verdict.rule not in READING_FAULTS:
            judged = _Novelty(Verdict(TARGET_REACHED, f"{accepted} accepted"))
        accepted += judged.verdict.is_kept
        yield _record(candidate, judged)


def _record(candidate: Candidate, judged: _Novelty) -> Judged:
    similarity = judged.similarity
    again = replace(
        candidate,
        verdict=judged.verdict,
        max_rouge_l=similarity.max_score if similarity else None,
        most_similar=judged.nearest,
    )
    if not judged.verdict.is_kept:
        return Judged(again, None)
    mean = similarity.mean if similarity else 0.0
    return Judged(again, Instruction(candidate.text, candidate.request, None, judged.most_similar or {}, mean))
