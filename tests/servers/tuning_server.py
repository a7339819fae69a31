"""A server that speaks OpenAI's protocol of files and fine-tuning jobs, and Azure's, and goes wrong as it is told.

    python -m tests.servers.tuning_server --key KEY

Prints its port. `POST /plan {"at": "create", "fault": "reset after", "times": 1}` says what goes wrong from then on;
`POST /forget` empties the account; `GET /seen` gives what was uploaded, which jobs there are, what was asked. A job is
queued, then running with one step at each look, and succeeds after `looks` of them, or ends as `outcome` says. Tokens
trained: a quarter of the file's bytes, times the epochs. The loss of step n is 2 / n. Every error repeats the key.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import socket
import struct
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.tuning_account import Plan, State

MALFORMED: dict[str, Any] = {"a page": b"<html>Welcome</html>", "half": b'{"id": "f', "no fields": {}, "null": None}
"""What is said with 200 in the place of an answer."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("content-length", 0))))

    def answer(self, body: bytes) -> None:
        place = urllib.parse.urlsplit(self.path)
        if place.path == "/plan":
            self.state.plan = Plan(**json.loads(body))
            self.state.failed.clear()
            return self.write(200, {})
        if place.path == "/forget":
            Handler.state = State(self.state.key)
            return self.write(200, {})
        if place.path == "/seen":
            return self.write(200, self.seen())
        is_azure = place.path.startswith("/openai/")
        sent = self.headers.get("api-key") or (self.headers.get("authorization") or "").removeprefix("Bearer ")
        path = re.sub(r"^/(v1|openai(/v1)?)", "", place.path)
        operation = self.operation(path)
        with self.state.lock:
            self.state.asked.append(operation)
            fault = "401" if sent != self.state.key else self.planned(operation)
        if fault == "reset before":
            return self.reset()
        if fault == "slow":
            time.sleep(self.state.plan.seconds)
        if fault == "hold before":
            time.sleep(self.state.plan.seconds)
            return self.reset()
        if fault[:1].isdigit():
            return self.write(int(fault), {"error": {"message": f"told to fail, {_echo(sent)}", "code": fault}})
        with self.state.lock:
            content = self.perform(operation, path, urllib.parse.parse_qs(place.query), body, is_azure, fault)
        if fault == "reset after":
            return self.reset()
        if fault == "hold after":
            time.sleep(self.state.plan.seconds)
        self.write(200, MALFORMED.get(fault, content))

    def planned(self, operation: str) -> str:
        plan, failed = self.state.plan, self.state.failed
        fault = plan.also.get(operation, plan.fault if plan.at in (operation, "each") else "")
        if not fault or failed[operation] >= plan.times:
            return ""
        failed[operation] += 1
        return fault

    def operation(self, path: str) -> str:
        post = self.command == "POST"
        if path == "/files":
            return "upload" if post else "files"
        if path.startswith("/files/"):
            return "content" if path.endswith("/content") else "file"
        if path == "/fine_tuning/jobs":
            return "create" if post else "jobs"
        return "cancel" if path.endswith("/cancel") else "events" if path.endswith("/events") else "job"

    def perform(
        self, operation: str, path: str, query: dict[str, list[str]], body: bytes, is_azure: bool, fault: str
    ) -> Any:
        state, parts = self.state, path.strip("/").split("/")
        if operation == "upload":
            name, content = _uploaded(self.headers["content-type"], body)
            return state.upload(name, content, is_azure)
        if operation == "create":
            return state.create(json.loads(body), is_azure)
        if operation == "files":
            wanted = query.get("purpose", ["fine-tune"])[0]
            return _page([file for file in state.files.values() if file["purpose"] == wanted][::-1], query)
        if operation == "jobs":
            return _page(list(state.jobs.values())[: -1 if fault == "lag" else None][::-1], query)
        if operation == "events":
            return _page(state.events[parts[2]][::-1], query)
        if operation == "file":
            state.files[parts[1]]["status"] = "processed"
            return state.files[parts[1]]
        if operation == "content":
            return state.contents[parts[1]]
        if operation == "cancel":
            state.jobs[parts[2]]["status"] = "cancelled"
            return state.jobs[parts[2]]
        return state.look(parts[2])

    def seen(self) -> dict[str, Any]:
        state = self.state
        uploads = [file for file in state.files.values() if file["purpose"] == "fine-tune"]
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in state.contents.items()}
        return {"uploads": uploads, "jobs": list(state.jobs.values()), "asked": state.asked, "sha256": digests}

    def write(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """Reset the connection: lingering for 0 s makes the kernel send RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def _page(rows: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
    """One page of a list that is newest first."""
    after, limit = query.get("after", [""])[0], int(query.get("limit", ["20"])[0])
    start = next((place + 1 for place, row in enumerate(rows) if row["id"] == after), 0)
    return {"object": "list", "data": rows[start : start + limit], "has_more": start + limit < len(rows)}


def _uploaded(content_type: str, body: bytes) -> tuple[str, bytes]:
    """Return name and content of the file in a multipart body."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    for part in body.split(b"--" + boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        if found := re.search(rb'filename="([^"]+)"', head):
            return found[1].decode(), content.removesuffix(b"\r\n")
    raise ValueError("no file in the form")


def _echo(key: str) -> str:
    return f"your key was {key}, in base64 {base64.b64encode(key.encode()).decode()}"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is no error."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", default="none")
    Handler.state = State(parser.parse_args().key)
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
