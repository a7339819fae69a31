"""One job at a provider for the same data and settings, whatever happens between two steps.

An `Order` says what is wanted; `find_or_create` gives its job. Each step is written down before it is taken (job.json),
and before a job is created it is looked for: by the name of its training file, which holds the order's identity, and by
its suffix, `si-<identity>`, which also ends up in the tuned model's name.

    find_or_create(provider, order)    RemoteJob("ftjob-1", "validating_files", ...)

Two commands on one machine take turns; of two on two machines, the one whose job is the younger cancels its own.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from selfinstruct.errors import InputError, ProviderError, TransientError
from selfinstruct.finetune.api_options import ApiOptions
from selfinstruct.finetune.data import Example, TrainingData, as_record
from selfinstruct.finetune.job_record import (
    CREATED,
    CREATING,
    JOB,
    UPLOADED,
    UPLOADING,
    JobRecord,
    read_record,
    write_record,
)
from selfinstruct.finetune.patience import patiently, wait_after
from selfinstruct.jsonl import dumps
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.tuning import (
    CANCELLED,
    ENDED,
    FAILED,
    NOT_FOUND,
    SUCCEEDED,
    JobRequest,
    Refused,
    RemoteFile,
    RemoteJob,
    TuningProvider,
)

LOOK_AGAIN_S = 2.0
"""How long to wait before looking again for a job that may be too new to be listed."""

_LOOKS = 3
_PROCESSED = ("processed", SUCCEEDED)
_FILE_FAILED = ("error", FAILED, "deleted")


@dataclass(frozen=True)
class Order:
    """What a provider is asked for.

    identity: of data and settings. model: the provider's own name for the base model. form: of the lines uploaded.
    """

    identity: str
    model: str
    data: TrainingData
    form: str
    options: ApiOptions
    limits: LimitOptions
    random_seed: int
    folder: Path

    @property
    def suffix(self) -> str:
        """The mark of this order in its job and in the tuned model's name; Azure takes 18 characters."""
        return f"si-{self.identity}"

    def file_name(self, side: str) -> str:
        """The name under which a file is uploaded: it tells the order and the data."""
        return f"selfinstruct-{self.identity}-{self.data.sha256[:16]}.{side}.jsonl"

    def content(self, examples: tuple[Example, ...]) -> bytes:
        """The bytes of a training file."""
        return "".join(dumps(as_record(one, self.form)) + "\n" for one in examples).encode()


def find_or_create(provider: TuningProvider, order: Order) -> RemoteJob:
    """Return the job of this order; create it where there is none yet.

    Raises:
        ProviderError: the provider failed for good; a repeated command goes on from here.
    """
    record = read_record(order.folder, order.identity)
    if record.job_id is not None and record.step == CREATED:
        return look_up(provider, order, record.job_id)
    with _alone(order):
        if record.job_id is not None:  # stopped before it was seen whether there is an older one
            job = _the_oldest(provider, order, look_up(provider, order, record.job_id))
        else:
            job = _find_patiently(provider, order, record) or _create(provider, order, record)
    record = read_record(order.folder, order.identity)
    write_record(order.folder, replace(record, step=CREATED, job_id=job.id, training_file=job.training_file))
    return job


def look_up(provider: TuningProvider, order: Order, job_id: str) -> RemoteJob:
    """Return the state of a job that was written down; raise a ProviderError that says what to do if it is gone."""
    try:
        return patiently(order.limits, provider.job, job_id)
    except Refused as error:
        if error.status != NOT_FOUND:
            raise
        raise ProviderError(
            f"{order.folder / JOB}: the provider knows no job {job_id} ({error}). If the key or the address is another "
            "one than before, take those; else move that file away, and the job is looked for anew"
        ) from None


def find(provider: TuningProvider, order: Order) -> RemoteJob | None:
    """Return the job of this order, the oldest one that did not fail where there are several; None: there is none."""
    jobs = _jobs(provider, order)
    alive = [job for job in jobs if job.status not in (FAILED, CANCELLED)]
    return alive[0] if alive else jobs[-1] if jobs else None


def _jobs(provider: TuningProvider, order: Order) -> list[RemoteJob]:
    files = {file.id for file in patiently(order.limits, provider.files_named, order.file_name("train"))}
    jobs = patiently(order.limits, provider.jobs)
    return [job for job in jobs if job.training_file in files or job.suffix == order.suffix]


def _find_patiently(provider: TuningProvider, order: Order, record: JobRecord) -> RemoteJob | None:
    """Look more than once where a job may have been created a moment ago: lists lag behind."""
    for looks in range(1, _LOOKS + 1):
        job = find(provider, order)
        if job is not None or record.step != CREATING or looks == _LOOKS:
            return job
        time.sleep(LOOK_AGAIN_S)
    return None


def _create(provider: TuningProvider, order: Order, record: JobRecord) -> RemoteJob:
    record = replace(record, step=UPLOADING)
    write_record(order.folder, record)
    training = _uploaded(provider, order, "train", order.data.train)
    validation = _uploaded(provider, order, "validation", order.data.validation) if order.data.validation else None
    record = replace(record, training_file=training.id, validation_file=validation.id if validation else None)
    write_record(order.folder, replace(record, step=CREATING))
    asked = JobRequest(
        model=order.model,
        training_file=training.id,
        validation_file=record.validation_file,
        hyperparameters=order.options.hyperparameters(),
        suffix=order.suffix,
        seed=order.random_seed,
    )
    return _created_once(provider, order, asked, record)


def _created_once(provider: TuningProvider, order: Order, asked: JobRequest, record: JobRecord) -> RemoteJob:
    """Create the job; after a fault nobody knows whether there is one now, so look before the next try."""
    failed = 0
    while True:
        try:
            job = provider.create(asked)
        except TransientError as fault:
            failed += 1
            wait_after(fault, failed, order.limits)
            if (found := _find_patiently(provider, order, replace(record, step=CREATING))) is not None:
                return found
        except Refused:
            write_record(order.folder, replace(record, step=UPLOADED))  # a refusal is an answer: there is no job
            raise
        else:
            write_record(order.folder, replace(record, step=CREATING, job_id=job.id))
            return _the_oldest(provider, order, job)


def _the_oldest(provider: TuningProvider, order: Order, job: RemoteJob) -> RemoteJob:
    """Return the job, or an older one that another machine created at the same time; then cancel this one."""
    oldest = find(provider, order)
    if oldest is None or oldest.id == job.id:
        return job
    if job.status not in ENDED:
        patiently(order.limits, provider.cancel, job.id)
    return oldest


def _uploaded(provider: TuningProvider, order: Order, side: str, examples: tuple[Example, ...]) -> RemoteFile:
    """Return the file of one side, uploading it where it is not there yet; it costs nothing to upload one twice."""
    name = order.file_name(side)

    def there() -> RemoteFile:
        usable = [file for file in provider.files_named(name) if file.status not in _FILE_FAILED]
        return usable[0] if usable else provider.upload(name, order.content(examples))

    file = patiently(order.limits, there)
    while provider.waits_for_files and file.status not in _PROCESSED:
        if file.status in _FILE_FAILED:
            raise ProviderError(f"{name}: the provider cannot use this file ({file.status}); see its portal for why")
        time.sleep(min(order.options.poll_s, LOOK_AGAIN_S))
        file = patiently(order.limits, provider.file, file.id)
    return file


@contextlib.contextmanager
def _alone(order: Order) -> Iterator[None]:
    """Let one command at a time look for the job of an order and create it, whatever folders they write to."""
    from filelock import FileLock, Timeout

    user = os.getuid() if hasattr(os, "getuid") else "user"
    path = Path(tempfile.gettempdir()) / f"selfinstruct-{user}-{order.identity}.lock"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=order.limits.patience_s)
    except Timeout as error:
        raise InputError(f"{path}: another command is creating this job; wait for it and repeat the command") from error
    try:
        yield
    finally:
        lock.release()
