"""Questions to a judge, answered from the words that stand in what is judged, so that `judge=offline` can be tried.

A prompt that shows its material between tags, <answer> to </answer>, and asks for Yes or No, a Grade or the Better one:

    "... <answer>\\nA pear\\n</answer> ... Reply with ... "Grade: "" ->  "Grade: D\\nIt takes up 0% of ..."

The more words of the first text an answer takes up, the better it is said to be. That means nothing for its quality.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selfinstruct.models.offline.grammar import Voice
from selfinstruct.models.offline.options import OfflineOptions

YES_NO, GRADE, PAIR = "yes_no", "grade", "pair"
_MATERIAL = re.compile(r"<(\w+)>\n(.*?)\n</\1>", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{4,}")
_SIGNS = ((PAIR, re.compile(r'"Better: ')), (GRADE, re.compile(r'"Grade: ')), (YES_NO, re.compile(r"\bYes or No\b")))
_LEVELS = ((0.6, "A"), (0.35, "B"), (0.1, "C"), (0.0, "D"))
_EVEN = 0.1  # answers that differ by no more are a tie


@dataclass(frozen=True)
class Question:
    """What a judge is asked: the request that is shown, and the texts that are judged, in the order shown."""

    kind: str
    request: str
    judged: tuple[str, ...]


def read_question(prompt: str) -> Question | None:
    """Return the question of a prompt, None where it asks none. The words in the material are no part of it."""
    blocks = _MATERIAL.findall(prompt)
    asked = _MATERIAL.sub("", prompt)
    kind = next((kind for kind, sign in _SIGNS if sign.search(asked)), None)
    if kind is None or not blocks:
        return None
    texts = [text for name, text in blocks if name != "possible_answer"]
    return Question(kind, texts[0], tuple(texts[-2:] if kind == PAIR else texts[-1:]))


def judge(question: Question, voice: Voice, options: OfflineOptions) -> str:
    """Return the answer; `rates.wrong_answer` and `rates.chatter` say how often it is off or cannot be read."""
    if voice.happens(options.rates.chatter):
        return "That depends on how one looks at it."
    is_off = voice.happens(options.rates.wrong_answer)
    shares = [_taken_up(question.request, text) for text in question.judged]
    if question.kind == YES_NO:
        return "Yes." if bool(_WORD.search(question.judged[0])) != is_off else "No."
    if question.kind == GRADE:
        level = next(level for least, level in _LEVELS if shares[0] >= least)
        return f"Grade: {'D' if is_off else level}\nIt takes up {shares[0]:.0%} of the words of the request."
    first, second = shares
    better = "tie" if abs(first - second) <= _EVEN or is_off else "1" if first > second else "2"
    return f"Better: {better}\nThey take up {first:.0%} and {second:.0%} of the words of the request."


def _taken_up(request: str, text: str) -> float:
    """The share of the request's words of four letters and more that stand in a text."""
    wanted = set(map(str.lower, _WORD.findall(request)))
    return len(wanted & set(map(str.lower, _WORD.findall(text)))) / len(wanted) if wanted else 0.0
