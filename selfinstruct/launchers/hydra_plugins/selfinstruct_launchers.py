"""Our launchers as Hydra wants them: classes, in its own namespace. The presets in conf/hydra/launcher/ name them.

Each takes the keys of its preset and hands the jobs to the function that runs them. Hydra imports this file whenever it
starts, so nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from selfinstruct.launchers import clusters, processes, submitted
from selfinstruct.launchers.jobs import Run, Sweep, launch


class _Launcher(Launcher):
    """Takes what Hydra hands to every launcher, and leaves the jobs to a function."""

    def __init__(self, run: Run, is_heard: bool = False) -> None:
        self._run = run
        self._is_heard = is_heard
        self._sweep: Sweep | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what the jobs share."""
        self._sweep = Sweep(hydra_context, task_function, config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs and return what became of each, in their order."""
        assert self._sweep is not None
        return launch(self._sweep, job_overrides, initial_job_idx, self._run, self._is_heard)


class JoblibLauncher(_Launcher):
    """Processes of this machine. Where Hydra's own plugin is installed, its schema adds keys, which are ignored."""

    def __init__(self, n_jobs: int, **_: Any) -> None:
        super().__init__(partial(processes.run, n_jobs=n_jobs), is_heard=True)


class LocalLauncher(_Launcher):
    """Submitit's jobs on this machine, all at once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(partial(submitted.run, cluster="local", options=_plain(options)))


class SlurmLauncher(_Launcher):
    """Submitit's jobs on Slurm."""

    def __init__(self, **options: Any) -> None:
        super().__init__(partial(submitted.run, cluster="slurm", options=_plain(options)))


class RayLauncher(_Launcher):
    """Tasks of a Ray cluster."""

    def __init__(self, address: str | None, num_cpus: float, max_retries: int) -> None:
        super().__init__(partial(clusters.run, address=address, num_cpus=num_cpus, max_retries=max_retries))


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = OmegaConf.to_container(OmegaConf.create(options), resolve=True)  # type: ignore[assignment]
    return plain
