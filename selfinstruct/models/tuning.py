"""Fine-tuning at a provider: the values that files, jobs and events are, and what every provider of them can do.

    provider = open_provider(options, timeout_s=120)
    file = provider.upload("selfinstruct-9f3c1b2a7d40.train.jsonl", content)   # RemoteFile("file-abc", ...)
    job = provider.create(JobRequest("gpt-4.1-mini-2025-04-14", file.id, None, {"n_epochs": 2}, "si-9f3c1b2a7d40", 42))
    job = provider.job(job.id)                                                 # RemoteJob("ftjob-1", "running", ...)

Nothing is tried twice here: whether another try is safe is for the caller to know. Every error is one of ours, and none
holds the key. Files named and jobs that are listed come oldest first, and a list is whole or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, TypeVar

from selfinstruct.errors import InputError, ProviderError, TransientError
from selfinstruct.models import route
from selfinstruct.models.faults import read_fault
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.library import import_litellm
from selfinstruct.secrecy import masked, secret_values

T = TypeVar("T")

OPENAI, AZURE, VERTEX = "openai", "azure", "vertex_ai"
SUCCEEDED = "succeeded"
FAILED = "failed"
CANCELLED = "cancelled"
ENDED = (SUCCEEDED, FAILED, CANCELLED)
NOT_FOUND = 404

FORM = "the answer is not of the expected form ({}); check model.api_base, or wait until the provider is well again"
_CHECK = "check model and prompts"
_REMEDY = "check model.name, the keys of finetune and the training file"


class Refused(ProviderError):
    """The provider answered, and the answer is no: nothing was done. `status`: of HTTP, 400 to 499."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class RemoteFile:
    """A file at the provider. `status`: "uploaded", "processed", "error", ... as the provider calls it."""

    id: str
    name: str
    status: str
    created_at: int


@dataclass(frozen=True)
class JobRequest:
    """What is asked of the provider; `suffix` ends up in the tuned model's name and marks the job as ours."""

    model: str
    training_file: str
    validation_file: str | None
    hyperparameters: Mapping[str, Any]
    suffix: str
    seed: int


@dataclass(frozen=True)
class RemoteJob:
    """A job at the provider. `status`: validating_files, queued, running, succeeded, failed or cancelled.

    trained_tokens: over all epochs, None until the provider says. reason: why it failed, "" where it did not.
    """

    id: str
    status: str
    training_file: str
    created_at: int
    tuned_model: str | None = None
    trained_tokens: int | None = None
    reason: str = ""
    suffix: str = ""
    result_files: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoteEvent:
    """One thing that a provider told about a job: words, and the numbers of a step where there are some."""

    id: str
    created_at: int
    level: str
    message: str
    data: dict[str, Any] = field(default_factory=dict)


class TuningProvider(Protocol):
    """The files and fine-tuning jobs of one account."""

    waits_for_files: bool
    """True for a provider that takes a file for training only once it has looked through it."""

    def upload(self, name: str, content: bytes) -> RemoteFile:
        """Upload a training file under this name."""
        ...

    def file(self, file_id: str) -> RemoteFile:
        """Return what became of a file."""
        ...

    def files_named(self, name: str) -> list[RemoteFile]:
        """Return the files of this name, oldest first; empty where a provider lists none."""
        ...

    def content(self, file_id: str) -> str:
        """Return the text of a file."""
        ...

    def create(self, asked: JobRequest) -> RemoteJob:
        """Create a job. After any error but Refused nobody knows whether there is one: look before trying again."""
        ...

    def job(self, job_id: str) -> RemoteJob:
        """Return the state of a job."""
        ...

    def jobs(self) -> list[RemoteJob]:
        """Return all jobs of the account, oldest first."""
        ...

    def cancel(self, job_id: str) -> RemoteJob:
        """Cancel a job; what it trained so far is lost, and most providers bill for it."""
        ...

    def events(self, job_id: str, known: set[str]) -> list[RemoteEvent]:
        """Return the events of a job that are not known yet, oldest first; none where a provider tells none."""
        ...

    def close(self) -> None:
        """Close the connections that are ours."""
        ...


def provider_of(name: str) -> str:
    """Return the provider of a model's name.

    Raises:
        InputError: one through which LiteLLM tunes no model.
    """
    provider = name.partition("/")[0]
    if provider in (OPENAI, AZURE, VERTEX):
        return provider
    raise InputError(
        f"model.name={name}: LiteLLM tunes no model of this provider; choose model=openai, model=azure or a name like "
        "vertex_ai/gemini-2.5-flash, or finetune=trl"
    )


def context_of(name: str) -> int | None:
    """Return how many tokens a model reads at most, by LiteLLM's list; None where that does not say."""
    litellm = import_litellm()
    listed = litellm.model_cost.get(name) or litellm.model_cost.get(name.partition("/")[2]) or {}
    return listed.get("max_input_tokens")


def open_provider(options: ModelOptions, timeout_s: float) -> TuningProvider:
    """Return the provider of a model. Raises InputError as `provider_of`."""
    if provider_of(options.name) == VERTEX:
        from selfinstruct.models.tuning_vertex import VertexTuning

        return VertexTuning(options, timeout_s)
    from selfinstruct.models.tuning_openai import OpenAiTuning

    return OpenAiTuning(options, timeout_s)


def told(call: Callable[[], T], name: str, secret: str | None) -> T:
    """Call LiteLLM; raise what goes wrong as one of our errors.

    Raises:
        TransientError: it may pass; also an answer that nobody can read, as of a gateway whose server is down.
        Refused: the provider said no.
        ProviderError: it failed for good in another way.
    """
    try:
        with route.unlogged(import_litellm()):
            return call()
    except Exception as error:
        if (wrong := _misread(error)) is not None:
            raise TransientError(f"{name}: {FORM.format(without_secrets(wrong, secret))}") from None
        found = read_fault(route.spelled_out(error), secret, name)
        if isinstance(found, TransientError):
            raise found from None  # the original may hold headers with the key
        text = str(found) if isinstance(found, ProviderError) else f"{name}: {found.finish_reason}"
        text, status = text.replace(_CHECK, _REMEDY), getattr(error, "status_code", None)
        raise Refused(text, status) if _is_refusal(status) else ProviderError(text) from None


def _misread(error: Exception) -> str | None:
    """Say what is wrong with the form of an answer; None where that is not the fault."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        fields = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        return f"missing or wrong: {', '.join(fields)}"
    return str(error) if isinstance(error, AttributeError | KeyError | TypeError) else None


def _is_refusal(status: object) -> TypeGuard[int]:
    return isinstance(status, int) and 400 <= status < 500


def without_secrets(text: str, secret: str | None) -> str:
    """Return what a provider said, with every secret in it masked."""
    return masked(text, [secret, *secret_values().values()])
