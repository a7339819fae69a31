"""An OpenAI-compatible server: chat and text completions over HTTP, answered by the offline grammar.

    python -m tests.servers.openai_server --key KEY [--latency 0.05] [--fail 0.3]

Prints its port. It keeps a log of what it was asked (`GET /asked`): path and body of every request, so that a test can
compare what arrived with what was stored. With --fail it answers that share of requests with 500, 503 or 429.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import socket
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from selfinstruct.models.offline import OfflineOptions, answer, read_options
from selfinstruct.records import Message, Request


def make_app(key: str, latency_s: float, fail: float, options: OfflineOptions) -> Starlette:
    asked: list[dict[str, Any]] = []
    chance = random.Random(0)

    async def complete(request: HttpRequest) -> JSONResponse:
        body = await request.json()
        authorised = request.headers.get("authorization") == f"Bearer {key}"
        asked.append({"path": request.url.path, "authorised": authorised, "body": body})
        if not authorised:
            return _error(401, f"Incorrect API key provided: {request.headers.get('authorization')}")
        await asyncio.sleep(latency_s)
        if chance.random() < fail:
            status = chance.choice([429, 500, 503])
            return _error(status, "try later", {"retry-after": "0"} if status == 429 else {})
        return JSONResponse(completion_body(body, options, is_chat=request.url.path.endswith("/chat/completions")))

    async def show(_: HttpRequest) -> JSONResponse:
        return JSONResponse(asked)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/v1/completions", complete, methods=["POST"]),
            Route("/asked", show),
        ]
    )


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": "error", "code": status}}, status, headers)


def completion_body(body: dict[str, Any], options: OfflineOptions, is_chat: bool) -> dict[str, Any]:
    written = answer(_request(body, is_chat), "grammar", options)
    choice: dict[str, Any] = {"index": 0, "finish_reason": written.finish_reason}
    choice |= {"message": {"role": "assistant", "content": written.text}} if is_chat else {"text": written.text}
    prompt, completion = written.prompt_tokens or 0, written.completion_tokens or 0
    return {
        "id": hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16],
        "object": "chat.completion" if is_chat else "text_completion",
        "created": 0,
        "model": body["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    }


def _request(body: dict[str, Any], is_chat: bool) -> Request:
    messages = tuple(Message(m["role"], m["content"]) for m in body["messages"]) if is_chat else ()
    sampling = {name: float(body.get(name) or 0.0) for name in ("temperature", "top_p", "frequency_penalty")}
    return Request(
        stage="",
        messages=messages,
        text="" if is_chat else body["prompt"],
        max_tokens=body["max_tokens"],
        presence_penalty=float(body.get("presence_penalty") or 0.0),
        stop=tuple(body.get("stop") or ()),
        **sampling,
    )


def default_options() -> OfflineOptions:
    """The options that conf/model/offline.yaml declares."""
    file = Path(__file__).resolve().parents[2] / "conf" / "model" / "offline.yaml"
    return read_options(yaml.safe_load(file.read_text(encoding="utf-8"))["options"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", default="none")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--fail", type=float, default=0.0)
    arguments = parser.parse_args()
    app = make_app(arguments.key, arguments.latency, arguments.fail, default_options())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
