"""`hydra/launcher=joblib`: jobs in processes of this machine, by the process pools that come with joblib.

`run(jobs, 4)` works with four pools of one process each. In one pool of four, the death of one process would end the
other three: the system cannot know what they share.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from queue import SimpleQueue
from typing import Any

from selfinstruct.launchers.jobs import Done, Lost, missing, run_packed
from selfinstruct.stopping import passed_on


def run(jobs: Sequence[bytes], n_jobs: int) -> list[Done | Lost]:
    """Run the jobs, so many at a time, and return what became of each, in their order.

    Args:
        n_jobs: processes; -1 stands for one per CPU.

    Raises:
        InputError: joblib is not installed.
    """
    try:
        from joblib.externals.loky import ProcessPoolExecutor
    except ModuleNotFoundError as error:
        raise missing("joblib", "joblib") from error
    count = min(len(jobs), n_jobs if n_jobs > 0 else os.cpu_count() or 1)
    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(count):
        free.put(ProcessPoolExecutor(1))

    def run_one(job: bytes) -> Done | Lost:
        pool = free.get()
        try:
            done: Done = pool.submit(run_packed, job).result()
            return done
        except BrokenProcessPool as error:
            pool.shutdown(kill_workers=True)
            pool = ProcessPoolExecutor(1)
            return Lost(_why(error))
        finally:
            free.put(pool)

    threads = ThreadPoolExecutor(count, "sweep")  # they wait for the processes
    try:
        with passed_on(_interrupt_jobs):
            return list(threads.map(run_one, jobs))
    finally:  # an interruption lets the jobs that are under way end, and begins no others
        threads.shutdown(cancel_futures=True)
        while not free.empty():
            free.get().shutdown()


def _interrupt_jobs() -> None:
    """Do to the processes of the pools what a terminal does to them by Ctrl+C."""
    for process in multiprocessing.active_children():
        if process.pid:
            os.kill(process.pid, signal.SIGINT)


def _why(error: BrokenProcessPool) -> str:
    """Return the signal that ended a process, out of the only place where it is told."""
    found = re.search(r"(SIG[A-Z]+)", str(error))
    return f"its process was killed ({found[1]})" if found else "its process ended"
