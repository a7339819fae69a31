"""The raters' page: a small HTML shell, one script, one style, and the JSON that they exchange.

    GET  /                              who rates
    GET  /rate/anna                     the page of one rater
    GET  /api/anna                      the form, and how far this rater is
    GET  /api/anna/items/17             texts of one item, and what was saved; answers in this rater's order
    POST /api/anna/items/17             {"base": 1, "save_id": "...", "about_answers": [...], ...} -> {"version": 2}
    POST /api/anna/undo                 {"save_id": "..."} -> {"item": "17"}

Every request says in a header which study it is about (x-study: 3f2a91c04b7d), since a page that was left open may find
another study at its address one day. Nothing here says which arm an answer is from, or what other raters said, except
to the one who settles disagreements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from selfinstruct.errors import InputError, SelfInstructError
from selfinstruct.rating.disagreements import disputed, places, value_at
from selfinstruct.rating.entries import Entry, read_entry, reordered, restored
from selfinstruct.rating.items import Item
from selfinstruct.rating.ledger import ConflictError, Saved
from selfinstruct.rating.study import CONSENSUS, Study

_PAGES = Path(__file__).with_name("pages")
_SCRIPT = "text/javascript"
_FILES = {
    **{path.name: _SCRIPT for path in sorted(_PAGES.glob("*.js"))},
    "rate.css": "text/css",
    "icon.svg": "image/svg+xml",
}


def make_app(study: Study) -> Starlette:
    """Return the page of a study, without the guard that stands before it."""
    templates = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)

    async def front(_: Request) -> Response:
        return HTMLResponse(templates.get_template("front.html.j2").render(form=study.form, raters=study.raters))

    async def page(request: Request) -> Response:
        rater = request.path_params["rater"]
        if rater not in study.raters:
            shown = templates.get_template("front.html.j2").render(form=study.form, raters=study.raters)
            return HTMLResponse(shown, status_code=404)
        return HTMLResponse(templates.get_template("rate.html.j2").render(form=study.form, rater=rater, study=study))

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _FILES:
            return Response(status_code=404)
        return FileResponse(_PAGES / name, media_type=_FILES[name])

    return Starlette(
        routes=[
            Route("/", front),
            Route("/rate/{rater}", page),
            Route("/static/{name}", file),
            Route("/api/{rater}", _json(study, _overview)),
            Route("/api/{rater}/items/{item}", _json(study, _shown)),
            Route("/api/{rater}/items/{item}", _json(study, _save), methods=["POST"]),
            Route("/api/{rater}/undo", _json(study, _undo), methods=["POST"]),
        ]
    )


Told = Mapping[str, Any]


def _json(study: Study, answer: Callable[[Study, str, str, Told], Told]) -> Callable[[Request], Any]:
    """Wrap a function of (study, rater, item, body); what it refuses becomes a status and a message."""

    async def endpoint(request: Request) -> Response:
        rater, item = request.path_params["rater"], request.path_params.get("item", "")
        if request.headers.get("x-study", study.identity if request.method == "GET" else "") != study.identity:
            return JSONResponse({"error": "another study is served here now"}, status_code=421)
        if rater not in study.raters:
            return JSONResponse({"error": "There is no such rater in this study."}, status_code=404)
        try:
            body = json.loads(await request.body()) if request.method == "POST" else {}
            if not isinstance(body, dict):
                raise InputError("send a JSON object")
            return JSONResponse(await run_in_threadpool(answer, study, rater, item, body))
        except ConflictError as error:
            found = study.item(item)
            return JSONResponse({"error": str(error), **_saved(study, rater, found, error.saved)}, status_code=409)
        except (InputError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        except SelfInstructError as error:
            return JSONResponse({"error": str(error)}, status_code=503)

    return endpoint


def _overview(study: Study, rater: str, _item: str, _body: Told) -> Told:
    own = study.ledger.current(rater)
    said = study.said() if rater == CONSENSUS else {}
    return {
        "study": study.identity,
        "settles": rater == CONSENSUS,
        "form": {
            **asdict(study.form),
            "questions": [{"name": n, **asdict(q)} for n, q in study.form.questions.items()],
        },
        "grades": [{"name": name, "meaning": meaning} for name, meaning in study.form.grades.items()],
        "items": [
            {
                "id": item.id,
                "is_done": study.is_done(rater, item, own.get(item.id), said.get(item.id, {})),
                "is_skipped": item.id in own and own[item.id].entry.is_skipped,
            }
            for item in study.order(rater)
        ],
    }


def _shown(study: Study, rater: str, item_id: str, _body: Told) -> Told:
    item = study.item(item_id)
    order = study.slots(rater, item)
    told: dict[str, Any] = {
        "id": item.id,
        "instruction": item.instruction,
        "input": item.input,
        "reference": item.reference,
        "answers": [item.answers[place].text for place in order],
        **_saved(study, rater, item, study.ledger.one(rater, item_id)),
    }
    if rater == CONSENSUS:
        told |= _said_by_others(study, item, order)
    return told


def _said_by_others(study: Study, item: Item, order: tuple[int, ...]) -> Told:
    """What the raters said, in an order that does not tell who, and at which places they differ."""
    by_rater = study.said_about(item)
    said = study.opinions(item, by_rater)
    differing = set(disputed(study.form, item, by_rater))
    slot_of = {place: slot for slot, place in enumerate(order)}
    return {
        "opinions": [
            {
                "answer": None if number is None else slot_of[number],
                "question": name,
                "values": [value_at(entry, (number, name)) for entry in said],
                "is_disputed": (number, name) in differing,
            }
            for number, name in places(study.form, item)
        ],
        "notes": [entry.note for entry in said],
    }


def _saved(study: Study, rater: str, item: Item, saved: Saved | None) -> dict[str, Any]:
    entry = saved.entry if saved else Entry(tuple({} for _ in item.answers))
    version = saved.version if saved else 0
    return {"version": version, "entry": asdict(reordered(entry, study.slots(rater, item)))}


def _save(study: Study, rater: str, item_id: str, body: Told) -> Told:
    item = study.item(item_id)
    base, save_id = body.get("base"), body.get("save_id")
    if (
        isinstance(base, bool)
        or not isinstance(base, int)
        or not isinstance(save_id, str)
        or not 8 <= len(save_id) <= 64
    ):
        raise InputError("base, save_id: give the version that was shown, and an id of 8 to 64 characters")
    entry = restored(read_entry(study.form, len(item.answers), body), study.slots(rater, item))
    said = study.said_about(item) if rater == CONSENSUS else {}
    if rater == CONSENSUS:
        entry = study.only_disputed(item, entry, said)
    saved = study.ledger.save(rater, item_id, base, entry, save_id, "page")
    return {"version": saved.version, "is_done": study.is_done(rater, item, saved, said)}


def _undo(study: Study, rater: str, _item: str, body: Told) -> Told:
    save_id = body.get("save_id")
    if not isinstance(save_id, str) or not 8 <= len(save_id) <= 64:
        raise InputError("save_id: give an id of 8 to 64 characters")
    undone = study.ledger.undo(rater, save_id)
    return {"item": undone[0] if undone else None}
