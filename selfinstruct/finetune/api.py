"""Fine-tuning by a provider: find or create the job, follow it to its end, read what it learned.

    tuned = tune(provider, order, report, say)      # Tuned("ft:gpt-4.1-mini:lab:si-9f3c1b2a7d40:Ab1", ...)

What the provider tells is written to events.jsonl, its table of results to results.csv. A command that is killed or
interrupted leaves the job at the provider as it is; the same command finds it.
"""

from __future__ import annotations

import csv
import io
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.finetune.api_job import Order, find, find_or_create, look_up
from selfinstruct.finetune.api_options import ApiOptions
from selfinstruct.finetune.data import CHAT, GEMINI, Form, Report, TrainingData, Tuned
from selfinstruct.finetune.job_record import read_record
from selfinstruct.finetune.patience import patiently
from selfinstruct.jsonl import dumps, write, write_text
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.tuning import (
    AZURE,
    ENDED,
    OPENAI,
    SUCCEEDED,
    VERTEX,
    RemoteEvent,
    RemoteJob,
    TuningProvider,
    provider_of,
)
from selfinstruct.models.tuning_vertex import place_of

EVENTS = "events.jsonl"
RESULTS = "results.csv"
FEWEST_EXAMPLES = 10
"""OpenAI and Azure refuse a job with fewer examples."""

INTERRUPTED = (
    "interrupted; job {} goes on at the provider: the same command finds it, and with finetune.cancel=true it is "
    "cancelled there"
)

_NAMES = {
    "train_loss": "loss",
    "valid_loss": "validation_loss",
    "full_valid_loss": "full_validation_loss",
    "train_accuracy": "accuracy",
    "train_mean_token_accuracy": "accuracy",
    "valid_accuracy": "validation_accuracy",
    "valid_mean_token_accuracy": "validation_accuracy",
    "full_valid_mean_token_accuracy": "full_validation_accuracy",
}

Say = Callable[[str], None]


def check(model: ModelOptions, data: TrainingData, options: ApiOptions) -> None:
    """Refuse what a provider does not take.

    Raises:
        InputError: a provider through which LiteLLM does not tune, fewer than ten examples, or a setting that would be
            ignored.
    """
    provider = provider_of(model.name)
    if len(data.train) < FEWEST_EXAMPLES:
        raise InputError(
            f"finetune=api: {len(data.train)} examples to train on, and providers want at least {FEWEST_EXAMPLES}; "
            "take a larger run, finetune.include_seed_tasks=true or a smaller finetune.validation_share"
        )
    if provider != VERTEX:
        return
    place_of(model)
    for key, is_set in (
        ("form=prompt_completion", data.form != CHAT),
        ("validation_share", bool(data.validation)),
        ("batch_size", options.batch_size != "auto"),
    ):
        if is_set:
            raise InputError(f"finetune.{key}: tuning at Vertex through LiteLLM does not take it; leave it out")


def form_of(model: str, form: Form) -> str:
    """Return the form of the lines that are uploaded: Vertex has a chat form of its own."""
    return GEMINI if provider_of(model) == VERTEX else form


def tune(provider: TuningProvider, order: Order, report: Report, say: Say) -> Tuned:
    """Return the tuned model of this order, once its job has ended.

    Args:
        report: takes the numbers of each step.
        say: takes a line for whoever watches.

    Raises:
        ProviderError: the provider failed for good, or the job failed or was cancelled; says why.
    """
    job = find_or_create(provider, order)
    say(f"job {job.id}: {job.status}")
    job = _followed(provider, order, job, report, say)
    if job.status != SUCCEEDED or job.tuned_model is None:
        raise ProviderError(_failed(job, order))
    _read_results(provider, order, job, report, say)
    return Tuned(job.tuned_model, "", {}, job.trained_tokens)


def cancel(provider: TuningProvider, order: Order) -> str:
    """Cancel the job of this order at the provider and return what became of it; nothing is created."""
    job_id = read_record(order.folder, order.identity).job_id
    job = patiently(order.limits, provider.job, job_id) if job_id else find(provider, order)
    if job is None:
        return "there is no job of these data and settings at the provider; nothing to cancel"
    if job.status in ENDED:
        return f"job {job.id} has ended before ({job.status}); nothing to cancel"
    job = patiently(order.limits, provider.cancel, job.id)
    return f"job {job.id}: {job.status}"


def _followed(provider: TuningProvider, order: Order, job: RemoteJob, report: Report, say: Say) -> RemoteJob:
    """Look at the job until it has ended; its events are read after its state, so that the last ones are there."""
    listener = _Listener(provider, order, report, say)
    job_id, status = job.id, job.status
    while True:
        job = look_up(provider, order, job_id)
        listener.listen(job_id)
        if job.status != status:
            say(f"job {job.id}: {job.status}")
            status = job.status
        if job.status in ENDED:
            return job
        time.sleep(order.options.poll_s)


class _Listener:
    """Writes down the events of a job. The first look replaces the file: the provider keeps them all."""

    def __init__(self, provider: TuningProvider, order: Order, report: Report, say: Say) -> None:
        self._provider = provider
        self._order = order
        self._path = order.folder / EVENTS
        self._report = report
        self._say = say
        self._known: set[str] = set()
        self._has_events = True

    def listen(self, job_id: str) -> None:
        """Write down what is new; a server that has no events is asked once."""
        if not self._has_events:
            return
        try:
            new = patiently(self._order.limits, self._provider.events, job_id, self._known)
        except ProviderError as error:
            self._has_events = False
            self._say(f"the events of the job cannot be read ({error})")
            return
        self._write([asdict(event) for event in new])
        self._known |= {event.id for event in new}
        for event in new:
            self._tell(event)
        if new:
            self._say(new[-1].message)

    def _write(self, lines: list[dict[str, Any]]) -> None:
        if not self._known:
            write(self._path, lines)
            return
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(dumps(line) + "\n" for line in lines)

    def _tell(self, event: RemoteEvent) -> None:
        step = event.data.get("step")
        if isinstance(step, int) and step > 0:
            self._report(step, _measured(event.data))


def _read_results(provider: TuningProvider, order: Order, job: RemoteJob, report: Report, say: Say) -> None:
    """Read the provider's own table of results; a model is tuned also where that is gone."""
    for file_id in job.result_files[:1]:
        try:
            table = patiently(order.limits, provider.content, file_id)
        except ProviderError as error:
            say(f"the results of the job cannot be read ({error})")
            return
        if "step" not in table.partition("\n")[0]:
            say("the results of the job cannot be read (no table with a column step)")
            return
        write_text(order.folder / RESULTS, table)
        for step, values in results(table):
            report(step, values)


def results(table: str) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield step and numbers of each row of a provider's results (CSV with a column `step`)."""
    for row in csv.DictReader(io.StringIO(table)):
        step = _number(row.get("step"))
        if step is not None:
            yield int(step), _measured(row)


def _measured(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers under our names: loss, validation_loss, accuracy, ..."""
    numbers = {_NAMES[name]: _number(value) for name, value in values.items() if name in _NAMES}
    return {name: number for name, number in numbers.items() if number is not None}


def _number(value: Any) -> float | None:
    """The finite number that a cell or a field holds, if it holds one."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _failed(job: RemoteJob, order: Order) -> str:
    """Say what became of the job and how a new one is made, since the same command finds this one again."""
    reason = f": {job.reason}" if job.reason else ""
    cause = "has no tuned model" if job.status == SUCCEEDED else job.status
    again = order.options.attempt + 1
    return (
        f"job {job.id} {cause}{reason}. The same command finds this job again; for a new one, paid anew, add "
        f"finetune.attempt={again}"
    )


def uses(name: str, tuned_model: str, api_base: str | None, api_key_env: str | None) -> str:
    """Return the overrides that use a tuned model in place of the base model of this name."""
    provider = name.partition("/")[0]
    model = "<deployment>" if provider == AZURE else tuned_model
    preset = {OPENAI: "openai_compatible" if api_base else OPENAI, VERTEX: "base"}.get(provider, provider)
    parts = [f"model={preset}", f"model.name={provider}/{model}"]
    parts += [f"model.api_base={re.sub('://[^/@]*@', '://', api_base)}"] if api_base else []  # without a password
    parts += [f"model.api_key_env={api_key_env}"] if api_key_env and preset == "openai_compatible" else []
    return " ".join(parts)
