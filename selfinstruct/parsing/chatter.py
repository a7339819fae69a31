"""What chat models say around an answer: preambles, postscripts and refusals. Own reading only.

    without_preamble("Sure! Here are eight new tasks:\\n\\nName a fruit.") → "Name a fruit."

Each pattern asks for two signs (how the line starts, and what it is about or how it ends), because an instruction may
start with "Here is ..." or end with a colon as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_AGREES = re.compile(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|alright|got it|understood|great|no problem|happy to"
    r"|bien sûr|avec plaisir|natürlich|gerne|claro(?: que sí)?|por supuesto|certo|certamente|конечно"
    r"|当然|好的|はい|もちろん)(?!\w)",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"(?:here(?:'s| is| are)|below (?:is|are)|the following|these are|i(?:'ve| have) (?:written|created|generated|come)"
    r"|i(?:'ll| will) continue|continuing|voici|hier (?:sind|ist)|aquí (?:tienes|están|hay)|ecco|вот|以下)",
    re.IGNORECASE,
)
_IS_ABOUT_THE_LIST = re.compile(
    r"\b(?:here|below|following|tasks?|instructions?|prompts?|items?|examples?|instances?|list|continu\w*|tâches|exemples"
    r"|aufgaben|beispiele|tareas|instrucciones|ejemplos|compiti|esempi|задач\w*|пример\w*)\b|任务|指令|例子|示例|タスク|指示",
    re.IGNORECASE,
)
_IS_ABOUT_OTHER_TASKS = re.compile(
    r"\b(?:tasks|instructions|prompts|items|examples?|instances|tâches|exemples?|aufgaben|beispiele?|tareas|instrucciones"
    r"|ejemplos?|compiti|esempi|задач\w*|пример\w*)\b|任务|指令|例子|示例|タスク|指示",
    re.IGNORECASE,
)
_CLOSING_MARKS = " \t\"'”’*_`)"
_LONGEST_PREAMBLE_LINES = 4
_HEADING = re.compile(r"\s*(?:#{1,6}\s+\S.*|-{3,}|\*{3,}|_{3,}|={3,})\s*$")

_SAYS_GOODBYE = re.compile(
    r"(?:please )?(?:let me know|i hope|hope (?:this|these)|feel free|would you like|do you want|if you(?:'d| would)? "
    r"(?:need|want|like)|these (?:new |eight )?(?:tasks|instructions|examples)|is there anything)",
    re.IGNORECASE,
)
_IS_ABOUT_MORE = re.compile(
    r"\b(?:more|another|other|else|further|tasks?|instructions?|examples?|instances?|changes?|adjust\w*|helps?|helpful)\b",
    re.IGNORECASE,
)
_IS_ABOUT_EXAMPLES = re.compile(r"\b(?:more|other|these|additional) (?:examples|instances|pairs)\b", re.IGNORECASE)

_CANNOT = (
    r"i(?: am|'m)?(?: really| simply)? ?"
    r"(?:cannot|can not|can't|could not|couldn't|won't|will not|unable to|not able to|must decline)"
)
_DO_IT = (
    r"(?: to)? (?:help|assist|provide|create|generate|write|fulfil\w*|comply|complete|continue|produce|answer|respond"
    r"|do (?:that|this)|come up|give you|share|engage|process)"
)
_REFUSALS = (
    rf"(?:i'm|i am) (?:very |so )?sorry,? (?:but (?:i|as|that|this)\b|{_CANNOT}\b)",
    rf"(?:sorry|unfortunately|i apologi[sz]e)\b[^.!\n]{{0,30}}?\b{_CANNOT}{_DO_IT}\b",
    rf"{_CANNOT}{_DO_IT}\b",
    r"i must decline",
    r"as an ai(?: language)?(?: model| assistant)?,? i\b",
    r"es tut mir leid, (?:aber )?ich",
    r"ich kann (?:dabei|damit|das) nicht",
    r"lo siento, (?:pero )?no",
    r"no puedo (?:ayudar|generar)",
    r"je suis désolée?, (?:mais )?je",
    r"je ne peux pas",
    r"mi dispiace, (?:ma )?non",
    r"desculpe, (?:mas )?não",
    r"извините, (?:но )?я",
    r"(?:很)?抱歉.{0,3}我",
    r"对不起.{0,3}我",
    r"申し訳(?:ありません|ございません)",
)
_REFUSAL = re.compile("|".join(_REFUSALS), re.IGNORECASE)
_OPENING_MARKS = " \t\n\"'“‘*_`>"


def is_refusal(text: str) -> bool:
    """True when the text starts by saying that the model will not do what it was asked."""
    return _REFUSAL.match(_plain(text)) is not None


def is_preamble(line: str) -> bool:
    """True when a line announces the answer: a Markdown heading or rule, "Sure! ...", "Here are eight tasks:"."""
    if _HEADING.match(line):
        return True
    plain = _plain(line)
    announces = _announces(plain)
    if agrees := _AGREES.match(plain):
        rest = plain[agrees.end() :].lstrip()
        speaks = rest[:1] in ("", "!", ",", ".", ":", "，", "！", "。", "：", "、")
        return speaks and (announces or plain.endswith(("!", "！")) or bool(_IS_ABOUT_THE_LIST.search(rest)))
    return announces and _ANNOUNCES.match(plain) is not None and bool(_IS_ABOUT_OTHER_TASKS.search(plain))


def without_preamble(text: str) -> str:
    """Return the text after the lines that announce it; "" when there is nothing but such lines."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        length = _preamble_length(lines, at)
        if lines[at].strip() and not length:
            return "\n".join(lines[at:])
        at += length or 1
    return ""


def _preamble_length(lines: Sequence[str], start: int) -> int:
    """Return how many lines from `start` on are one announcement; it may be wrapped, up to a colon at its end."""
    for length in range(1, _LONGEST_PREAMBLE_LINES + 1):
        paragraph = lines[start : start + length]
        if len(paragraph) < length or not paragraph[-1].strip():
            break
        if _announces(paragraph[-1]):
            return length if is_preamble(" ".join(paragraph)) else 0
    return 1 if is_preamble(lines[start]) else 0


def _announces(line: str) -> bool:
    return line.rstrip(_CLOSING_MARKS).endswith((":", "："))


def without_postscript(text: str, must_name_examples: bool = False) -> str:
    """Return the text without a last paragraph that speaks about the answer ("Let me know if you need more!").

    Args:
        must_name_examples: for outputs, where an e-mail may well end in "Let me know ...": only a paragraph that speaks
            of more examples counts.
    """
    body, blank, last = text.rstrip().rpartition("\n\n")
    plain = _plain(last)
    about = _IS_ABOUT_EXAMPLES if must_name_examples else _IS_ABOUT_MORE
    if blank and not last[:1].isspace() and _SAYS_GOODBYE.match(plain) and about.search(plain):
        return body
    return text


def _plain(text: str) -> str:
    return text.lstrip(_OPENING_MARKS).replace("’", "'").rstrip()
