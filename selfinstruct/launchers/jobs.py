"""The jobs of a sweep on their way to other processes and back.

`launch(sweep, overrides, 0, run)` packs every job into bytes that any process can unpack and run, lets `run` do so, and
settles what came back. A job that was lost gets the outcome.json that it could not write itself:

    {"overrides": ["random_seed=2"], "run_dir": "", "exit_code": 3, "message": "its process was killed (SIGKILL); ..."}
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError, ProviderError
from selfinstruct.launchers import offer
from selfinstruct.outcomes import OUTCOME, Rehearsed, add_rehearsed, take_rehearsed, write_outcome
from selfinstruct.pipes import patient_stdout

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


@dataclass(frozen=True)
class Sweep:
    """What Hydra hands to a launcher: its context, what each job does, and the config that all jobs share."""

    context: HydraContext
    task: TaskFunction
    config: DictConfig


@dataclass(frozen=True)
class Done:
    """A job that came back: what Hydra is to know, and of a dry run what it says and would ask."""

    returned: JobReturn
    said: str = ""
    rehearsed: tuple[Rehearsed, ...] = ()


@dataclass(frozen=True)
class Lost:
    """A job that did not come back, and why: "its process was killed (SIGKILL)"."""

    why: str


Run = Callable[[Sequence[bytes]], "list[Done | Lost]"]


def launch(
    sweep: Sweep, job_overrides: Sequence[Sequence[str]], first: int, run: Run, is_heard: bool
) -> list[JobReturn]:
    """Run the jobs and return what became of each, in their order.

    Args:
        first: the number of the first job; a job's folder in the sweep's is named after its number.
        run: what runs packed jobs somewhere (`processes.run`, `submitted.run`, `clusters.run`).
        is_heard: whether what the jobs print comes out here; if not, what went wrong is said when all have ended. What
            dry runs say is printed here anyway, in the order of the jobs.
    """
    from hydra.core.utils import setup_globals

    from selfinstruct.sweeps import swept_values

    setup_globals()
    swept = swept_values(sweep.config)
    folder = Path(str(sweep.config.hydra.sweep.dir)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    packed = [_packed(sweep, overrides, first + index) for index, overrides in enumerate(job_overrides)]
    returned = run(packed)
    for index, done in enumerate(returned):
        arm = [override for override in job_overrides[index] if override.partition("=")[0] in swept]
        job_folder = folder / str(first + index)
        if isinstance(done, Lost):
            _tell_outcome(job_folder, arm, f"{done.why}; repeat the command, it goes on where it was")
        if isinstance(done, Lost) or not is_heard:
            _say_what_went_wrong(job_folder, arm)
        if isinstance(done, Done):
            print(done.said, end="", flush=True)
            add_rehearsed(done.rehearsed)
    return [_ended() if isinstance(done, Lost) else done.returned for done in returned]


def run_packed(job: bytes) -> Done:
    """Unpack a job and run it in this process."""
    import cloudpickle

    offer()
    with patient_stdout():
        done: Done = cloudpickle.loads(job)()
    return done


def missing(launcher: str, library: str) -> InputError:
    """Return the error for a launcher whose library is not there; the extra that brings it has its name."""
    return InputError(f'hydra/launcher={launcher}: {library} is not installed; pip install "selfinstruct[{library}]"')


def _packed(sweep: Sweep, overrides: Sequence[str], number: int) -> bytes:
    import cloudpickle
    from hydra.core.singleton import Singleton

    state = Singleton.get_state()
    job = partial(_run_job, sweep, state, str(Path.cwd()), list(overrides), number)
    packed: bytes = cloudpickle.dumps(job)
    return packed


def _run_job(sweep: Sweep, singletons: Any, folder: str, overrides: list[str], number: int) -> Done:
    """Run a job in a process that knows nothing but what it is handed, in the folder of the sweep's own process."""
    from hydra.core.singleton import Singleton
    from hydra.core.utils import run_job, setup_globals
    from omegaconf import open_dict

    os.chdir(folder)
    setup_globals()
    Singleton.set_state(singletons)
    config = sweep.context.config_loader.load_sweep_config(sweep.config, overrides)
    with open_dict(config):
        config.hydra.job.id = f"{config.hydra.job.name}_{number}"
        config.hydra.job.num = number
    said = io.StringIO()
    with contextlib.redirect_stdout(said) if config.get("dry_run") else contextlib.nullcontext():
        returned = run_job(
            task_function=sweep.task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=sweep.context,
        )
    return Done(returned, said.getvalue(), tuple(take_rehearsed()))


def _tell_outcome(job_folder: Path, arm: Sequence[str], message: str) -> None:
    """Write down what became of a lost job; one that was lost at its very end did so itself."""
    if not (job_folder / OUTCOME).exists():
        write_outcome(job_folder, arm, "", ProviderError.exit_code, message)


def _say_what_went_wrong(job_folder: Path, arm: Sequence[str]) -> None:
    try:
        outcome = json.loads((job_folder / OUTCOME).read_text(encoding="utf-8"))
    except FileNotFoundError:  # a dry run leaves none
        return
    if outcome["message"]:
        print(f"selfinstruct: {' '.join(arm)}: {outcome['message']}", file=sys.stderr, flush=True)


def _ended() -> JobReturn:
    """What stands for a lost job: that it ended, so that Hydra counts its siblings. Its outcome says how."""
    from hydra.core.utils import JobReturn, JobStatus

    ended = JobReturn()
    ended.status, ended.return_value = JobStatus.COMPLETED, ProviderError.exit_code
    return ended
