"""The page's requests: blind, refused from elsewhere, asked for a token where others can reach it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from selfinstruct.rating import CONSENSUS, Study
from selfinstruct.rating.guard import COOKIE, LONGEST_BODY, Guard, is_loopback
from selfinstruct.rating.page import make_app
from selfinstruct.rating.serving import addresses, kept_token
from tests.rating.studies import TRICKY, make_items, make_study, say

OWN = "http://127.0.0.1:5050"
TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study", make_items(*[(f"answer {n}", f"other {n}") for n in range(5)]))


class Client:
    """Requests to the page in this process, as a browser with its cookies sends them."""

    def __init__(self, app: Any, base_url: str) -> None:
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base_url)
        self.base_url, self.cookies = base_url, self._client.cookies

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)


def client(study: Study, host: str = "127.0.0.1", token: str | None = None, address: str = OWN) -> Client:
    return Client(Guard(make_app(study), host, token), address)


def post(page: Client, path: str, body: Mapping[str, Any], **headers: str) -> Any:
    return page.ask("POST", path, json=body, headers={"origin": page.base_url, **headers})


def entry(*about: dict[str, Any], base: int = 0, save_id: str = "save-0001", **more: Any) -> dict[str, Any]:
    return {"base": base, "save_id": save_id, "about_answers": list(about), "about_item": {}, "note": "", **more}


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


def test_a_body_that_is_no_json_object_is_refused(study: Study) -> None:
    page = client(study)
    for text in ("{", "[]", "null", '"x"'):
        headers = {"origin": OWN, "content-type": "application/json"}
        assert page.ask("POST", "/api/anna/items/1", content=text, headers=headers).status_code == 422


def test_a_write_from_another_page_is_refused(study: Study) -> None:
    page, body = client(study), entry({"valid": True}, {})
    for origin in ("http://evil.example", "null", "http://127.0.0.1:5051", ""):
        assert post(page, "/api/anna/items/1", body, origin=origin).status_code == 403
    assert page.ask("POST", "/api/anna/items/1", json=body).status_code == 403  # no Origin at all
    form = {"origin": OWN, "content-type": "text/plain"}
    assert page.ask("POST", "/api/anna/items/1", content=json.dumps(body), headers=form).status_code == 415
    long = {"origin": OWN, "content-type": "application/json", "content-length": str(LONGEST_BODY + 1)}
    assert page.ask("POST", "/api/anna/items/1", content="{}", headers=long).status_code == 413
    assert page.ask("DELETE", "/api/anna", headers={"origin": OWN}).status_code in {405, 415}
    assert study.ledger.everything() == {}


def test_a_foreign_name_that_points_here_is_refused(study: Study) -> None:
    page = client(study)
    for host, status in (
        ("127.0.0.1:5050", 200),
        ("localhost:5050", 200),
        ("[::1]:5050", 200),
        ("evil.example", 421),
        ("evil.example:5050", 421),
        ("127.0.0.1.evil.example:5050", 421),
        ("192.168.1.5:5050", 421),
    ):
        assert page.get("/api/anna", headers={"host": host}).status_code == status, host


def test_no_script_from_elsewhere_and_none_inline(study: Study) -> None:
    page = client(study)
    answered = page.get("/rate/anna")
    policy = answered.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert answered.headers["x-content-type-options"] == "nosniff"
    assert answered.headers["cache-control"] == "no-store"
    scripts = re.findall(r"<script[^>]*>", answered.text)
    assert scripts == ['<script type="module" src="/static/rate.js">']
    assert not re.findall(r"https?://|style=|\son\w+=", answered.text)
    for name in ("rate.js", "loading.js", "saving.js", "item.js", "texts.js", "rate.css", "icon.svg"):
        found = page.get(f"/static/{name}")
        assert found.status_code == 200
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", found.text), name
        assert ".innerHTML" not in found.text
    for name in ("front.html.j2", "..%2Fpage.py", "nowhere"):
        assert page.get(f"/static/{name}").status_code == 404


def test_titles_and_raters_are_escaped_on_the_page(tmp_path: Path) -> None:
    from tests.rating.studies import make_form

    form = make_form(title=TRICKY[0], guide=TRICKY[0])
    page = client(make_study(tmp_path / "s", make_items(("x",)), ("anna", "o'ne & two"), form))
    for path in ("/", "/rate/anna", "/rate/nobody"):
        assert "<script>document" not in page.get(path).text
    assert '<a href="/rate/o%27ne%20%26%20two">o&#39;ne &amp; two</a>' in page.get("/").text
    assert page.get("/rate/nobody").status_code == 404


def test_only_this_machine_needs_no_token() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.2", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.5", "::", "example.org")))


def test_others_need_the_token_which_does_not_stay_in_the_address(study: Study) -> None:
    page = client(study, "0.0.0.0", TOKEN, "http://192.168.1.5:5050")
    assert page.get("/rate/anna").status_code == 401
    assert page.get("/rate/anna?token=wrong").status_code == 401
    assert page.get("/static/rate.js").status_code == 401
    let_in = page.get(f"/rate/anna?token={TOKEN}&x=1")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/rate/anna?x=1")
    cookie = let_in.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and TOKEN not in cookie
    assert page.get("/rate/anna").status_code == 200  # by the cookie
    assert post(page, "/api/anna/items/1", entry({}, {})).status_code == 200
    page.cookies.clear()
    assert post(page, "/api/anna/items/1", entry({}, {})).status_code == 401
    assert page.get("/api/anna", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert page.get("/api/anna", headers={"cookie": f"{COOKIE}={TOKEN}"}).status_code == 401
    assert page.get("/api/anna", headers={"host": "evil.example"}).status_code == 421


def test_the_way_in_leads_to_no_other_server(study: Study) -> None:
    page = client(study, "0.0.0.0", TOKEN, "http://192.168.1.5:5050")
    answered = page.get(f"http://192.168.1.5:5050//evil.example/?token={TOKEN}")
    assert answered.headers["location"] == "/evil.example/"


def test_a_token_is_made_once_and_readable_by_its_owner_only(study: Study) -> None:
    token = kept_token(study.folder)
    assert kept_token(study.folder) == token and len(token) >= 32
    (study.folder / "token").write_text("")  # a process that was killed; an empty token would let everybody in
    assert len(token := kept_token(study.folder)) >= 32
    assert (study.folder / "token").stat().st_mode & 0o777 == 0o600
    assert addresses(study, "10.0.0.7", 5050, token)[0] == f"anna  http://10.0.0.7:5050/rate/anna?token={token}"
    assert addresses(study, "127.0.0.1", 5050, None)[1] == "ben   http://127.0.0.1:5050/rate/ben"


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
