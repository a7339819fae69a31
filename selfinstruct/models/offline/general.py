"""New general instructions, written after the in-context examples: their nouns, verbs, kinds and lengths return.

A `Taste` is read from the examples once per prompt; `write_instruction(taste, voice)` then gives one instruction:

    "Draft a riddle about lost umbrellas for retired night porters. Keep the tone dry."
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from selfinstruct.models.offline.grammar import Voice, sentence
from selfinstruct.text import count_words

_CLASSIFICATION_SHARE = 0.2
_KINDS = ("open", "open", "open", "question", "given", "given")
_LONGEST = 40
_REMEMBERED = 4096  # seed tasks come back in prompt after prompt
_ONLY_CLASSIFICATION = 0.7  # so many shown ones are a request for nothing else

_CLASSIFIES = re.compile(
    r"\b(?:classif\w+|categor\w+|sentiment|true or false|yes or no|spam|positive or negative|which of|topic candidates"
    r"|label (?:the|each|this|it)|with one of|(?:decide|determine|judge|tell|tell me|say|check|predict) (?:whether|if)"
    r"|identify (?:the (?:\w+ )?(?:sentiment|language|emotion)|what fits|if)|choose (?:one )?(?:among|between|from)"
    r"|sort [^.]*\b(?:into|under)|(?:answer|choose|pick|reply with|output|select|use|tag|assign)\b[^.]*\bor\b[^.]*\.$"
    r"|[\w']+, [\w' ]{2,25},? or [\w' ]{2,25}[.?]$)"
    r"|^(?:is|are|do|does|which)\b[^?]*\bor\b[^?]*\?",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"\b(?:given|following|below|provided)\b|\b(?:this|the|these|each|every)\s+(?:\w+\s+){0,2}(?:text|sentences?|paragraph"
    r"|code|snippet|function|emails?|messages?|letter|review|passage|article|list|story|poem|question|statements?|claim"
    r"|words?|numbers|table|recipe|notes?|comment|dialogue|query|report|log|entry|speech|headline|contract|clause)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"^(?:what|which|why|how|who|when|where|can|is|are|do|does|if)\b", re.IGNORECASE)
_COMMAND = re.compile(r"^[A-Z][a-z]{3,11}$")
_NOUN_AFTER = re.compile(r"\b(?:the|about|of|for|with|an?|on|in)\s+([a-z]{4,14})\b")
_NO_NOUNS = re.compile(
    r"given|following|below|provided|above|th(?:is|at|ese|ose|eir)|each|every|same|your|first|second|three|most|more"
    r"|least|less|only|both|such|other|another|whole|different|correct|best|short|long|list|text|sentence|paragraph|example"
    r"|files?|images?|graphs?|pictures?|plot|draw|maps?|video|audio|music|diagram|flowchart"
)


@dataclass(frozen=True)
class Taste:
    """What the examples are like, and how strongly (0..1) it is followed."""

    imitation: float
    nouns: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    classification_share: float = 0.0
    given_share: float = 0.0
    question_share: float = 0.0
    mean_words: float = 12.0


@lru_cache(maxsize=_REMEMBERED)
def is_classification(instruction: str) -> bool:
    """Tell whether an instruction outside code fences asks to choose among labels, by its words."""
    return bool(_CLASSIFIES.search(instruction.partition("```")[0]))


@lru_cache(maxsize=_REMEMBERED)
def needs_input(instruction: str) -> bool:
    """Tell whether an instruction speaks of a text that it does not hold, by its words."""
    return bool(_GIVEN.search(instruction))


@lru_cache(maxsize=_REMEMBERED)
def mentioned_nouns(instruction: str) -> tuple[str, ...]:
    """Return words that are likely nouns, since they follow an article or a preposition."""
    return tuple(word for word in _NOUN_AFTER.findall(instruction) if not _NO_NOUNS.fullmatch(word))


def read_taste(examples: Sequence[str], imitation: float) -> Taste:
    """Return what these examples have in common."""
    if not examples:
        return Taste(imitation=0.0)
    total = len(examples)
    first_words = [text.split(maxsplit=1)[0] for text in examples if text.strip()]
    return Taste(
        imitation=imitation,
        nouns=tuple(noun for text in examples for noun in mentioned_nouns(text)),
        verbs=tuple(word for word in first_words if _COMMAND.match(word) and not _QUESTION.match(word)),
        classification_share=sum(map(is_classification, examples)) / total,
        given_share=sum(map(needs_input, examples)) / total,
        question_share=sum(bool(_QUESTION.match(text)) for text in examples) / total,
        mean_words=min(_LONGEST, sum(map(count_words, examples)) / total),
    )


def write_instruction(taste: Taste, voice: Voice) -> str:
    """Return one new instruction in this taste."""
    symbol = _kind(taste, voice)
    text = sentence(symbol, voice)
    if symbol == "open" and taste.verbs and voice.happens(taste.imitation * 0.3):
        text = _with_verb(text, voice.fair(taste.verbs))
    while voice.happens(_wish_for_more(text, taste)):
        text += " " + sentence("extra", voice)
    return text


def _kind(taste: Taste, voice: Voice) -> str:
    share = (1 - taste.imitation) * _CLASSIFICATION_SHARE + taste.imitation * taste.classification_share
    if taste.classification_share > _ONLY_CLASSIFICATION:
        share = max(share, taste.classification_share)
    if voice.happens(share):
        return "classify"
    if voice.happens(taste.imitation * 0.5):
        if voice.happens(taste.question_share):
            return "question"
        return "given" if voice.happens(taste.given_share) else "open"
    return voice.fair(_KINDS)


def _wish_for_more(text: str, taste: Taste) -> float:
    """The shorter than the examples, the likelier another sentence."""
    lacking = taste.mean_words - count_words(text)
    return min(0.9, 0.15 + 0.1 * lacking * taste.imitation) if lacking > 0 else 0.1


def _with_verb(text: str, verb: str) -> str:
    """Only commands that make something take any verb."""
    first, _, rest = text.partition(" ")
    return f"{verb} {rest}" if rest.startswith(("a ", "an ")) and first.isalpha() else text
