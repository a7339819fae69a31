"""Sweeps: one parent in the tracker for the runs of a `-m` command, closed correctly whatever becomes of them.

Hydra creates one `SweepCallback` in the process that sweeps and hands a copy to every job, wherever it runs: its
attribute `parent_id` is how a job learns its parent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback

from selfinstruct.jsonl import write_text
from selfinstruct.outcomes import OUTCOME, begin_job, end_sweep
from selfinstruct.summary import near, sweep_table

if TYPE_CHECKING:
    from omegaconf import DictConfig

_THRESHOLD = "filters.instruction.max_rouge_l"


class SweepCallback(Callback):
    """Opens the parent before the first job, passes it to every job, closes it after the last one."""

    def __init__(self) -> None:
        self.parent_id: str | None = None
        self.thresholds: list[float] = []
        self.swept: set[str] = set()

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Open the parent; the tracker's schema exists before parallel jobs start."""
        for old in _outcome_files(config):
            old.unlink()
        swept = _swept(config)
        self.swept = set(swept)
        self.thresholds = [float(value) for value in swept.get(_THRESHOLD, ()) if value != "null"]
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
        if in_sweep:
            every = [str(override) for override in config.hydra.overrides.task]
            overrides = [override for override in every if override.partition("=")[0] in self.swept]
            begin_job(self.parent_id, config.hydra.runtime.output_dir, overrides, self.thresholds)
        else:
            begin_job(None, None, [])

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Collect what became of the jobs, close the parent, remember the exit codes, print the sweep's table."""
        outcomes = [json.loads(path.read_text(encoding="utf-8")) for path in _outcome_files(config)]
        exit_codes = [outcome["exit_code"] for outcome in outcomes]
        end_sweep(exit_codes)
        table = sweep_table(outcomes)
        folder = Path(config.hydra.sweep.dir).absolute()
        write_text(folder / "sweep.json", json.dumps(outcomes, indent=2, ensure_ascii=False) + "\n")
        print(f"\n{table}\nsweep    {near(folder)}")
        if self.parent_id is not None:
            print("look     selfinstruct ui")
        options = _tracking(config)
        if options is not None and self.parent_id is not None:
            from selfinstruct import tracking

            tracking.finish_parent(
                options["uri"], self.parent_id, exit_codes, _summary(outcomes), [folder / "sweep.json"]
            )


def _outcome_files(config: DictConfig) -> list[Path]:
    files = Path(config.hydra.sweep.dir).glob(f"*/{OUTCOME}")
    return sorted(files, key=lambda path: (len(path.parent.name), path.parent.name))


def _swept(config: DictConfig) -> dict[str, list[str]]:
    """Return the keys that the command or its study sweeps, each with its values as they are written."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    params = config.hydra.sweeper.get("params") or {}
    overrides = [*map(str, config.hydra.overrides.task), *(f"{key}={value}" for key, value in params.items())]
    return {
        override.key_or_group: [value.rpartition("=")[2] for value in override.sweep_string_iterator()]
        for override in OverridesParser.create().parse_overrides(overrides)
        if override.is_sweep_override()
    }


def _tracking(config: DictConfig) -> dict[str, str] | None:
    options = config.get("tracking")
    if options is None or not options.enabled:
        return None
    from selfinstruct import tracking

    return {"uri": tracking.resolve_uri(options.uri), "experiment": options.experiment}


def _summary(outcomes: list[dict[str, Any]]) -> dict[str, float]:
    failed = sum(outcome["exit_code"] != 0 for outcome in outcomes)
    return {"sweep.runs": float(len(outcomes)), "sweep.failed": float(failed)}
