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
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from selfinstruct.models.offline import answer


def make_app(key: str, latency_s: float, fail: float, options: dict[str, Any]) -> Starlette:
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
        return JSONResponse(_answer(body, options, is_chat=request.url.path.endswith("/chat/completions")))

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


def _answer(body: dict[str, Any], options: dict[str, Any], is_chat: bool) -> dict[str, Any]:
    messages = body["messages"] if is_chat else [{"role": "user", "content": body["prompt"]}]
    written = answer(body["model"], messages, body, options)
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", default="none")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--fail", type=float, default=0.0)
    parser.add_argument("--options", default="{}")
    arguments = parser.parse_args()
    app = make_app(arguments.key, arguments.latency, arguments.fail, json.loads(arguments.options))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
