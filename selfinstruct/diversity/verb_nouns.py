"""Which verbs and objects do the instructions ask for? Counted, the most frequent ones first.

Instructions go in; the 20 most frequent verbs with their four most frequent nouns come out, the share of instructions
for which both words were found, and the share that the chosen ones cover.

    table = count_verb_nouns(["Write a poem.", "Write two poems.", "Why?"], parser="lexicon")
    table.verbs[0]                     # VerbCount("write", 2, (("poem", 2),))
    table.found.value                  # 0.666...: both words were found in two of three

Source: Wang et al. 2023, section 2.3 and figure 3.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from selfinstruct.diversity.lexicon import VerbNoun, find_verb_noun
from selfinstruct.diversity.parsed import ParserName, installed_model, parse_verb_nouns
from selfinstruct.errors import InputError
from selfinstruct.findings import Finding, count, share

MOST_VERBS = 20
NOUNS_PER_VERB = 4


@dataclass(frozen=True)
class VerbCount:
    """A verb, how many instructions ask for it with an object, and its most frequent objects with their counts."""

    verb: str
    count: int
    nouns: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class VerbNouns:
    """What the instructions ask for.

    method: "lexicon", or "spacy (<model>)". found: the share in which verb and noun were found (coverage of the
    method). covered: the share that the counted verbs with the counted nouns make up. pairs: how many different ones.
    """

    method: str
    verbs: tuple[VerbCount, ...]
    found: Finding
    verb_found: Finding
    covered: Finding
    pairs: int

    def findings(self) -> dict[str, Finding]:
        """Return the numbers by metric name."""
        return {
            "verb_noun.found_share": self.found,
            "verb_noun.verb_found_share": self.verb_found,
            "verb_noun.covered_share": self.covered,
            "verb_noun.pairs": count(self.pairs),
        }


def count_verb_nouns(instructions: Sequence[str], parser: ParserName = "auto") -> VerbNouns:
    """Count verbs and their objects over the instructions.

    Args:
        parser: "spacy" (an English model must be installed), "lexicon" (word lists of our own), or "auto": spaCy where
            it and a model are installed, else the lexicon. The two do not give the same counts: compare within one.

    Raises:
        InputError: parser="spacy" without spaCy or without an English model.
    """
    method, find = _method(parser)
    found = list(find(instructions))
    both = [(one.verb, one.noun) for one in found if one.verb is not None and one.noun is not None]
    verbs = _most_frequent(both)
    counted = sum(times for verb in verbs for _, times in verb.nouns)
    nothing = "there is no accepted instruction"
    return VerbNouns(
        method=method,
        verbs=verbs,
        found=share(len(both), len(found), nothing),
        verb_found=share(sum(one.verb is not None for one in found), len(found), nothing),
        covered=share(counted, len(found), nothing),
        pairs=len(set(both)),
    )


def _method(parser: ParserName) -> tuple[str, Callable[[Sequence[str]], Iterable[VerbNoun]]]:
    model = None if parser == "lexicon" else installed_model()
    if model is not None:
        return f"spacy ({model})", lambda texts: parse_verb_nouns(texts, model)
    if parser == "spacy":
        raise InputError(
            'report.parser=spacy: spaCy or an English model is not installed; install "selfinstruct[parser]" and a '
            "model (python -m spacy download en_core_web_sm), or choose lexicon or auto"
        )
    return "lexicon", lambda texts: map(find_verb_noun, texts)


def _most_frequent(pairs: Sequence[tuple[str, str]]) -> tuple[VerbCount, ...]:
    """Ties go by name, so that the same instructions give the same table."""
    nouns: dict[str, Counter[str]] = defaultdict(Counter)
    for verb, noun in pairs:
        nouns[verb][noun] += 1
    ranked = sorted(nouns, key=lambda verb: (-nouns[verb].total(), verb))[:MOST_VERBS]
    return tuple(
        VerbCount(
            verb,
            nouns[verb].total(),
            tuple(sorted(nouns[verb].items(), key=lambda noun: (-noun[1], noun[0]))[:NOUNS_PER_VERB]),
        )
        for verb in ranked
    )
