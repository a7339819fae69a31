"""An OpenAI-compatible server that does what the prompt says, one step a try.

    python -m tests.servers.scripted_server --key KEY

Prints its port. The last message is JSON: {"id": "a", "steps": ["429:0.2", "500", "reset", "ok:hello"]}. The n-th
try with an id gets the n-th step (the last one from then on). `GET /tries` gives the number of tries by id.

Steps: ok:<text>, untold:<text> (without usage), length:<text>, filter, overflow, quota, <status>[:<retry-after>],
reset, hang, truncated, empty, null, html.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
from collections import Counter
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def make_app(key: str) -> Starlette:
    tries: Counter[str] = Counter()

    async def complete(request: Request) -> Response:
        body = await request.json()
        is_chat = "messages" in body
        script = json.loads(body["messages"][-1]["content"] if is_chat else body["prompt"])
        step = script["steps"][min(tries[script["id"]], len(script["steps"]) - 1)]
        tries[script["id"]] += 1
        if request.headers.get("authorization") != f"Bearer {key}":
            return _error(401, f"Incorrect API key provided: {request.headers.get('authorization')}")
        return await _act(step, is_chat)

    async def show(_: Request) -> Response:
        return JSONResponse(dict(tries))

    return Starlette(
        routes=[
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/v1/completions", complete, methods=["POST"]),
            Route("/tries", show),
        ]
    )


async def _act(step: str, is_chat: bool) -> Response:
    name, _, value = step.partition(":")
    if name == "untold":
        answer = _answer(value, "stop", is_chat)
        del answer["usage"]
        return JSONResponse(answer)
    if name in {"ok", "length"}:
        return JSONResponse(_answer(value, "stop" if name == "ok" else "length", is_chat))
    if name == "reset":
        return _BrokenOff()
    if name == "hang":
        await asyncio.sleep(30)
    if name.isdigit():
        return _error(int(name), "scripted", headers={"retry-after": value} if value else None)
    return _odd(name, is_chat)


def _odd(name: str, is_chat: bool) -> Response:
    answer = _answer("", "stop", is_chat)
    if name == "filter":
        return _error(400, "The response was filtered", code="content_policy_violation")
    if name == "overflow":
        return _error(400, "This model's maximum context length is 10 tokens", code="context_length_exceeded")
    if name == "quota":
        return _error(429, "You exceeded your current quota", code="insufficient_quota")
    if name == "truncated":
        return Response(json.dumps(answer)[:40], media_type="application/json")
    if name == "empty":
        return JSONResponse(answer | {"choices": []})
    if name == "null":
        answer["choices"][0]["message" if is_chat else "text"] = (
            {"role": "assistant", "content": None} if is_chat else None
        )
        return JSONResponse(answer)
    return Response("<html>a proxy's page</html>", media_type="text/html")


def _error(status: int, message: str, headers: dict[str, str] | None = None, code: str = "error") -> Response:
    return JSONResponse({"error": {"message": message, "type": code, "code": code}}, status, headers)


def _answer(text: str, finish_reason: str, is_chat: bool) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish_reason}
    choice |= {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    kind = "chat.completion" if is_chat else "text_completion"
    return {"id": "x", "object": kind, "created": 0, "model": "m", "choices": [choice], "usage": usage}


class _BrokenOff(Response):
    """An answer whose connection breaks off before its end."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"id":', "more_body": True})
        raise ConnectionResetError


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", default="none")
    arguments = parser.parse_args()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = make_app(arguments.key)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])


if __name__ == "__main__":
    main()
