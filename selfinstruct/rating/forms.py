"""What raters are asked: a form declared in YAML comes in, checked questions come out.

    name: review
    questions:
      valid_task: {kind: yes_no, about: answer, required: true, text: "Is it a valid task?", explanation: "..."}

The names of questions become the columns of ratings.csv, so a name must not be one that means item, rater or arm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import MinLen

from selfinstruct.compare.sheet_rows import ARM, ITEM, RATER, plain
from selfinstruct.errors import InputError

NOTE = "note"
SHEET_COLUMNS = ("study", "rater", "item", "answer", "instruction", "input", "reference", "output")
_FORBID: dict[str, str] = {"extra": "forbid"}
_YES_NO_WORDS = {"true", "false", "yes", "no", "y", "n", "na", "n/a"}


@dataclass(frozen=True)
class Question:
    """One question. `about`: asked once for each answer that is shown, or once for the item as a whole."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    kind: Literal["yes_no", "grade", "text"]
    about: Literal["answer", "item"]
    required: bool
    text: Annotated[str, MinLen(1)]
    explanation: str


@dataclass(frozen=True)
class Overall:
    """A criterion that nobody is asked for: yes where all of these yes/no questions are, no where one is no."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    name: Annotated[str, MinLen(1)]
    all_of: Annotated[tuple[str, ...], MinLen(1)]


@dataclass(frozen=True)
class Form:
    """The questions by name, in order, and how their answers are written down.

    unit: what is sampled and judged: instances (the answer is the output), or instructions (the answer is the
    instruction itself). guide: what raters read first. answer_label: what an answer is called on the page.
    item_column, rater_column: the names of these columns in ratings.csv. grades: each grade with its meaning, the best
    first; acceptable: those that count as met.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    name: Annotated[str, MinLen(1)]
    title: Annotated[str, MinLen(1)]
    unit: Literal["instance", "instruction"]
    guide: str
    answer_label: Annotated[str, MinLen(1)]
    item_column: str
    rater_column: str
    grades: Mapping[str, str]
    acceptable: tuple[str, ...]
    overall: Overall | None
    questions: Annotated[Mapping[str, Question], MinLen(1)]

    def about(self, what: Literal["answer", "item"]) -> dict[str, Question]:
        """Return the questions about each answer, or about the item as a whole."""
        return {name: question for name, question in self.questions.items() if question.about == what}


def check_form(form: Form) -> None:
    """Refuse a form whose ratings could not be given or read back.

    Raises:
        InputError: every fault, by key.
    """
    faults = [*_column_faults(form), *_question_faults(form), *_grade_faults(form), *_overall_faults(form)]
    if faults:
        raise InputError("; ".join(f"form.{fault}" for fault in faults))


def _column_faults(form: Form) -> Iterator[str]:
    for key, column, known in (
        ("item_column", form.item_column, ITEM),
        ("rater_column", form.rater_column, RATER),
    ):
        if plain(column) not in known:
            yield f'{key}="{column}": `selfinstruct compare` would not find it; choose one of {", ".join(known)}'


def _question_faults(form: Form) -> Iterator[str]:
    taken = {plain(name) for name in (*ITEM, *RATER, *ARM, *SHEET_COLUMNS, NOTE)}
    for name in form.questions:
        if name in {"True", "False", "None"}:
            yield f'questions: "{name}": YAML reads yes, no, on, off and null as such; put the name into quotes'
        if not re.fullmatch(r"[^\W\d][\w .-]{0,59}", name) or name != name.strip():
            yield f'questions: "{name}": begin with a letter, then letters, digits, space, - . and _, at most 60'
        if plain(name) in taken:
            yield f'questions: "{name}": the name of another column or question; choose another'
        taken.add(plain(name))
    if not any(question.required for question in form.questions.values()):
        yield "questions: none is required, so nothing says when an item is done; set required: true on one"


def _grade_faults(form: Form) -> Iterator[str]:
    graded = [name for name, question in form.questions.items() if question.kind == "grade"]
    if graded and len(form.grades) < 2:
        yield f"questions.{graded[0]}: is graded, but form.grades has {len(form.grades)} grades; give at least two"
    for grade in form.grades:
        if not grade or grade != grade.strip() or len(grade) > 20 or grade.lower() in _YES_NO_WORDS:
            yield f'grades: "{grade}": give one to 20 characters that do not mean yes, no or missing'
        elif re.search(r"[,\"'\[\]{}=]", grade):
            yield f'grades: "{grade}": leave out commas, quotes, brackets and ='
    unknown = [grade for grade in form.acceptable if grade not in form.grades]
    if unknown:
        yield f"acceptable: {unknown[0]} is none of the grades {', '.join(form.grades)}"


def _overall_faults(form: Form) -> Iterator[str]:
    if form.overall is None:
        return
    if form.overall.name in form.questions or plain(form.overall.name) in {plain(n) for n in (*ITEM, *RATER, *ARM)}:
        yield f'overall.name="{form.overall.name}": the name of another column or question; choose another'
    for name in form.overall.all_of:
        question = form.questions.get(name)
        if question is None or question.kind != "yes_no" or question.about != "answer":
            yield f'overall.all_of: "{name}" is no yes_no question about answers; name such questions only'
