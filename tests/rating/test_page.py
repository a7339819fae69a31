"""The page's requests: what raters are told, what is saved, what makes no sense and is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.rating import CONSENSUS, Study
from tests.rating.page_requests import OF_STUDY, OWN, client, entry, post
from tests.rating.studies import TRICKY, make_items, make_study, say


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study", make_items(*[(f"answer {n}", f"other {n}") for n in range(5)]))


def test_what_the_page_is_told_names_no_arm_no_source_and_no_other_rater(study: Study) -> None:
    say(study, "ben", "1", {"valid": True, "words": "said by somebody"}, {"clear": True}, note="a note of ben")
    page = client(study)
    told = page.get("/api/anna").text + page.get("/rate/anna").text
    told += "".join(page.get(f"/api/anna/items/{n}").text for n in range(1, 6))
    assert not re.search(r"task_|\bben\b|said by somebody|\"arm\"|\"source\"", told)
    shown = page.get("/api/anna/items/1").json()
    assert sorted(shown["answers"]) == ["answer 0", "other 0"]
    assert shown["version"] == 0 and shown["entry"]["about_answers"] == [{}, {}]


def test_a_reference_is_shown_where_the_item_has_one(tmp_path: Path) -> None:
    from dataclasses import replace

    one, two = make_items(("x",), ("y",))
    page = client(make_study(tmp_path / "s", (one, replace(two, reference="the right one"))))
    assert [page.get(f"/api/anna/items/{n}").json()["reference"] for n in (1, 2)] == ["", "the right one"]


def test_an_answer_is_saved_for_the_model_that_gave_it(study: Study) -> None:
    page = client(study)
    for item in study.items:
        shown = page.get(f"/api/anna/items/{item.id}").json()["answers"]
        about = [{"words": text} for text in shown]
        answered = post(page, f"/api/anna/items/{item.id}", entry(*about, save_id=f"save-000{item.id}"))
        assert answered.json() == {"version": 1, "is_done": False}
        saved = study.ledger.one("anna", item.id)
        assert saved is not None
        assert [values["words"] for values in saved.entry.about_answers] == [answer.text for answer in item.answers]
        assert page.get(f"/api/anna/items/{item.id}").json()["entry"]["about_answers"] == about


def test_a_second_tab_is_told_what_the_first_one_saved(study: Study) -> None:
    page = client(study)
    post(page, "/api/anna/items/1", entry({"valid": True}, {}))
    answered = post(page, "/api/anna/items/1", entry({"valid": False}, {}, save_id="save-0002"))
    assert answered.status_code == 409
    assert answered.json()["entry"]["about_answers"] == [{"valid": True}, {}]
    assert answered.json()["version"] == 1


BAD: list[tuple[str, dict[str, Any], int]] = [
    ("/api/anna/items/9", entry({}, {}), 422),
    ("/api/anna/items/1", entry({}), 422),
    ("/api/anna/items/1", {"about_answers": [{}, {}]}, 422),
    ("/api/anna/items/1", entry({}, {}, base=True), 422),
    ("/api/anna/items/1", entry({}, {}, save_id="short"), 422),
    ("/api/anna/items/1", entry({"colour": "red"}, {}), 422),
    ("/api/cleo/items/1", entry({}, {}), 404),
    ("/api/consensus/items/1", entry({}, {}), 404),
    ("/api/anna/undo", {}, 422),
]


@pytest.mark.parametrize(("path", "body", "status"), BAD, ids=range(len(BAD)))
def test_what_makes_no_sense_is_refused_with_a_word(study: Study, path: str, body: dict[str, Any], status: int) -> None:
    answered = post(client(study), path, body)
    assert answered.status_code == status and answered.json()["error"]
    assert study.ledger.everything() == {}


def test_an_answer_to_an_item_of_another_study_is_not_taken_for_one_of_this(study: Study) -> None:
    page, body = client(study), entry({"valid": True}, {})
    for other in ("ffffffffffff", ""):
        answered = post(page, "/api/anna/items/1", body, **{"x-study": other})
        assert (answered.status_code, answered.json()) == (421, {"error": "another study is served here now"})
        assert post(page, "/api/anna/undo", {"save_id": "save-0001"}, **{"x-study": other}).status_code == 421
        assert page.get("/api/anna/items/1", headers={"x-study": other}).status_code == 421
    said = {"origin": OWN}
    assert page.ask("POST", "/api/anna/items/1", json=body, headers=said).status_code == 421  # it must say which
    assert study.ledger.everything() == {}
    assert post(page, "/api/anna/items/1", body).status_code == 200


def test_a_body_that_is_no_json_object_is_refused(study: Study) -> None:
    page = client(study)
    for text in ("{", "[]", "null", '"x"'):
        headers = {"origin": OWN, "content-type": "application/json", **OF_STUDY}
        assert page.ask("POST", "/api/anna/items/1", content=text, headers=headers).status_code == 422


def test_titles_and_raters_are_escaped_on_the_page(tmp_path: Path) -> None:
    from tests.rating.studies import make_form

    form = make_form(title=TRICKY[0], guide=TRICKY[0])
    page = client(make_study(tmp_path / "s", make_items(("x",)), ("anna", "o'ne & two"), form))
    for path in ("/", "/rate/anna", "/rate/nobody"):
        assert "<script>document" not in page.get(path).text
    assert '<a href="/rate/o%27ne%20%26%20two">o&#39;ne &amp; two</a>' in page.get("/").text
    assert page.get("/rate/nobody").status_code == 404


def test_the_one_who_settles_is_told_what_was_said_but_not_by_whom(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", make_items(("x", "y"), ("z", "w")), ("anna", "ben", CONSENSUS))
    full = {"valid": True, "clear": True}
    for rater, clear in (("anna", True), ("ben", False)):
        say(study, rater, "1", full, {"valid": True, "clear": clear}, note=f"note {clear}")
        say(study, rater, "2", full, full)
    page = client(study)
    overview = page.get("/api/consensus").json()
    assert overview["settles"] and [item["id"] for item in overview["items"]] == ["1"]
    shown = page.get("/api/consensus/items/1")
    assert "anna" not in shown.text and "ben" not in shown.text
    slot = study.slots(CONSENSUS, study.item("1")).index(1)
    (differing,) = [one for one in shown.json()["opinions"] if one["is_disputed"]]
    assert (differing["answer"], differing["question"], sorted(differing["values"])) == (slot, "clear", [False, True])
    about: list[dict[str, Any]] = [{"valid": False}, {"valid": False}]
    about[slot] |= {"clear": False}
    answered = post(page, "/api/consensus/items/1", entry(*about))
    assert answered.json() == {"version": 1, "is_done": True}
    saved = study.ledger.one(CONSENSUS, "1")
    assert saved is not None and saved.entry.about_answers == ({}, {"clear": False})  # agreed places are not asked
