"""Was an answer read? The definition behind the parse yield, the same for runs, tests and reports.

    was_read([("Name a fruit.", "too_short"), ("Name a t", "truncated")])  → True: the first was read, a filter objected
    was_read([("I'm sorry, but I can't help.", "refused")])                → False

An answer is read when at least one item with words in it came out of it to which no reader objected; what a filter
thinks of that item does not matter. The parse yield of a stage is the share of its answers that were read. A refusal,
an empty answer and a prompt that stayed too long count as answers that were not.
"""

from __future__ import annotations

from collections.abc import Iterable

from selfinstruct.parsing.answers import REFUSED, TRUNCATED, UNREADABLE
from selfinstruct.records import CONTENT_FILTER, CONTEXT_OVERFLOW

EMPTY_ANSWER = "empty_answer"
READER_RULES = frozenset({TRUNCATED, UNREADABLE, REFUSED, EMPTY_ANSWER, CONTEXT_OVERFLOW})


def unanswered_rule(finish_reason: str) -> str | None:
    """Return the rule on a completion that is no answer by its finish reason (records.NOT_ANSWERED), else None."""
    return {CONTENT_FILTER: REFUSED, CONTEXT_OVERFLOW: CONTEXT_OVERFLOW}.get(finish_reason)


def was_read(found: Iterable[tuple[str, str]]) -> bool:
    """Return whether one of the items (text, rule) was read. The rule may be that of a filter or of a reader."""
    return any(rule not in READER_RULES and text.strip() for text, rule in found)


def answer_rule(answer: bool | None, saw: str, finish_reason: str) -> str:
    """Return the rule on a yes-or-no answer: "kept" when it was read, else why it was not.

    A refusal by the provider and an empty text are no answers, even where the published reading takes them for a no.

    Args:
        answer, saw: as `read_yes_no` gives them.
    """
    unanswered = unanswered_rule(finish_reason)
    if unanswered:
        return unanswered
    if not saw.strip():
        return EMPTY_ANSWER
    return "kept" if answer is not None else UNREADABLE
