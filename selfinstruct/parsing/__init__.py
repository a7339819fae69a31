"""Reading a model's answer: text in, judged items out. Pure functions; nothing in an answer vanishes.

    read_instructions(" Name a fruit.\\n10. Name a tree.", "stop", True, (), "own")
    → [Item("Name a fruit."), Item("Name a tree.")]

`compatibility="published"` reads as the code released with the paper does; `"own"` also reads what chat models write
around and inside their answers. What a reader objects to stays in its result, under one of three rules: `truncated`
(the token limit cut it), `unreadable` (not in the form asked for) and `refused` (the model would not answer).
"""

from __future__ import annotations

from selfinstruct.parsing.answers import REFUSED, TRUNCATED, UNREADABLE, Compatibility
from selfinstruct.parsing.instances import read_input_first
from selfinstruct.parsing.instructions import read_instructions
from selfinstruct.parsing.labels import read_output_first
from selfinstruct.parsing.schemas import schema_for
from selfinstruct.parsing.tasks import read_tasks
from selfinstruct.parsing.yes_no import read_yes_no
from selfinstruct.parsing.yields import EMPTY_ANSWER, READER_RULES, answer_rule, unanswered_rule, was_read

__all__ = [
    "EMPTY_ANSWER",
    "READER_RULES",
    "REFUSED",
    "TRUNCATED",
    "UNREADABLE",
    "Compatibility",
    "answer_rule",
    "read_input_first",
    "read_instructions",
    "read_output_first",
    "read_tasks",
    "read_yes_no",
    "schema_for",
    "unanswered_rule",
    "was_read",
]
