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
import threading
import time
import urllib.parse
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FEWEST_EXAMPLES = 10
_CREATED_AT = 1_750_000_000


@dataclass(frozen=True)
class Plan:
    """What goes wrong. `at`: an operation (upload, files, file, content, create, jobs, job, events, cancel).

    fault: a status ("429", "500", "401", "400"), "reset before", "reset after" (the deed is done), "hold before" or
    "hold after" (no answer for `seconds`), "slow" (done after `seconds`), "lag" (jobs: the newest is not listed yet).
    times: so many times at most. outcome: how jobs end. looks: at a job until it ends.
    """

    at: str = ""
    fault: str = ""
    times: int = 1_000_000
    seconds: float = 60.0
    outcome: str = "succeeded"
    looks: int = 3


@dataclass
class State:
    """Everything that the account holds."""

    key: str
    plan: Plan = Plan()
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def upload(self, name: str, content: bytes, is_azure: bool) -> dict[str, Any]:
        file_id = f"file-{len(self.files) + 1}"
        status = "pending" if is_azure else "uploaded"
        self.contents[file_id] = content
        self.files[file_id] = {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": _CREATED_AT + len(self.files),
            "filename": name,
            "purpose": "fine-tune",
            "status": status,
        }
        return self.files[file_id]

    def create(self, asked: dict[str, Any], is_azure: bool) -> dict[str, Any]:
        job_id = f"ftjob-{len(self.jobs) + 1}"
        self.jobs[job_id] = {
            "id": job_id,
            "object": "fine_tuning.job",
            "created_at": _CREATED_AT + 100 + len(self.jobs),
            "finished_at": None,
            "model": asked["model"],
            "fine_tuned_model": None,
            "organization_id": None if is_azure else "org-1",
            "result_files": None if is_azure else [],
            "status": "pending" if is_azure else "validating_files",
            "training_file": asked["training_file"],
            "validation_file": asked.get("validation_file"),
            "hyperparameters": asked.get("hyperparameters") or {},
            "seed": asked.get("seed") or 0,
            "trained_tokens": None,
            "error": None,
            "user_provided_suffix": asked.get("suffix"),
            "looks": 0,
            "asked": asked,
        }
        self.events[job_id] = []
        self.tell(job_id, "Created fine-tuning job")
        return self.jobs[job_id]

    def look(self, job_id: str) -> dict[str, Any]:
        """One look at a job brings it one step further."""
        job = self.jobs[job_id]
        if job["status"] in {"succeeded", "failed", "cancelled"}:
            return job
        job["looks"] += 1
        if (fault := _objection(self.contents[job["training_file"]])) is not None:
            self._fail(job, *fault)
        elif job["looks"] > self.plan.looks:
            self._end(job)
        else:
            job["status"] = "running"
            step = job["looks"]
            numbers = {"step": step, "train_loss": 2.0 / step, "total_steps": self.plan.looks}
            self.tell(job_id, f"Step {step}/{self.plan.looks}: training loss={2.0 / step:.2f}", numbers)
        return job

    def _end(self, job: dict[str, Any]) -> None:
        if self.plan.outcome == "failed":
            self._fail(job, "server_error", f"The job ran out of luck. Your key was {self.key}")
        elif self.plan.outcome == "cancelled":
            job["status"] = "cancelled"
        else:
            epochs = job["hyperparameters"].get("n_epochs")
            tokens = len(self.contents[job["training_file"]]) // 4
            table = "step,train_loss,valid_loss\n" + "".join(
                f"{step},{2.0 / step},{'' if step < self.plan.looks else 1.5}\n"
                for step in range(1, self.plan.looks + 1)
            )
            file = self.upload("results.csv", base64.b64encode(table.encode()), False)
            file["purpose"] = "fine-tune-results"
            tuned = f"ft:{job['model']}:lab:{job['user_provided_suffix']}:{job['id']}"
            job |= {"status": "succeeded", "fine_tuned_model": tuned, "result_files": [file["id"]]}
            job |= {"trained_tokens": tokens * (epochs if isinstance(epochs, int) else 3), "finished_at": _CREATED_AT}
            self.tell(job["id"], "The job has successfully completed")

    def _fail(self, job: dict[str, Any], code: str, message: str) -> None:
        job |= {"status": "failed", "error": {"code": code, "message": message, "param": "training_file"}}
        self.tell(job["id"], "The job failed", level="error")

    def tell(self, job_id: str, message: str, data: dict[str, Any] | None = None, level: str = "info") -> None:
        told = self.events[job_id]
        told.append(
            {
                "id": f"ftevent-{job_id}-{len(told)}",
                "object": "fine_tuning.job.event",
                "created_at": _CREATED_AT + len(told),
                "level": level,
                "message": message,
                "data": data,
                "type": "metrics" if data else "message",
            }
        )


def _objection(content: bytes) -> tuple[str, str] | None:
    """What is wrong with a training file, as a provider finds out after the job was created."""
    lines = content.decode().splitlines()
    if len(lines) < FEWEST_EXAMPLES:
        return "invalid_n_examples", f"Training file has {len(lines)} examples, but at least 10 are needed"
    for number, line in enumerate(lines, start=1):
        record = json.loads(line)
        roles = [message["role"] for message in record.get("messages", [])]
        if "prompt" not in record and roles[-1:] != ["assistant"]:
            return "invalid_training_file", f"Line {number} does not end with the assistant"
    return None


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
            self.state.plan = replace(Plan(), **json.loads(body))
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
        self.write(200, content)

    def planned(self, operation: str) -> str:
        plan = self.state.plan
        if plan.at != operation or plan.times <= 0:
            return ""
        self.state.plan = replace(plan, times=plan.times - 1)
        return plan.fault

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
