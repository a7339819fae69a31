"""Sweeps: one parent in the tracker for the runs of a `-m` command, closed correctly whatever becomes of them.

Hydra creates one `SweepCallback` in the process that sweeps and hands a copy to every job, wherever it runs: its
attribute `parent_id` is how a job learns its parent. A job reports by an `outcome.json` in its job folder, since
a job that failed must not stop the others; the sweep's exit code is the highest of them.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback

from selfinstruct.jsonl import dumps, write_text

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

OUTCOME = "outcome.json"
_current: dict[str, Any] = {"parent_id": None, "job_folder": None, "overrides": []}
_exit_codes: list[int] = []


def current_parent() -> str | None:
    """Return the tracking id of the sweep that this job belongs to, or None outside a sweep."""
    parent: str | None = _current["parent_id"]
    return parent


def current_overrides() -> list[str]:
    """Return the overrides that tell this job from its siblings; empty outside a sweep."""
    return list(_current["overrides"])


def take_exit_codes() -> list[int]:
    """Return the exit codes of the last sweep of this process, and forget them."""
    codes, _exit_codes[:] = list(_exit_codes), []
    return codes


def report_outcome(run_dir: str, exit_code: int, message: str) -> None:
    """Write down what became of this job, for the sweep that waits for it; nothing outside a sweep."""
    if _current["job_folder"]:
        outcome = {
            "overrides": _current["overrides"],
            "run_dir": run_dir,
            "exit_code": exit_code,
            "message": message,
        }
        write_text(Path(_current["job_folder"]) / OUTCOME, dumps(outcome) + "\n")


class SweepCallback(Callback):
    """Opens the parent before the first job, passes it to every job, closes it after the last one."""

    def __init__(self) -> None:
        self.parent_id: str | None = None

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Open the parent; the tracker's schema exists before parallel jobs start."""
        for old in _outcome_files(config):
            old.unlink()
        options = _tracking(config)
        if options is None:
            return
        from selfinstruct import tracking

        study = config.get("study") or "sweep"
        sweep_id = Path(config.hydra.sweep.dir).name
        self.parent_id = tracking.start_parent(
            options["uri"], options["experiment"], sweep_id, sweep_id, {"selfinstruct.study": study}
        )

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Tell the task of this process whose child it is."""
        from hydra.types import RunMode

        in_sweep = config.hydra.mode == RunMode.MULTIRUN
        _current["parent_id"] = self.parent_id if in_sweep else None
        _current["job_folder"] = config.hydra.runtime.output_dir if in_sweep else None
        _current["overrides"] = [str(o) for o in config.hydra.overrides.task] if in_sweep else []

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Collect what became of the jobs, close the parent, remember the exit codes, print the sweep's table."""
        outcomes = [json.loads(path.read_text(encoding="utf-8")) for path in _outcome_files(config)]
        _exit_codes[:] = [outcome["exit_code"] for outcome in outcomes]
        from selfinstruct.summary import sweep_table

        table = sweep_table(outcomes)
        folder = Path(config.hydra.sweep.dir).absolute()
        write_text(folder / "sweep.json", json.dumps(outcomes, indent=2, ensure_ascii=False) + "\n")
        print(table)
        print(f"\nsweep    {folder}")
        options = _tracking(config)
        if options is not None and self.parent_id is not None:
            from selfinstruct import tracking

            tracking.finish_parent(
                options["uri"], self.parent_id, _exit_codes, _summary(outcomes), [folder / "sweep.json"]
            )


def _outcome_files(config: DictConfig) -> list[Path]:
    files = Path(config.hydra.sweep.dir).glob(f"*/{OUTCOME}")
    return sorted(files, key=lambda path: (len(path.parent.name), path.parent.name))


def _tracking(config: DictConfig) -> dict[str, str] | None:
    options = config.get("tracking")
    if options is None or not options.enabled:
        return None
    from selfinstruct import tracking

    return {"uri": tracking.resolve_uri(options.uri), "experiment": options.experiment}


def _summary(outcomes: list[dict[str, Any]]) -> dict[str, float]:
    failed = sum(outcome["exit_code"] != 0 for outcome in outcomes)
    return {"sweep.runs": float(len(outcomes)), "sweep.failed": float(failed)}
