"""The account of the stand-in for a provider: its files, jobs and events, and what is planned to go wrong with them.

    state = State("key")
    state.upload("si.train.jsonl", content, is_azure=False)      {"id": "file-1", "status": "uploaded", ...}
    state.look("ftjob-1")                                        the job, one step further

It speaks no HTTP; tuning_server.py does.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

FEWEST_EXAMPLES = 10
_CREATED_AT = 1_750_000_000


@dataclass(frozen=True)
class Plan:
    """What goes wrong. `at`: an operation (upload, files, file, content, create, jobs, job, events, cancel), or "each".

    fault: a status ("429", "500", "401", "400"), "reset before", "reset after" (the deed is done), "hold before" or
    "hold after" (no answer for `seconds`), "slow" (done after `seconds`), "lag" (jobs: the newest is not listed yet);
    or one of `MALFORMED` (the deed is done).
    times: so many times at most, at each operation. outcome: how jobs end. looks: at a job until it ends.
    also: the faults of other operations.
    """

    at: str = ""
    fault: str = ""
    times: int = 1_000_000
    seconds: float = 60.0
    outcome: str = "succeeded"
    looks: int = 3
    also: dict[str, str] = field(default_factory=dict)


@dataclass
class State:
    """Everything that the account holds."""

    key: str
    plan: Plan = field(default_factory=Plan)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
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
