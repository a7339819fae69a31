"""What tests of the page's requests share: a browser without a window, and entries as the page sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from selfinstruct.rating import Study
from selfinstruct.rating.access import Access
from selfinstruct.rating.guard import Guard
from selfinstruct.rating.page import make_app

OWN = "http://127.0.0.1:5050"
OF_STUDY = {"x-study": "0123abcd4567"}  # the study of make_study


class Client:
    """Requests to the page in this process, as a browser with its cookies sends them."""

    def __init__(self, app: Any, base_url: str) -> None:
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base_url)
        self.base_url, self.cookies = base_url, self._client.cookies

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)


def client(study: Study, host: str = "127.0.0.1", secret: str = "", base_url: str = OWN, address: str = "") -> Client:
    access = Access(secret, study.raters) if secret else None
    return Client(Guard(make_app(study), host, access, address), base_url)


def post(page: Client, path: str, body: Mapping[str, Any], **headers: str) -> Any:
    return page.ask("POST", path, json=body, headers={"origin": page.base_url, **OF_STUDY, **headers})


def entry(*about: dict[str, Any], base: int = 0, save_id: str = "save-0001", **more: Any) -> dict[str, Any]:
    return {"base": base, "save_id": save_id, "about_answers": list(about), "about_item": {}, "note": "", **more}
