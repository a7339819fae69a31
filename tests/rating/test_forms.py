"""Forms: the shipped ones can be used, every fault is named by its key."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from selfinstruct.config import build
from selfinstruct.errors import InputError
from selfinstruct.rating import Form, check_form
from selfinstruct.rating.forms import Overall
from selfinstruct.rating.summary import criteria
from tests.conftest import ROOT, Command
from tests.rating.studies import make_form, make_run, question

SHIPPED = sorted((ROOT / "conf" / "form").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_form_can_be_used(path: Path) -> None:
    form = build(Form, yaml.safe_load(path.read_text(encoding="utf-8")))
    check_form(form)
    assert form.name == path.stem
    assert form.guide.strip()


def test_the_criteria_are_the_columns_of_the_published_ratings(shared_data: Path) -> None:
    form = build(Form, yaml.safe_load((ROOT / "conf/form/criteria.yaml").read_text(encoding="utf-8")))
    with (shared_data / "selfbehave/high_quality_annotations.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == [
        form.item_column,
        form.rater_column,
        *criteria(form, True)[:4],
        "High-quality",
        "Name",
        "Ill-formed",
    ]
    assert form.overall is not None and form.overall.name == "High-quality"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"item_column": "thing"}, 'form.item_column="thing": `selfinstruct compare` would not find it'),
    ({"rater_column": "who"}, 'form.rater_column="who"'),
    ({"questions": {"Rater-ID": question()}, "overall": None}, '"Rater-ID": the name of another column'),
    ({"questions": {"note": question()}, "overall": None}, '"note": the name of another column'),
    ({"questions": {"=x": question()}, "overall": None}, '"=x": begin with a letter'),
    ({"questions": {"a b": question(), "a-b": question()}, "overall": None}, '"a-b": the name of another'),
    ({"questions": {"words": question("text", required=False)}, "overall": None}, "none is required"),
    ({"grades": {"A": ""}}, "form.questions.grade: is graded, but form.grades has 1 grades"),
    ({"grades": {"yes": "", "no": ""}, "acceptable": ()}, 'form.grades: "yes"'),
    ({"grades": {"A,B": "", "C": ""}, "acceptable": ()}, "leave out commas"),
    ({"acceptable": ("A", "E")}, "form.acceptable: E is none of the grades A, B, C, D"),
    ({"overall": Overall("valid", ("clear",))}, 'form.overall.name="valid"'),
    ({"overall": Overall("both", ("valid", "grade"))}, 'form.overall.all_of: "grade" is no yes_no question'),
    ({"overall": Overall("both", ("same",))}, 'form.overall.all_of: "same" is no yes_no question about answers'),
]


@pytest.mark.parametrize(("changes", "says"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_form_that_could_not_be_read_back_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        check_form(make_form(**changes))


def test_a_form_of_every_kind_is_accepted() -> None:
    check_form(make_form())


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(InputError) as raised:
        check_form(make_form(item_column="thing", acceptable=("E",)))
    assert "item_column" in str(raised.value) and "acceptable" in str(raised.value)


def test_an_own_form_is_found_beside_the_shipped_ones(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one", "two"])
    own = tmp_path / "my_conf" / "form"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text(
        "name: mine\ntitle: Mine\nunit: instance\nguide: ''\nanswer_label: Text\nitem_column: id\n"
        "rater_column: annotator\ngrades: {5: fine, 1: not fine}\nacceptable: [5]\noverall: null\n"
        "questions:\n  tone: {kind: grade, about: answer, required: true, text: 'How is the tone?', explanation: ''}\n",
        encoding="utf-8",
    )
    ended = selfinstruct("rate", "--config-dir", str(tmp_path / "my_conf"), "run=first", "form=mine", "serve=false")
    assert ended.code == 0, ended.err
    (path,) = tmp_path.glob("runs/rate-*/ratings.csv")
    assert path.read_text(encoding="utf-8") == "id,annotator,arm,tone,note\n"


def test_a_fault_in_a_form_is_one_message(selfinstruct: Command, tmp_path: Path) -> None:
    make_run(tmp_path / "first", ["one"])
    ended = selfinstruct("rate", "run=first", "form.questions.valid_task.kind=maybe", "serve=false")
    assert ended.code == 2
    assert "form.questions.valid_task.kind" in ended.err and len(ended.err.strip().splitlines()) == 1
    ended = selfinstruct("rate", "run=first", "+form.colour=red", "serve=false")
    assert ended.code == 2 and "form.colour: unknown key" in ended.err
