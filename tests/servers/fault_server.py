"""An OpenAI-compatible server that answers by the offline grammar and goes wrong as it is told.

    python -m tests.servers.fault_server --key KEY [--port 8123]

Prints its port. `POST /plan {"fault": "503", "share": 0.3, "seed": 7}` says what goes wrong from then on and forgets
what was asked before; `GET /asked` gives what was asked since and what became of it, one
`{"digest": "ab12...", "did": "answered"}` for each request. Whether the n-th try of a request goes wrong depends on
seed, request and n alone. Whatever goes wrong, headers and body hold the key that was sent: as it is, in base64,
URL-encoded and its first 12 characters.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import datetime
import email.utils
import hashlib
import json
import socket
import struct
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.servers.openai_server import completion_body, default_options

PASSING = (
    *("429", "429 in seconds", "429 in milliseconds", "429 at a date", "408", "500", "502", "503", "529"),
    *("reset", "reset within the answer", "time-out", "slow trickle"),
    *("truncated JSON", "no JSON", "empty choices", "no choices", "null unpaid", "error in 200", "a proxy's page"),
)
TRICKLE = "trickle"  # no fault: the answer drips, and is whole in the end
LASTING = ("400", "401", "403", "404", "422", "quota")
OUTCOMES = ("content policy", "filtered", "null", "context overflow")
_STATUS_TEXT = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Plan:
    """What goes wrong: `fault` is a name of the lists above, "any passing", "refused", "trickle" or "" (nothing).

    share: of the tries that go wrong. skip: so many requests are answered first. tries: so many tries of a request go
    wrong at most, None for all of them. seconds: how long the port is closed, or how long a trickle takes. longest: a
    prompt with more characters overflows the context.
    """

    fault: str = ""
    share: float = 1.0
    seed: int = 0
    skip: int = 0
    tries: int | None = None
    seconds: float = 30.0
    longest: int | None = None


@dataclass
class Server:
    """What is planned, what was asked, and the connections that are open."""

    key: str
    port: int = 0
    plan: Plan = Plan()
    asked: list[dict[str, str]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    listener: asyncio.Server | None = None

    async def listen(self) -> None:
        self.listener = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it ends."""
        self.open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (head := await reader.readuntil(b"\r\n\r\n")) and not writer.is_closing():
                path, headers = _read_head(head)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if path in {"/plan", "/asked"}:
                    await self.control(path, body, writer)
                else:
                    await self.complete(path, headers, body, writer)
        self.open.discard(writer)
        writer.close()

    async def control(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        answer = json.dumps(self.asked).encode()
        if path == "/plan":
            self.plan, self.asked, self.tries = Plan(**json.loads(body)), [], Counter()
        writer.write(_response(200, {"content-type": "application/json"}, answer))
        await writer.drain()
        if path == "/plan" and self.plan.fault == "refused":
            await self.refuse_for(self.plan.seconds)

    async def refuse_for(self, seconds: float) -> None:
        """Close the port, break every connection off, and open the port again later."""
        assert self.listener is not None
        self.listener.close()
        self.plan = Plan()
        for writer in list(self.open):
            _abort(writer)
        await asyncio.sleep(seconds)
        await self.listen()

    async def complete(self, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        sent = headers.get("authorization", "")
        digest = hashlib.sha256(body).hexdigest()
        self.tries[digest] += 1
        fault = self.fault_of(digest, json.loads(body)) if sent == f"Bearer {self.key}" else "401"
        entry = {"digest": digest, "did": "begun" if fault in {"", TRICKLE} else fault}
        self.asked.append(entry)
        answer = completion_body(json.loads(body), default_options(), path.endswith("/chat/completions"))
        if fault:
            await _go_wrong(fault, self.plan, answer, sent.removeprefix("Bearer "), writer)
        else:
            writer.write(_response(200, {"content-type": "application/json"}, json.dumps(answer).encode()))
            await writer.drain()
        if fault in {"", TRICKLE}:
            entry["did"] = "answered"

    def fault_of(self, digest: str, body: dict[str, Any]) -> str:
        """Return what goes wrong with this try, "" for nothing."""
        plan = self.plan
        prompt = body.get("prompt") or "".join(message["content"] for message in body["messages"])
        if plan.longest is not None and len(prompt) > plan.longest:
            return "context overflow"
        chance = hashlib.sha256(f"{plan.seed}/{digest}/{self.tries[digest]}".encode()).digest()
        spared = len(self.asked) < plan.skip or (plan.tries is not None and self.tries[digest] > plan.tries)
        if not plan.fault or spared or chance[0] / 256 >= plan.share:
            return ""
        return PASSING[chance[1] % len(PASSING)] if plan.fault == "any passing" else plan.fault


async def _go_wrong(fault: str, plan: Plan, answer: dict[str, Any], key: str, writer: asyncio.StreamWriter) -> None:
    echo = _echo(key)
    body = json.dumps(answer | {"echo": echo}).encode()
    headers = {"content-type": "application/json", "x-echo": echo, "www-authenticate": f'Bearer key="{key}"'}
    if fault == "reset":
        _abort(writer)
    elif fault == "reset within the answer":
        writer.write(_response(200, headers, body)[:-20])
        await writer.drain()
        _abort(writer)
    elif fault == "time-out":
        await asyncio.sleep(plan.seconds)
    elif fault in {"slow trickle", TRICKLE}:
        await _trickle(_response(200, headers, body), plan.seconds, writer)
    else:
        status, more, body = _wrong_answer(fault, answer, echo)
        writer.write(_response(status, headers | more, body))
        await writer.drain()


def _wrong_answer(fault: str, answer: dict[str, Any], echo: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, further headers and body of a fault that is an HTTP answer."""
    choice = dict(answer["choices"][0])
    nothing = {"message": {"role": "assistant", "content": None}} if "message" in choice else {"text": None}
    choice |= {"finish_reason": "stop"}
    unpaid = {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7}
    odd = {
        "truncated JSON": json.dumps({"echo": echo} | answer)[:-40],
        "no JSON": f"not JSON at all, and your key was {echo}",
        "empty choices": json.dumps(answer | {"choices": [], "echo": echo}),
        "no choices": json.dumps({name: answer[name] for name in ("id", "object", "model")} | {"echo": echo}),
        "null": json.dumps(answer | {"choices": [choice | nothing]}),
        "null unpaid": json.dumps(answer | {"choices": [choice | nothing], "usage": unpaid}),
        "filtered": json.dumps(answer | {"choices": [choice | nothing | {"finish_reason": "content_filter"}]}),
        "error in 200": json.dumps({"error": {"message": f"upstream failed, {echo}", "code": 502}}),
    }
    if fault in odd:
        return 200, {}, odd[fault].encode()
    if fault == "a proxy's page":
        return 200, {"content-type": "text/html"}, f"<html><p>Please log in. {echo}</p></html>".encode()
    if fault in {"content policy", "context overflow", "quota"}:
        status, code, words = {
            "content policy": (400, "content_policy_violation", "Your request was rejected by our safety system"),
            "context overflow": (400, "context_length_exceeded", "This model's maximum context length is 900 tokens"),
            "quota": (429, "insufficient_quota", "You exceeded your current quota, please check your billing details"),
        }[fault]
        return status, {}, _error_body(f"{words}. {echo}", code)
    retry_after = {
        "429 in seconds": {"retry-after": "0.05"},
        "429 in milliseconds": {"retry-after-ms": "50"},
        "429 at a date": {"retry-after": email.utils.format_datetime(datetime.datetime.now(datetime.UTC), usegmt=True)},
    }
    words = {"401": "Incorrect API key provided", "404": "The model does not exist"}.get(fault, "told to fail")
    return int(fault[:3]), retry_after.get(fault, {}), _error_body(f"{words}: {echo}", "error")


def _error_body(message: str, code: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": code, "param": None, "code": code}}).encode()


def _echo(key: str) -> str:
    """The key in every form in which it must never be written down."""
    forms = [key, base64.b64encode(key.encode()).decode(), base64.b64encode(f"Bearer {key}".encode()).decode()]
    return " ".join([*forms, urllib.parse.quote(key, safe=""), urllib.parse.quote_plus(f"Bearer {key}"), key[:12]])


def _read_head(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs}


def _response(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {_STATUS_TEXT.get(status, 'Failed')}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _trickle(response: bytes, seconds: float, writer: asyncio.StreamWriter) -> None:
    """Let the bytes drip, so that the whole takes this long."""
    pieces = 40
    size = -(-len(response) // pieces)
    for start in range(0, len(response), size):
        writer.write(response[start : start + size])
        await writer.drain()
        await asyncio.sleep(seconds / pieces)


def _abort(writer: asyncio.StreamWriter) -> None:
    """Reset the connection: lingering for 0 s makes the kernel send RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _main(server: Server) -> None:
    await server.listen()
    print(server.port, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", default="none")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(_main(Server(arguments.key, arguments.port)))


if __name__ == "__main__":
    main()
