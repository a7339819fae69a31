"""What is refused before anything is sent: templates that cannot be rendered, grades that no judge could be read by."""

from __future__ import annotations

import re

from selfinstruct.errors import InputError
from selfinstruct.evaluation.grades import render_grade
from selfinstruct.evaluation.items import Benchmark, Item
from selfinstruct.evaluation.options import BenchmarkOptions, GradingOptions
from selfinstruct.evaluation.pairs import render_pair
from selfinstruct.evaluation.rendering import render_item
from selfinstruct.models.askable import check_options
from selfinstruct.models.gateway import ModelOptions

_EXAMPLE = Item("example", "example", "", "Name a fruit.", "", ("A pear",))


def check_prompts(options: BenchmarkOptions, mode: str, benchmark: Benchmark) -> None:
    """Render the prompt of every item. Raises InputError as `render_item`."""
    for item in benchmark.items:
        render_item(options, mode, item)


def check_judge(judge: ModelOptions, grading: GradingOptions, needs_key: bool = True) -> None:
    """Refuse a judge that cannot be asked, and grades as `check_grading` does; messages name it as the config does.

    Raises:
        InputError: the judge's options cannot be used, or a completion model would get chat questions.
    """
    try:
        check_options(judge, needs_key)
    except InputError as error:
        raise InputError(str(error).replace("model.", "judge.")) from None
    if judge.mode == "completion" and grading.style == "chat":
        raise InputError("grading.style=chat asks chat models, but judge.mode=completion; set grading.style=completion")
    check_grading(grading)


def check_grading(options: GradingOptions) -> None:
    """Render both questions once and look at the grades.

    Raises:
        InputError: a template cannot be rendered, a grade is no single letter, or an acceptable grade is not known.
    """
    wrong = [grade for grade in options.grades if not re.fullmatch("[A-Z]", grade)]
    if wrong:
        raise InputError(f'grading.grades: "{wrong[0]}" is no single capital letter, by which an answer is read')
    unknown = [grade for grade in options.acceptable if grade not in options.grades]
    if unknown:
        raise InputError(f"grading.acceptable: {unknown[0]} is none of {', '.join(options.grades)}")
    render_grade(options, _EXAMPLE, "A pear")
    render_pair(options, _EXAMPLE, "A pear", "An apple")
