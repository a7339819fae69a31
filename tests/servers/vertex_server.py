"""A server that speaks as much of Vertex AI and its buckets as a tuning job needs.

    python -m tests.servers.vertex_server

Prints its port. `POST /plan {"reset_after_create": 1, "state": "JOB_STATE_FAILED"}` says what goes wrong; `GET /seen`
gives what was uploaded and which jobs there are. A job is pending, then running, then ends at the third look. Only the
token "vertex-token-0123456789" is let in; a refusal repeats what was sent.
"""

from __future__ import annotations

import json
import socket
import struct
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "vertex-token-0123456789"
PLAN: dict[str, Any] = {}
UPLOADS: dict[str, str] = {}
JOBS: list[dict[str, Any]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        place = urllib.parse.urlsplit(self.path)
        if place.path == "/seen":
            return self.write(200, {"uploads": UPLOADS, "jobs": JOBS})
        if not self.is_let_in():
            return None
        if place.path.endswith("/tuningJobs"):  # one job a page, the newest first
            start = int(urllib.parse.parse_qs(place.query).get("pageToken", ["0"])[0])
            more = {"nextPageToken": str(start + 1)} if start + 1 < len(JOBS) else {}
            return self.write(200, {"tuningJobs": JOBS[::-1][start : start + 1], **more})
        return self.write(200, _look(place.path.removeprefix("/v1/")))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        place = urllib.parse.urlsplit(self.path)
        if place.path == "/plan":
            UPLOADS.clear()
            JOBS.clear()
            PLAN.clear()
            PLAN.update(json.loads(body))
            return self.write(200, {})
        if not self.is_let_in():
            return None
        if place.path.startswith("/upload/"):
            return self.write(200, _uploaded(place, body))
        if place.path.endswith(":cancel"):
            _job(place.path.removeprefix("/v1/").removesuffix(":cancel"))["state"] = "JOB_STATE_CANCELLED"
            return self.write(200, {})
        job = _created(place.path.removeprefix("/v1/"), json.loads(body))
        if PLAN.get("reset_after_create", 0) > 0:
            PLAN["reset_after_create"] -= 1
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return self.connection.close()
        return self.write(200, job)

    def is_let_in(self) -> bool:
        sent = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if sent == TOKEN and not PLAN.get("refuses"):
            return True
        self.write(403, {"error": {"code": 403, "message": f"refused: {sent}", "status": "PERMISSION_DENIED"}})
        return False

    def write(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _uploaded(place: urllib.parse.SplitResult, body: bytes) -> dict[str, Any]:
    name = urllib.parse.parse_qs(place.query)["name"][0]
    bucket = place.path.split("/")[5]
    UPLOADS[f"gs://{bucket}/{name}"] = body.decode()
    facts = {"timeCreated": "2026-01-01T00:00:00.000Z", "size": str(len(body)), "bucket": bucket}
    return {"id": f"{bucket}/{name}/1", "name": name, **facts}


def _created(parent: str, asked: dict[str, Any]) -> dict[str, Any]:
    job = {
        "name": f"{parent}/{len(JOBS) + 1}",
        "state": "JOB_STATE_PENDING",
        "createTime": f"2026-01-01T00:00:0{len(JOBS)}Z",
        "looks": 0,
        **asked,
    }
    JOBS.append(job)
    return job


def _job(name: str) -> dict[str, Any]:
    return next(job for job in JOBS if job["name"] == name)


def _look(name: str) -> dict[str, Any]:
    job = _job(name)
    job["looks"] += 1
    if job["state"] == "JOB_STATE_CANCELLED":
        return job
    job["state"] = "JOB_STATE_RUNNING" if job["looks"] < 3 else PLAN.get("state", "JOB_STATE_SUCCEEDED")
    if job["state"] == "JOB_STATE_SUCCEEDED":
        job["tunedModel"] = {"model": "projects/p/models/5", "endpoint": "projects/p/locations/l/endpoints/4965075652"}
        job["tuningDataStats"] = {"supervisedTuningDataStats": {"totalBillableTokenCount": "1234"}}
    if job["state"] == "JOB_STATE_FAILED":
        job["error"] = {"code": 3, "message": "Row 7 of the dataset is too long"}
    return job


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
