"""`hydra/launcher=submitit_slurm` and `submitit_local`: jobs as an array of Slurm jobs, or as if, on this machine.

    run(jobs, "slurm", {"submitit_folder": "runs/sweeps/x/.submitit/%j", "timeout_min": 1440, "partition": "cpu"})

What a job prints is in the folder. A job that Slurm preempts, or that runs out of time, is queued again and goes on
where it was, since its answers are in the completion store.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.launchers.jobs import Done, Lost, missing, run_packed
from selfinstruct.stopping import passed_on, stops_at_sigterm
from selfinstruct.summary import near

_OF_EVERY_CLUSTER = {  # submitit's own names; whatever else is set is Slurm's, and submitit wants that said
    *("name", "timeout_min", "nodes", "tasks_per_node", "cpus_per_task", "gpus_per_node", "mem_gb"),
    "stderr_to_stdout",
}


class Resumable:
    """A job as submitit wants it: called, it runs; asked for a checkpoint, it is itself, to be begun again.

    Args:
        heeds_sigterm: whether SIGTERM stops the job; Slurm sends it to jobs that it is about to queue again.
    """

    def __init__(self, heeds_sigterm: bool) -> None:
        self._heeds_sigterm = heeds_sigterm

    def __call__(self, job: bytes) -> Done:
        """Run the job, which Ctrl+C interrupts again, unlike the process of submitit that watches over it."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with stops_at_sigterm() if self._heeds_sigterm else contextlib.nullcontext():
            return run_packed(job)

    def checkpoint(self, job: bytes) -> Any:
        """Return what to queue in the place of an interrupted job."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, job)


def run(jobs: Sequence[bytes], cluster: str, options: Mapping[str, Any]) -> list[Done | Lost]:
    """Submit the jobs, wait for all of them, and return what became of each, in their order.

    Args:
        cluster: "slurm" or "local".
        options: `submitit_folder`, `max_num_timeout` (how often a job that ran out of time is queued again), and the
            parameters of the jobs.

    Raises:
        InputError: submitit is not installed, there is no Slurm here, or an option is unknown.
    """
    try:
        import submitit
    except ModuleNotFoundError as error:
        raise missing(f"submitit_{cluster}", "submitit") from error
    chosen = {name: value for name, value in options.items() if value is not None}
    folder, timeouts = chosen.pop("submitit_folder"), chosen.pop("max_num_timeout", 0)
    try:
        executor = submitit.AutoExecutor(folder, cluster=cluster, **{f"{cluster}_max_num_timeout": timeouts})
        executor.update_parameters(
            **{name if name in _OF_EVERY_CLUSTER else f"{cluster}_{name}": value for name, value in chosen.items()}
        )
    except (RuntimeError, NameError, TypeError, ValueError) as error:
        raise InputError(f"hydra/launcher=submitit_{cluster}: {error}; see conf/hydra/launcher/") from error
    with _deaf_to_ctrl_c():
        submitted = executor.map_array(Resumable(heeds_sigterm=cluster == "local"), jobs)
    try:
        with passed_on(lambda: _stop_local(submitted)):
            return [_fetched(job) for job in submitted]
    except KeyboardInterrupt:
        for job in submitted:
            if cluster == "slurm":
                job.cancel(check=False)
            _fetched(job)
        raise


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started in this block does not hear Ctrl+C, on which submitit kills jobs within a second."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop_local(jobs: Sequence[Any]) -> None:
    """Hand SIGTERM to the jobs of this machine, whose numbers are those of the processes that watch over them."""
    for job in jobs:
        if job.job_id.isdecimal() and not job.done():
            os.kill(int(job.job_id), signal.SIGTERM)


def _fetched(job: Any) -> Done | Lost:
    from submitit.core.utils import FailedJobError, UncompletedJobError

    try:
        done: Done = job.result()
        return done
    except UncompletedJobError:
        return Lost(f"job {job.job_id} was lost (state {job.state}; what it printed is in {near(job.paths.stderr)})")
    except FailedJobError:
        return Lost(f"job {job.job_id} could not begin (see {near(job.paths.stderr)})")
