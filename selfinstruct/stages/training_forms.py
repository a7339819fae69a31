"""The 13 forms in which the paper's model was trained: an instance becomes a prompt and a completion.

In comes one instance; out comes what a completion model is trained on, the form drawn at random, so that the tuned
model does not depend on one way of asking:

    {"prompt": "Name the capital.\\n\\nInput: Peru\\n\\nOutput:", "completion": " Lima<|endoftext|>"}

Source of the forms and of the preprocessing: Wang et al. 2023, section 2.3 and the code released with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selfinstruct.jsonl import canonical
from selfinstruct.randomness import generator

FORMS_WITH_INPUT = (
    "{instruction}\nInput: {input}\nOutput:",
    "{instruction}\n\nInput: {input}\n\nOutput:",
    "Task: {instruction}\nInput: {input}\nOutput:",
    "{instruction}\n\n{input}\n\nOutput:",
    "{instruction}\n\n{input}\n\n",
    "{instruction}\n{input}\n\n",
    "Task: {instruction}\n\n{input}\n\n",
)
FORMS_WITHOUT_INPUT = (
    "{instruction} Output:",
    "{instruction}\nOutput:",
    "{instruction}\n\nOutput:",
    "{instruction}\n",
    "{instruction}\n\n",
    "Task: {instruction}\n\n",
)

_SIMPLIFIED_SHARE = 0.5
_WORD_BEFORE_COLON = re.compile(r"(\w+):")


@dataclass(frozen=True)
class PromptCompletion:
    """What a completion model reads and what it shall answer; the two are concatenated without anything between."""

    prompt: str
    completion: str


def in_random_form(instruction: str, given: str, output: str, end_of_text: str, random_seed: int) -> PromptCompletion:
    """Return the instance in a form drawn for it; half of the time its input is simplified before.

    The draw is derived from the seed and the three texts, not from the record's place: other records can come, go or
    change their order, and this one keeps its form.
    """
    random = generator(random_seed, "export", "form", canonical([instruction, given, output]))
    if random.random() < _SIMPLIFIED_SHARE:
        given = simplify_input(given)
    form = random.choice(FORMS_WITH_INPUT if given.strip() else FORMS_WITHOUT_INPUT)
    return fill_form(form, instruction, given, output, end_of_text)


def fill_form(form: str, instruction: str, given: str, output: str, end_of_text: str) -> PromptCompletion:
    """Return the instance in one form, white space at the ends of its texts removed.

    The completion starts with a space where the prompt ends with `Output:`, and ends with the end-of-text token.
    """
    lead = " " if form.endswith("Output:") else ""
    prompt = form.format(instruction=instruction.strip(), input=given.strip())
    return PromptCompletion(prompt, f"{lead}{output.strip()}{end_of_text}")


def simplify_input(given: str) -> str:
    """Return the input without its field name, where there is just one, and with double line breaks made single.

    A field name is a word right before a colon. If exactly one distinct word is, everything up to the first colon of
    the text goes. The rule is the published one, faults included: "at 10:30" has one such word, "10", and becomes "30".
    """
    if len(set(_WORD_BEFORE_COLON.findall(given))) == 1:
        given = given.partition(":")[2]
    return given.strip().replace("\n\n", "\n")
