"""The tuning server as tests see it, a finished run to tune on, and the command that does."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import runs
from selfinstruct.jsonl import dumps, write_text
from selfinstruct.records import Instance, Pair, SeedSet, SeedTask
from selfinstruct.seeds import to_jsonl
from tests.servers.fault_control import KEY, KEY_VARIABLE
from tests.servers.process import serving

BASE = "gpt-4.1-mini-2025-04-14"


@dataclass(frozen=True)
class TuningServer:
    """A running tuning server."""

    address: str

    def plan(self, at: str = "", fault: str = "", **details: Any) -> None:
        """Say what goes wrong from now on."""
        self._post("plan", json.dumps({"at": at, "fault": fault, **details}).encode())

    def forget(self) -> None:
        """Empty the account, and let nothing go wrong."""
        self._post("forget", b"")

    def _post(self, path: str, body: bytes) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.address}/{path}", body, method="POST")).close()

    def seen(self) -> dict[str, Any]:
        """Return what is at the provider: uploads, jobs, and the operations that were asked."""
        with urllib.request.urlopen(f"{self.address}/seen") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def arguments(self, run: Path, *more: str) -> list[str]:
        """Return the arguments of a fine-tuning at this server; `more` has the last word."""
        values = {
            "run": str(run),
            "finetune": "api",
            "model": "openai",
            "model.name": f"openai/{BASE}",
            "model.api_base": f"{self.address}/v1",
            "model.api_key_env": KEY_VARIABLE,
            "finetune.poll_s": "0.05",
            "run_dir": "tuned",
            "tracking": "off",
            "limits.timeout_s": "20",
        }
        values |= dict(argument.partition("=")[::2] for argument in more)
        return ["finetune", *(f"{key}={value}" for key, value in values.items())]


@contextlib.contextmanager
def tuning_server() -> Iterator[TuningServer]:
    """Start a tuning server that knows the planted key; it ends with the block."""
    with serving("tuning_server", "--key", KEY) as address:
        yield TuningServer(address)


def finished_run(folder: Path, instances: int = 20, status: str = runs.DONE) -> Path:
    """Write the folder of a run with so many instances of one word each, and two seed tasks."""
    kept = [
        Instance(f"Name the colour number {i}.", "" if i % 2 else f"Wall {i}", f"red {i}", False)
        for i in range(instances)
    ]
    tasks = tuple(
        SeedTask(f"seed_{i}", f"seed {i}", f"Spell the word number {i}.", (Pair("", f"w-o-r-d {i}"),), False)
        for i in range(2)
    )
    seeds = SeedSet("tiny", "high", tasks)
    write_text(folder / runs.SEEDS, to_jsonl(seeds))
    write_text(folder / runs.INSTRUCTIONS, "")
    write_text(folder / runs.INSTANCES, "".join(dumps(one.__dict__) + "\n" for one in kept))
    manifest = {
        "name": "colours",
        "verb": "run",
        "identity": "0123456789ab",
        "status": status,
        "dataset_sha256": runs.dataset_sha256(folder),
        "random_seed": 42,
        "seeds": {"name": "tiny", "quality": "high", "tasks": 2},
    }
    runs.write_manifest(folder, manifest)
    return folder
