"""The scores of Super-NaturalInstructions: answers and references go in, ROUGE-L, ROUGE-1 and exact match come out.

    score("The cat sat.", ("A cat sat", "cats"), scorer) -> rouge_l 0.67, rouge_1 0.67, exact match 0

Of several references the best counts, for each measure by itself. ROUGE is the F-measure of rouge_score on the texts as
they are; exact match is on texts in lower case, without the 32 marks of ASCII punctuation, white space folded.
Source: eval/automatic/evaluation.py of the repository of Super-NaturalInstructions (ROUGE-L, exact match); ROUGE-1 is
that of the scorer published with Tk-Instruct, alike but for its name.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.options import EMPTY
from selfinstruct.evaluation.predictions import Prediction
from selfinstruct.evaluation.tokenizers import open_tokenizer
from selfinstruct.text import fold_white_space

ROUGE_L = "rouge_l"
ROUGE_1 = "rouge_1"
EXACT_MATCH = "exact_match"
MEASURES = (ROUGE_L, ROUGE_1, EXACT_MATCH)
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_DECIMALS = 4
_MOST_CELLS = 4_000_000  # of rouge_score's table, words by words: 2,000 of each take 32 MB, 50,000 of each 20 GB

Rouge = Callable[[str, str], Mapping[str, float]]


@dataclass(frozen=True)
class Score:
    """An item's scores, 0..1; None where there is nothing to score: no answer that counts, or no reference."""

    id: str
    task: str
    category: str
    rouge_l: float | None
    rouge_1: float | None
    exact_match: float | None

    def value(self, measure: str) -> float | None:
        """Return one of the scores by its name."""
        found: float | None = getattr(self, measure)
        return found


def score_items(items: Sequence[Item], answers: Mapping[str, Prediction], tokenizer: str, missing: str) -> list[Score]:
    """Return the scores, one for each item in the same order.

    Args:
        answers: by item id.
        tokenizer: of ROUGE, see tokenizers.py.
        missing: "empty": no answer is scored as an empty text, as the official scorer does; "left_out": not scored.
    """
    rouge = open_rouge(tokenizer)
    nothing = Prediction("") if missing == EMPTY else None
    return [_score(item, answers.get(item.id, nothing), rouge) for item in items]


def open_rouge(tokenizer: str) -> Rouge:
    """Return a function of (answer, reference) to the F-measures {"rouge_l": 0..1, "rouge_1": 0..1}."""
    from rouge_score.rouge_scorer import RougeScorer

    split = open_tokenizer(tokenizer)
    both, rouge_1 = RougeScorer(["rouge1", "rougeL"], tokenizer=split), RougeScorer(["rouge1"], tokenizer=split)

    def rouge(answer: str, reference: str) -> dict[str, float]:
        said, right = split.tokenize(answer), split.tokenize(reference)
        if len(said) * len(right) <= _MOST_CELLS:
            found: Any = both.score(prediction=answer, target=reference)
            return {ROUGE_L: float(found["rougeL"].fmeasure), ROUGE_1: float(found["rouge1"].fmeasure)}
        found = rouge_1.score(prediction=answer, target=reference)
        return {ROUGE_L: _rouge_l_of_long(said, right), ROUGE_1: float(found["rouge1"].fmeasure)}

    return rouge


def _rouge_l_of_long(answer: Sequence[str], reference: Sequence[str]) -> float:
    """Return the same float bit by bit, from the index of novelties, whose memory does not grow with the product."""
    from selfinstruct.novelty.plain import PlainIndex

    numbers = {token: number for number, token in enumerate(dict.fromkeys([*answer, *reference]))}
    index = PlainIndex()
    index.add([numbers[token] for token in reference])
    return index.describe([numbers[token] for token in answer]).max_score


def normalised(text: str) -> str:
    """Return a text as exact match sees it. Removing a mark joins what it parted: "don't" is "dont"."""
    return fold_white_space(text.lower().translate(_NO_PUNCTUATION))


def is_exact_match(answer: str, reference: str) -> bool:
    """Return whether two texts are the same once normalised."""
    return normalised(answer) == normalised(reference)


def percent(values: Sequence[float]) -> float:
    """Return the mean of values of 0..1 in percent, rounded to 4 decimals as the official scorer rounds."""
    return round(100.0 * sum(values) / len(values), _DECIMALS)


def _score(item: Item, answer: Prediction | None, rouge: Rouge) -> Score:
    if answer is None or not item.references:
        return Score(item.id, item.task, item.category, None, None, None)
    found = [rouge(answer.text, reference) for reference in item.references]
    return Score(
        item.id,
        item.task,
        item.category,
        rouge_l=max(one[ROUGE_L] for one in found),
        rouge_1=max(one[ROUGE_1] for one in found),
        exact_match=float(any(is_exact_match(answer.text, reference) for reference in item.references)),
    )
