"""`hydra/launcher=ray`: jobs as tasks of a Ray cluster.

The folders of the sweep must be seen by all nodes at the same path, and keys are read from the environment where the
tasks run. What a task prints is in Ray's logs.

    ray start --head                                                 on one machine, and then on the others
    ray start --address=<host>:6379
    selfinstruct run -m hydra/launcher=ray hydra.launcher.address=auto filters.instruction.max_rouge_l=0.5,0.7
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

from selfinstruct.errors import InputError
from selfinstruct.launchers.jobs import Done, Lost, missing, run_packed


def run(jobs: Sequence[bytes], address: str | None, num_cpus: float, max_retries: int) -> list[Done | Lost]:
    """Hand all jobs to Ray, which decides where and when each runs; return what became of each, in their order.

    Args:
        address: of a running cluster ("auto" finds it); None starts one on this machine for the sweep.
        num_cpus: that Ray reserves for each job.
        max_retries: how often Ray begins a job again whose process or machine was lost.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """
    ray = _connected(address)
    remote = ray.remote(num_cpus=num_cpus, max_retries=max_retries)(run_packed)
    references = [remote.remote(job) for job in jobs]
    try:
        return [_fetched(ray, reference) for reference in references]
    except KeyboardInterrupt:
        for reference in references:
            ray.cancel(reference)
        ray.wait(references, num_returns=len(references))
        raise
    finally:
        ray.shutdown()


def _connected(address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        raise missing("ray", "ray") from error
    try:
        ray.init(
            address,
            include_dashboard=None if address else False,
            log_to_driver=False,  # it comes late, twice where two nodes share a machine, and at the end not at all
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError) as error:
        cause = str(error).splitlines()[0]
        raise InputError(f"hydra.launcher.address={address}: {cause}; {_remedy()}") from error
    return ray


def _remedy() -> str:
    """Ray says in its log alone that a token was wanted, and asks for one by default where there is a file with one."""
    token = "" if "RAY_AUTH_MODE" in os.environ else ", or set RAY_AUTH_MODE=token if it wants Ray's token"
    return f"start a cluster with `ray start`{token}"


def _fetched(ray: Any, reference: Any) -> Done | Lost:
    try:
        done: Done = ray.get(reference)
        return done
    except ray.exceptions.RayTaskError as error:
        return Lost(f"it could not begin ({str(error.cause).splitlines()[0]})")
    except ray.exceptions.RayError as error:
        return Lost(f"its process was lost ({str(error).splitlines()[0].partition('. ')[0]})")
