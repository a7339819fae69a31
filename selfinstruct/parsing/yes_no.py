"""Reading the answer to "is this a classification task?" by its first words.

read_yes_no("**Yes**, because the labels are given.") → (True, "**Yes**, because the labels are given.")
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from selfinstruct.parsing.answers import Compatibility, first_words, prepare

_MARKS = r"[\s\"'“”‘’«»*_`#>\[({<:：.=\-–—]*"
_LABEL = (
    r"(?:(?:(?:the|my|final|correct)\s+)*"
    r"(?:answer|response|result|output|verdict|label|is[_ ]classification|classification|a)"
    r"|(?:is\s+(?:it|this)\s+)?(?:an?\s+)?classification(?:\s+task)?\s*\?"
    r"|réponse|antwort|respuesta|risposta|resposta|答案|回答|答え)"
)
_YES = r"(?:yes|yeah|yep|true|oui|ja|sí|sì|sim|да)(?!\w)|是|はい"
_NO = r"(?:no|nope|false|non|nein|não|нет)(?!\w)(?!\s+(?:idea|clue|answer|way\s+to))|不是|否|いいえ"
_IS = r"(?:\b(?:is|ist|est|es|è|é)\b|是(?=\W))"
_FIRST_WORD = re.compile(
    rf"{_MARKS}(?:{_LABEL}{_MARKS}(?:{_IS}{_MARKS})?)?(?:(?P<no>{_NO})|(?P<yes>{_YES}))", re.IGNORECASE
)
# "Yes or no?", "Yes/No", "yes and no": the question again, or no answer.
_BOTH = re.compile(rf"{_MARKS}(?:yes|no){_MARKS}(?:/|\||or|and|,)\s*{_MARKS}(?:yes|no)(?!\w)", re.IGNORECASE)
_SENTENCE = re.compile(
    r"[\W_]*(?:this|it|the (?:given )?(?:task|instruction))(?: task| instruction)?"
    r"(?: is|'s| can be considered| would be)(?P<no> not|n't)? (?:an? )?(?:[\w-]+ )?classification",
    re.IGNORECASE,
)


def read_yes_no(text: str, stop: Sequence[str] = (), compatibility: Compatibility = "own") -> tuple[bool | None, str]:
    """Return the answer, and the first 40 characters of what it was read from.

    "published": the trimmed answer is exactly Yes, yes or YES for a yes; everything else is a no.

    "own": by the first words, whatever case, quotation marks, emphasis, label ("Answer:") or reasoning comes with
    them, and whatever follows. None when they are neither, or both.
    Source: Wang et al. 2023, section 2.2 and the code released with it.
    """
    answer = prepare(text, "stop", stop, compatibility).text
    saw = first_words(answer)
    if compatibility == "published":
        return answer.strip() in {"Yes", "yes", "YES"}, saw
    if _BOTH.match(answer):
        return None, saw
    if found := _FIRST_WORD.match(answer):
        return found["yes"] is not None, saw
    if sentence := _SENTENCE.match(answer.replace("’", "'")):
        return sentence["no"] is None, saw
    return None, saw
