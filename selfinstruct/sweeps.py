"""Sweeps: one parent in the tracker for the runs of a `-m` command, closed correctly whatever becomes of them.

Hydra creates one `SweepCallback` in the process that sweeps and hands a copy to every job, wherever it runs: its
attribute `parent_id` is how a job learns its parent.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback

from selfinstruct.errors import InputError
from selfinstruct.jsonl import write_text
from selfinstruct.outcomes import OUTCOME, TRACEBACK, begin_job, begin_sweep, end_sweep, take_rehearsed
from selfinstruct.secrecy import secret_in_config
from selfinstruct.summary import near, sweep_table

if TYPE_CHECKING:
    from omegaconf import DictConfig

# Our presets of launchers have the names of those that the plugins bring, which is what people type. This module is
# loaded in every process of a sweep.
warnings.filterwarnings("ignore", message=r"\s*'hydra/launcher/\w+' is validated against ConfigStore schema")

_THRESHOLD = "filters.instruction.max_rouge_l"
_open_parents: list[tuple[str, str]] = []


def abandon() -> None:
    """Close the parent of a sweep that ended without its end being called: interrupted, or its launcher failed."""
    while _open_parents:
        uri, parent_id = _open_parents.pop()
        _close(uri, parent_id, [1], {}, [])


def _close(uri: str, parent_id: str, exit_codes: list[int], summary: dict[str, float], files: list[Path]) -> None:
    """Close the parent. A failing tracker costs the mirror only."""
    from selfinstruct import tracking

    try:
        tracking.finish_parent(uri, parent_id, exit_codes, summary, files)
    except tracking.TrackingError as error:
        print(f"selfinstruct: tracking failed ({error}); repeat the command to mirror the sweep again", file=sys.stderr)


class SweepCallback(Callback):
    """Opens the parent before the first job, passes it to every job, closes it after the last one."""

    def __init__(self) -> None:
        self.parent_id: str | None = None
        self.thresholds: list[float] = []
        self.swept: set[str] = set()

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Open the parent; the tracker's schema exists before parallel jobs start."""
        _refuse_secrets(config)
        for old in _outcome_files(config):
            old.unlink()
            old.with_name(TRACEBACK).unlink(missing_ok=True)
        take_rehearsed()
        begin_sweep()
        swept = swept_values(config)
        self.swept = set(swept)
        self.thresholds = [float(value) for value in swept.get(_THRESHOLD, ()) if value != "null"]
        options = _tracking(config)
        if options is None:
            return
        from selfinstruct import tracking

        study = config.get("study") or "sweep"
        sweep_id = Path(config.hydra.sweep.dir).name
        try:
            uri = tracking.resolve_uri(options.uri)
            self.parent_id = tracking.start_parent(
                uri, options.experiment, sweep_id, sweep_id, {"selfinstruct.study": study}, options.artifacts
            )
        except InputError as error:  # Hydra makes a mere warning of it, but it lets nobody's exit pass for one
            print(f"selfinstruct: {error}", file=sys.stderr)
            raise SystemExit(error.exit_code) from error
        _open_parents.append((uri, self.parent_id))

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Tell the task of this process whose child it is."""
        from hydra.types import RunMode

        in_sweep = config.hydra.mode == RunMode.MULTIRUN
        if in_sweep:
            every = [str(override) for override in config.hydra.overrides.task]
            overrides = [override for override in every if override.partition("=")[0].lstrip("+") in self.swept]
            begin_job(self.parent_id, config.hydra.runtime.output_dir, overrides, self.thresholds)
        else:
            begin_job(None, None, [])

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Collect what became of the jobs, close the parent, remember the exit codes, print the sweep's table."""
        outcomes = [json.loads(path.read_text(encoding="utf-8")) for path in _outcome_files(config)]
        exit_codes = [outcome["exit_code"] for outcome in outcomes]
        end_sweep(exit_codes)
        if config.get("dry_run"):
            _say_total(sum(code != 0 for code in exit_codes))
            return
        table = sweep_table(outcomes)
        folder = Path(config.hydra.sweep.dir).absolute()
        write_text(folder / "sweep.json", json.dumps(outcomes, indent=2, ensure_ascii=False) + "\n")
        print(f"\n{table}\nsweep    {near(folder)}")
        files = [folder / "sweep.json"]
        try:
            files += _compared(config, outcomes, folder / "compare")
        finally:  # of a fault in there Hydra makes a warning; the parent is closed as its runs ended
            if self.parent_id is not None:
                print("look     selfinstruct ui")
                _close(*_open_parents.pop(), exit_codes, _summary(outcomes), files)


def _say_total(refused: int) -> None:
    """Say what all jobs of a dry sweep would ask together."""
    rehearsed = take_rehearsed()
    if rehearsed:
        from selfinstruct.dry_run import describe_total

        print(describe_total(rehearsed, refused), flush=True)


def _compared(config: DictConfig, outcomes: list[dict[str, Any]], folder: Path) -> list[Path]:
    """Compare the arms that ended well; report=off switches this off, too."""
    ended_well = dict.fromkeys(Path(one["run_dir"]) for one in outcomes if one["exit_code"] == 0 and one["run_dir"])
    is_wanted = config.report.enabled if config.get("report") else "benchmark" in config
    if len(ended_well) < 2 or not is_wanted:
        return []
    from selfinstruct.compare import compare_folders

    try:
        comparison = compare_folders(list(ended_well), folder)
    except InputError as error:
        print(f"selfinstruct: the runs were not compared: {error}", file=sys.stderr)
        return []
    print(f"compare  {near(comparison.files[0])}")
    return list(comparison.files)


def _refuse_secrets(config: DictConfig) -> None:
    """End the command before Hydra writes a secret of somebody's YAML to multirun.yaml.

    Of what a callback raises, Hydra makes a warning, but not of the wish to exit.
    """
    from omegaconf import OmegaConf

    plain: Any = OmegaConf.to_container(config, resolve=False)
    fault = secret_in_config(plain)
    if fault:
        print(f"selfinstruct: {fault}", file=sys.stderr, flush=True)
        raise SystemExit(InputError.exit_code)


def _outcome_files(config: DictConfig) -> list[Path]:
    files = Path(config.hydra.sweep.dir).glob(f"*/{OUTCOME}")
    return sorted(files, key=lambda path: (len(path.parent.name), path.parent.name))


def swept_values(config: DictConfig) -> dict[str, list[str]]:
    """Return the keys that the command or its study sweeps, each with its values as they are written."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    params = config.hydra.sweeper.get("params") or {}
    overrides = [*map(str, config.hydra.overrides.task), *(f"{key}={value}" for key, value in params.items())]
    return {
        override.key_or_group: [value.rpartition("=")[2] for value in override.sweep_string_iterator()]
        for override in OverridesParser.create().parse_overrides(overrides)
        if override.is_sweep_override()
    }


def _tracking(config: DictConfig) -> Any:
    options = config.get("tracking")
    return options if options is not None and options.enabled and not config.get("dry_run") else None


def _summary(outcomes: list[dict[str, Any]]) -> dict[str, float]:
    failed = sum(outcome["exit_code"] != 0 for outcome in outcomes)
    return {"sweep.runs": float(len(outcomes)), "sweep.failed": float(failed)}
