"""Who may ask the page for what: refused from elsewhere, and with a token of each rater where others can reach it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from selfinstruct.rating import Study
from selfinstruct.rating.access import OWNER, SECRET, Access, kept_secret
from selfinstruct.rating.guard import LONGEST_BODY, is_loopback, is_open_to
from selfinstruct.rating.serving import links
from tests.conftest import ROOT
from tests.rating.page_requests import OWN, Client, client, entry, post
from tests.rating.studies import make_items, make_study

KEY = "a-secret-that-is-long-enough"
ACCESS = Access(KEY, ("anna", "ben"))
OUTSIDE = "http://192.168.1.5:5050"
PUBLIC = "https://ratings.example.org"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study", make_items(*[(f"answer {n}", f"other {n}") for n in range(5)]))


def reached(study: Study) -> Client:
    """The page as another machine reaches it."""
    return client(study, "0.0.0.0", KEY, OUTSIDE)


def enter(page: Client, name: str, path: str = "/") -> httpx.Response:
    return page.get(f"{path}?token={ACCESS.token_of(name)}")


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
    names = {path.name for path in (ROOT / "selfinstruct/rating/pages").iterdir() if path.suffix != ".j2"}
    assert {"rate.js", "rate.css", "icon.svg"} < names
    for name in sorted(names):
        found = page.get(f"/static/{name}")
        assert found.status_code == 200
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", found.text), name
        assert ".innerHTML" not in found.text
    for name in ("front.html.j2", "..%2Fpage.py", "nowhere"):
        assert page.get(f"/static/{name}").status_code == 404


def test_only_this_machine_needs_no_token() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.2", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.5", "::", "example.org")))


def test_others_need_a_token_which_does_not_stay_in_the_address(study: Study) -> None:
    page = reached(study)
    for path in (
        "/",
        "/rate/anna",
        "/rate/anna?token=wrong",
        f"/rate/anna?token={KEY}",
        "/static/rate.js",
        "/api/anna",
    ):
        assert page.get(path).status_code == 401, path
    token = ACCESS.token_of("anna")
    let_in = page.get(f"/rate/anna?token={token}&x=1")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/rate/anna?x=1")
    cookie = let_in.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and token not in cookie and KEY not in cookie
    assert page.get("/rate/anna").status_code == 200  # by the cookie
    assert post(page, "/api/anna/items/1", entry({}, {})).status_code == 200
    assert post(page, "/api/anna/items/1", entry({}, {}), origin="http://evil.example").status_code == 403
    page.cookies.clear()
    assert post(page, "/api/anna/items/1", entry({}, {})).status_code == 401
    assert page.get("/api/anna", headers={"authorization": f"Bearer {token}"}).status_code == 200
    name, value = ACCESS.cookie_of("anna")
    for forged in (f"{name}={token}", f"{name}={value[:-1]}", f"{ACCESS.cookie_of('ben')[0]}={value}"):
        assert page.get("/api/anna", headers={"cookie": forged}).status_code == 401
    assert page.get("/api/anna", headers={"host": "evil.example"}).status_code == 421


def test_the_token_of_a_rater_opens_the_page_of_this_rater_only(study: Study) -> None:
    page = reached(study)
    enter(page, "anna")
    assert {page.get(path).status_code for path in ("/rate/anna", "/api/anna", "/api/anna/items/1")} == {200}
    assert page.get("/static/rate.js").status_code == 200
    for path in ("/", "/rate/ben", "/api/ben", "/api/ben/items/1", "//rate/anna", "/rate", "/api/", "/rate/annabel"):
        assert page.get(path).status_code == 403, path
    assert post(page, "/api/ben/items/1", entry({"valid": True}, {})).status_code == 403
    assert post(page, "/api/ben/undo", {"save_id": "save-0001"}).status_code == 403
    assert study.ledger.everything() == {}
    bearer = {"authorization": f"Bearer {ACCESS.token_of('anna')}"}
    assert reached(study).get("/api/ben", headers=bearer).status_code == 403


def test_one_browser_may_hold_the_pages_of_two_raters(study: Study) -> None:
    page = reached(study)
    enter(page, "anna")
    enter(page, "ben")
    assert page.get("/api/anna").status_code == page.get("/api/ben").status_code == 200
    assert page.get("/").status_code == 403


def test_the_token_of_the_owner_opens_the_list_of_raters_and_every_page(study: Study) -> None:
    page = reached(study)
    assert enter(page, OWNER).headers["location"] == "/"
    assert "ben" in page.get("/").text
    assert page.get("/api/anna").status_code == page.get("/api/ben").status_code == 200


def test_no_token_can_be_made_of_another_one() -> None:
    tokens = {name: ACCESS.token_of(name) for name in (OWNER, "anna", "ben")}
    assert len(set(tokens.values())) == 3
    assert all(re.fullmatch(r"[\w-]{32}", token) for token in tokens.values())
    for name, token in tokens.items():
        assert ACCESS.name_of(token) == name
        assert Access(token, ("anna", "ben")).token_of("ben") not in tokens.values()  # a token is no secret
    assert [ACCESS.name_of(wrong) for wrong in ("", KEY, tokens["ben"][:-1], tokens["ben"] + "A")] == [None] * 4
    assert ACCESS.name_of(Access(KEY, ("cleo",)).token_of("cleo")) is None  # no rater of this study
    assert {Access("another secret, and long", ("anna",)).token_of("anna")}.isdisjoint(tokens.values())


def test_the_way_in_leads_to_no_other_server(study: Study) -> None:
    answered = enter(reached(study), "anna", f"{OUTSIDE}//evil.example/")
    assert answered.headers["location"] == "/evil.example/"


def test_the_secret_is_made_once_and_readable_by_its_owner_only(study: Study) -> None:
    secret = kept_secret(study.folder)
    assert kept_secret(study.folder) == secret and len(secret) >= 32
    (study.folder / SECRET).write_text("")  # a process that was killed; an empty secret would let everybody in
    assert len(kept_secret(study.folder)) >= 32 and kept_secret(study.folder) != secret
    assert (study.folder / SECRET).stat().st_mode & 0o777 == 0o600


def test_each_rater_has_a_link_and_the_owner_one_for_all_pages(study: Study) -> None:
    anna, ben, owner = links(study, OUTSIDE, ACCESS)
    assert anna == f"anna         {OUTSIDE}/rate/anna?token={ACCESS.token_of('anna')}"
    assert ben.startswith(f"ben          {OUTSIDE}/rate/ben?token=")
    assert owner == f"(all pages)  {OUTSIDE}/?token={ACCESS.token_of(OWNER)}"
    assert links(study, OWN, None) == [f"anna  {OWN}/rate/anna", f"ben   {OWN}/rate/ben"]


@pytest.mark.parametrize("host", ["ratings.example.org", "127.0.0.1:5050"])
def test_a_proxy_may_pass_its_own_name_on_or_not(study: Study, host: str) -> None:
    page = client(study, "127.0.0.1", KEY, PUBLIC, PUBLIC)
    assert page.get("/rate/anna", headers={"host": host}).status_code == 401
    let_in = page.get(f"/rate/anna?token={ACCESS.token_of('anna')}", headers={"host": host})
    assert "Secure" in let_in.headers["set-cookie"]
    body = entry({"valid": True}, {})
    assert post(page, "/api/anna/items/1", body, host=host, origin="https://evil.example").status_code == 403
    assert post(page, "/api/anna/items/1", body, host="evil.example").status_code == 421
    assert study.ledger.everything() == {}
    assert post(page, "/api/anna/items/1", body, host=host).status_code == 200


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/rate/anna", True),
        ("/api/anna", True),
        ("/api/anna/items/1", True),
        ("/static/rate.js", True),
        ("/rate/Anna", False),
        ("/rate/ann", False),
        ("/api/ben/anna", False),
        ("/", False),
        ("", False),
        ("//rate/anna", False),
        ("/items/anna", False),
    ],
)
def test_a_path_is_open_to_the_rater_whose_it_is(path: str, is_open: bool) -> None:
    assert is_open_to("anna", path) is is_open
