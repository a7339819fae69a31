"""Fine-tuning at Google's Vertex AI: LiteLLM uploads the file and creates the job, and cannot look it up.

    VertexTuning(options, timeout_s=120).job("projects/1/locations/us-central1/tuningJobs/7")

So jobs are read, listed and cancelled by requests of our own, with LiteLLM's token and its address of the region. The
training file lies in a bucket (GCS_BUCKET_NAME). Vertex tells no events, no losses and no list of files; a job is found
again by its display name. Project and region: VERTEXAI_PROJECT, VERTEXAI_LOCATION, or `model.options`.

Source: the REST reference of projects.locations.tuningJobs.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from selfinstruct.errors import InputError
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.library import import_litellm
from selfinstruct.models.tuning import (
    CANCELLED,
    FAILED,
    SUCCEEDED,
    VERTEX,
    JobRequest,
    RemoteEvent,
    RemoteFile,
    RemoteJob,
    told,
    without_secrets,
)

T = TypeVar("T")

_STATES = {
    "JOB_STATE_SUCCEEDED": SUCCEEDED,
    "JOB_STATE_PARTIALLY_SUCCEEDED": SUCCEEDED,
    "JOB_STATE_FAILED": FAILED,
    "JOB_STATE_EXPIRED": FAILED,
    "JOB_STATE_CANCELLED": CANCELLED,
    "JOB_STATE_CANCELLING": CANCELLED,
}
_JOBS_PER_PAGE = 100


class Place(NamedTuple):
    """Where a job runs, and the bucket for its file."""

    project: str
    region: str
    bucket: str


def place_of(options: ModelOptions) -> Place:
    """Return where a job runs: by `model.options`, or by the environment.

    Raises:
        InputError: no project, region or bucket is named.
    """

    def named(option: str, variable: str) -> str:
        value = options.options.get(option) or os.environ.get(variable)
        if not value:
            raise InputError(
                f"model.options.{option}: no value; give one, +model.options.{option}=..., or export {variable}"
            )
        return str(value)

    return Place(
        named("vertex_project", "VERTEXAI_PROJECT"),
        named("vertex_location", "VERTEXAI_LOCATION"),
        named("gcs_bucket_name", "GCS_BUCKET_NAME"),
    )


class VertexTuning:
    """The tuning jobs of a project in a region. Raises InputError as `place_of`."""

    waits_for_files = False

    def __init__(self, options: ModelOptions, timeout_s: float) -> None:
        self._options = options
        self._timeout_s = timeout_s
        self._litellm = import_litellm()
        self._project, self._region, self._bucket = place_of(options)
        self._place = f"projects/{self._project}/locations/{self._region}"

    def upload(self, name: str, content: bytes) -> RemoteFile:
        """Upload a training file into the bucket; its id is its address there, gs://..."""
        file = self._told(
            lambda: self._litellm.create_file(
                file=(name, content),
                purpose="fine-tune",
                custom_llm_provider=VERTEX,
                api_base=self._options.api_base,
                timeout=self._timeout_s,
                max_retries=0,
                vertex_project=self._project,
                vertex_location=self._region,
                gcs_bucket_name=self._bucket,
            )
        )
        return RemoteFile(str(file.id), str(file.filename), str(file.status or ""), int(file.created_at or 0))

    def file(self, file_id: str) -> RemoteFile:
        """Return a file as uploaded: a bucket does not look through it."""
        return RemoteFile(file_id, file_id.rpartition("/")[2], "processed", 0)

    def files_named(self, name: str) -> list[RemoteFile]:
        """Return nothing: LiteLLM lists no bucket, and a file that is there twice costs nothing to speak of."""
        return []

    def content(self, file_id: str) -> str:
        """Return nothing: Vertex writes no table of results."""
        return ""

    def create(self, asked: JobRequest) -> RemoteJob:
        """Create a job; "auto" is left out, as Vertex wants it. It takes no seed. Errors as `TuningProvider.create`."""
        hyperparameters = {name: value for name, value in asked.hyperparameters.items() if value != "auto"}
        job = self._told(
            lambda: self._litellm.create_fine_tuning_job(
                model=asked.model,
                training_file=asked.training_file,
                hyperparameters=hyperparameters,
                suffix=asked.suffix,
                custom_llm_provider=VERTEX,
                vertex_project=self._project,
                vertex_location=self._region,
                timeout=self._timeout_s,
                max_retries=0,
            )
        )
        return RemoteJob(
            str(job.id), str(job.status), asked.training_file, int(job.created_at or 0), suffix=asked.suffix
        )

    def job(self, job_id: str) -> RemoteJob:
        """Return the state of a job."""
        return self._told(lambda: self._read(self._asked("GET", job_id)))

    def jobs(self) -> list[RemoteJob]:
        """Return all tuning jobs of the project in this region, oldest first."""

        def listed() -> list[RemoteJob]:
            found: list[RemoteJob] = []
            token = ""
            while True:
                page = self._asked("GET", f"{self._place}/tuningJobs", pageSize=_JOBS_PER_PAGE, pageToken=token)
                found += [self._read(job) for job in page.get("tuningJobs", ())]
                token = page.get("nextPageToken") or ""
                if not token:
                    return found

        return sorted(self._told(listed), key=lambda job: (job.created_at, job.id))

    def cancel(self, job_id: str) -> RemoteJob:
        """Ask Vertex to cancel a job; it may take a while."""
        self._told(lambda: self._asked("POST", f"{job_id}:cancel"))
        return self.job(job_id)

    def events(self, job_id: str, known: set[str]) -> list[RemoteEvent]:
        """Return nothing: Vertex shows its losses in its console only."""
        return []

    def close(self) -> None:
        """Nothing stays open."""

    def _asked(self, method: str, path: str, **query: str | int) -> dict[str, Any]:
        """Ask Vertex itself, with LiteLLM's token and address."""
        import httpx
        from litellm.fine_tuning import main as tuning
        from litellm.llms.vertex_ai import common_utils

        token, _ = tuning.vertex_fine_tuning_apis_instance.get_access_token(credentials=None, project_id=self._project)
        url = f"{common_utils.get_vertex_base_url(self._region)}/v1/{path}"
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.request(method, url, params=query or None, headers=headers, timeout=self._timeout_s)
        if answer.is_error:
            raise _refused(answer, self._litellm, without_secrets(answer.text, token))
        read: dict[str, Any] = answer.json()
        return read

    def _told(self, call: Callable[[], T]) -> T:
        return told(call, self._options.name, None)

    def _read(self, job: Mapping[str, Any]) -> RemoteJob:
        tuned = job.get("tunedModel") or {}
        endpoint = str(tuned.get("endpoint") or "").rpartition("/")[2]
        error = job.get("error") or {}
        return RemoteJob(
            id=str(job["name"]),
            status=_STATES.get(str(job.get("state")), "running"),
            training_file=str((job.get("supervisedTuningSpec") or {}).get("trainingDatasetUri", "")),
            created_at=_seconds(str(job.get("createTime") or "")),
            tuned_model=f"gemini/{endpoint}" if endpoint else None,
            trained_tokens=_billed(job),
            reason=without_secrets(str(error.get("message") or ""), None),
            suffix=str(job.get("tunedModelDisplayName") or ""),
        )


def _refused(answer: Any, litellm: Any, words: str) -> Exception:
    """An error of LiteLLM's own, so that it is read like all others."""
    return litellm.exceptions.APIError(  # type: ignore[no-any-return]
        status_code=answer.status_code, message=words, llm_provider=VERTEX, model="", request=answer.request
    )


def _billed(job: Mapping[str, Any]) -> int | None:
    """The tokens that are billed, over all epochs; Vertex tells them at the end."""
    statistics = (job.get("tuningDataStats") or {}).get("supervisedTuningDataStats") or {}
    count = statistics.get("totalBillableTokenCount")
    return None if count is None else int(count)


def _seconds(moment: str) -> int:
    try:
        return int(datetime.datetime.fromisoformat(moment).timestamp())
    except ValueError:
        return 0
