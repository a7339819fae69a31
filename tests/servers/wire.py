"""A small HTTP/1.1 server on asyncio's protocols: some 30 µs a request, so that a benchmark measures the client.

    serve(lambda path, body: Answer(200, b"{}"))     prints its port, answers until it is killed

The handler is a plain function; an answer may be held back for some seconds. No TLS, no chunks, no pipelining.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server says, and after how many seconds."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


Handler = Callable[[str, bytes], Answer]


def as_json(status: int, content: Any, headers: dict[str, str] | None = None, delay_s: float = 0.0) -> Answer:
    return Answer(status, json.dumps(content).encode(), headers or {}, delay_s)


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        length = int(next((line[15:] for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0))
        if not found or len(rest) < length:
            return
        self._received = rest[length:]
        answer = self._handler(head.split(b" ", 2)[1].decode(), rest[:length])
        if answer.delay_s > 0:
            asyncio.get_running_loop().call_later(answer.delay_s, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        said = {"content-type": "application/json", "content-length": str(len(answer.body)), **answer.headers}
        head = f"HTTP/1.1 {answer.status} -\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items())
        if not self._transport.is_closing():
            self._transport.write(head.encode() + b"\r\n" + answer.body)


def serve(handler: Handler) -> None:
    """Print the port and answer for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print(listener.getsockname()[1], flush=True)

    async def work() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(handler), sock=listener)
        await server.serve_forever()

    asyncio.run(work())
