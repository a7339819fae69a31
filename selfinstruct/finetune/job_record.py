"""How far a job at a provider has come, written before each step: a killed command knows what may have happened.

job.json in the folder of a tuned model:

    {"identity": "9f3c1b2a7d40", "step": "creating", "training_file": "file-abc", "job_id": null, ...}

    prepared    nothing was sent yet         uploading   a file may be at the provider
    uploaded    the files are there          creating    a job may be there: look for it before creating one
    created     the job is there, by its id, and it is the oldest of its kind
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write_text

JOB = "job.json"
PREPARED, UPLOADING, UPLOADED, CREATING, CREATED = "prepared", "uploading", "uploaded", "creating", "created"


@dataclass(frozen=True)
class JobRecord:
    """The step that was begun last, and the provider's ids of what is known to be there."""

    identity: str
    step: str = PREPARED
    training_file: str | None = None
    validation_file: str | None = None
    job_id: str | None = None


def read_record(folder: Path, identity: str) -> JobRecord:
    """Return the record of a folder, a fresh one where there is none.

    Raises:
        InputError: it cannot be read, or belongs to another job.
    """
    path = folder / JOB
    if not path.is_file():
        return JobRecord(identity)
    try:
        record = JobRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); move it away, and the job is looked for anew") from error
    if record.identity != identity:
        raise InputError(f"{path}: belongs to another job ({record.identity}); choose another run_dir")
    return record


def write_record(folder: Path, record: JobRecord) -> None:
    """Write the record in one step."""
    write_text(folder / JOB, json.dumps(asdict(record), indent=2) + "\n")
