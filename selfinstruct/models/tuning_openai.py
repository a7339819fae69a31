"""Fine-tuning at OpenAI and Azure, one thin function for each of LiteLLM's.

    OpenAiTuning(options, timeout_s=120).job("ftjob-1")      # RemoteJob("ftjob-1", "running", ...)

LiteLLM has no function for the events of a job, but the client that it would ask with.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.library import import_litellm
from selfinstruct.models.tuning import (
    AZURE,
    CANCELLED,
    OPENAI,
    JobRequest,
    RemoteEvent,
    RemoteFile,
    RemoteJob,
    provider_of,
    told,
    without_secrets,
)

T = TypeVar("T")

_PURPOSE = "fine-tune"
_PASSED_ON = ("api_version", "organization")
_OF_AZURE = {"notrunning": "queued", "pending": "queued", "canceled": CANCELLED, "canceling": CANCELLED}
_JOBS_PER_PAGE = 100


class OpenAiTuning:
    """The files and jobs of an account with OpenAI, with Azure, or with a server that speaks OpenAI's protocol."""

    def __init__(self, options: ModelOptions, timeout_s: float) -> None:
        self._options = options
        self._provider = provider_of(options.name)
        self._secret = os.environ.get(options.api_key_env) if options.api_key_env else None
        self.waits_for_files = self._provider == AZURE
        self._litellm = import_litellm()
        self._asked: dict[str, Any] = {
            "custom_llm_provider": self._provider,
            "api_base": options.api_base,
            "api_key": self._secret or ("none" if options.api_base else None),
            "timeout": timeout_s,
            "max_retries": 0,
            **{name: options.options[name] for name in _PASSED_ON if name in options.options},
        }

    def upload(self, name: str, content: bytes) -> RemoteFile:
        """Upload a training file under this name."""
        return self._told(
            lambda: _file(self._litellm.create_file(file=(name, content), purpose=_PURPOSE, **self._asked))
        )

    def file(self, file_id: str) -> RemoteFile:
        """Return what became of a file."""
        return self._told(lambda: _file(self._litellm.file_retrieve(file_id=file_id, **self._asked)))

    def files_named(self, name: str) -> list[RemoteFile]:
        """Return the files of this name, oldest first."""

        def listed() -> list[RemoteFile]:
            found = self._litellm.file_list(purpose=_PURPOSE, **self._asked)
            return [file for file in map(_file, _items(found)) if file.name == name]

        return sorted(self._told(listed), key=lambda file: (file.created_at, file.id))

    def content(self, file_id: str) -> str:
        """Return the text of a file; providers give some in base64."""
        text = self._told(lambda: _text(self._litellm.file_content(file_id=file_id, **self._asked).content))
        return self._masked(text)

    def create(self, asked: JobRequest) -> RemoteJob:
        """Create a job. After any error but Refused nobody knows whether there is one: look before trying again."""
        return self._told(
            lambda: self._job(
                self._litellm.create_fine_tuning_job(
                    model=asked.model,
                    training_file=asked.training_file,
                    validation_file=asked.validation_file,
                    hyperparameters=dict(asked.hyperparameters),
                    suffix=asked.suffix,
                    seed=asked.seed,
                    **self._asked_with_client,
                )
            )
        )

    def job(self, job_id: str) -> RemoteJob:
        """Return the state of a job."""
        return self._told(
            lambda: self._job(
                self._litellm.retrieve_fine_tuning_job(fine_tuning_job_id=job_id, **self._asked_with_client)
            )
        )

    def jobs(self) -> list[RemoteJob]:
        """Return all jobs of the account, oldest first."""

        def listed() -> list[RemoteJob]:
            found = self._litellm.list_fine_tuning_jobs(limit=_JOBS_PER_PAGE, **self._asked_with_client)
            return [self._job(job) for job in _items(found)]

        return sorted(self._told(listed), key=lambda job: (job.created_at, job.id))

    def cancel(self, job_id: str) -> RemoteJob:
        """Cancel a job; what it trained so far is lost, and most providers bill for it."""
        return self._told(
            lambda: self._job(
                self._litellm.cancel_fine_tuning_job(fine_tuning_job_id=job_id, **self._asked_with_client)
            )
        )

    def events(self, job_id: str, known: set[str]) -> list[RemoteEvent]:
        """Return the events of a job that are not known yet, oldest first. LiteLLM has its client, but no function."""

        def new() -> Iterator[RemoteEvent]:
            for event in _items(self._client.fine_tuning.jobs.list_events(job_id, limit=_JOBS_PER_PAGE)):
                if event.id in known:  # the newest come first
                    return
                yield self._event(event)

        return self._told(lambda: list(new()))[::-1]

    def close(self) -> None:
        """Close the connection to the jobs; LiteLLM keeps the one to Azure, and leaves those to files to Python."""
        if self._provider == OPENAI:
            self._client.close()

    @functools.cached_property
    def _client(self) -> Any:
        """LiteLLM's client for these jobs. It keeps the one for Azure, which has to be told not to try again."""
        from litellm.fine_tuning import main as tuning

        instances = {"openai": tuning.openai_fine_tuning_apis_instance, "azure": tuning.azure_fine_tuning_apis_instance}
        client: Any = instances[self._provider].get_openai_client(
            api_key=self._asked["api_key"],
            api_base=self._asked["api_base"],
            timeout=self._asked["timeout"],
            max_retries=0,
            organization=self._asked.get("organization"),
            api_version=self._asked.get("api_version") if self._provider == AZURE else None,
        )
        client.max_retries, client.timeout = 0, self._asked["timeout"]
        return client

    @property
    def _asked_with_client(self) -> dict[str, Any]:
        return {**self._asked, "client": self._client}

    def _job(self, job: Any) -> RemoteJob:
        status = str(job.status)
        return RemoteJob(
            id=str(job.id),
            status=_OF_AZURE.get(status.lower(), status),
            training_file=str(job.training_file or ""),
            created_at=int(job.created_at or 0),
            tuned_model=self._masked(job.fine_tuned_model or "") or None,
            trained_tokens=getattr(job, "trained_tokens", None),
            reason=self._masked(_reason(getattr(job, "error", None))),
            suffix=str(getattr(job, "user_provided_suffix", None) or getattr(job, "suffix", None) or ""),
            result_files=tuple(str(file) for file in job.result_files or ()),
        )

    def _event(self, event: Any) -> RemoteEvent:
        data = event.data if isinstance(event.data, dict) else {}
        data = json.loads(self._masked(json.dumps(data)), parse_constant=lambda _: None)  # NaN is no JSON
        return RemoteEvent(event.id, event.created_at, event.level, self._masked(event.message), data)

    def _masked(self, text: str) -> str:
        return without_secrets(text, self._secret)

    def _told(self, call: Callable[[], T]) -> T:
        return told(call, self._options.name, self._secret)


def _items(listing: Any) -> Iterator[Any]:
    """Everything on every page. OpenAI's client takes a page without a list for the end of an empty one."""
    for page in listing.iter_pages():
        if not isinstance(page.data, list):
            raise TypeError("a list without data")
        yield from page.data


def _file(file: Any) -> RemoteFile:
    return RemoteFile(str(file.id), str(file.filename), str(file.status or ""), int(file.created_at or 0))


def _reason(error: Any) -> str:
    """What the provider says about a failed job: "invalid_training_file: line 3 has no messages"."""
    named = [str(getattr(error, name, None) or "") for name in ("code", "message")]
    return ": ".join(part for part in named if part)


def _text(content: bytes) -> str:
    with contextlib.suppress(binascii.Error, ValueError):
        content = base64.b64decode(content, validate=True)
    return content.decode("utf-8", errors="replace")
