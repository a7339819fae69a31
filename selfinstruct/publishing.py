"""The end of every run: training files, metrics, manifest, the tracker's mirror and the closing words.

What is written here comes from the run folder's records, so that it can be written again at any time.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfinstruct import outcomes, runs
from selfinstruct.errors import InputError, Interrupted
from selfinstruct.exporting import write_run_exports
from selfinstruct.metrics import measure, series, write_report_metrics
from selfinstruct.novelty import count_invisible
from selfinstruct.records import SeedSet
from selfinstruct.report import write_report
from selfinstruct.report.options import ReportOptions
from selfinstruct.stages.export import ExportOptions
from selfinstruct.summary import run_line, run_summary
from selfinstruct.tracking import TrackingOptions


@dataclass(frozen=True)
class Mirror:
    """A run's place in the tracker; `run_id` is None with tracking off."""

    options: TrackingOptions
    run_id: str | None


_opened: list[Mirror] = []


def check_mirror(options: TrackingOptions) -> None:
    """Raise InputError for a tracker that cannot be used; nothing is written."""
    if options.enabled:
        from selfinstruct import tracking

        tracking.resolve_uri(options.uri)


def open_mirror(
    options: TrackingOptions, name: str, identity: str, params: Mapping[str, Any], tags: Mapping[str, str]
) -> Mirror:
    """Open or continue the tracking run of an identity, below the sweep that this job belongs to.

    A child of a sweep is named by its arm, since all of them share `name`.

    Raises:
        InputError: the tracker cannot be used.
    """
    if not options.enabled:
        return Mirror(options, None)
    from selfinstruct import tracking

    overrides = outcomes.current_overrides()
    arm = {"selfinstruct.arm": " ".join(overrides)}
    uri = tracking.resolve_uri(options.uri)
    run_id = tracking.start_run(
        uri,
        str(options.experiment),
        arm_name(overrides) or name,
        identity,
        params,
        {**tags, **arm},
        outcomes.current_parent(),
        options.artifacts,
    )
    _opened.append(Mirror(options, run_id))
    return _opened[-1]


@contextlib.contextmanager
def closing_mirrors() -> Iterator[None]:
    """Where this block is left by an error, close the tracking runs that were opened in it and are still open."""
    _opened.clear()
    try:
        yield
    except BaseException as error:
        is_stop = isinstance(error, KeyboardInterrupt)
        code = Interrupted.exit_code if is_stop else getattr(error, "exit_code", None)
        for mirror in _opened:
            _close_lost(mirror, code)
        raise


def _close_lost(mirror: Mirror, exit_code: int | None) -> None:
    from selfinstruct import tracking

    with contextlib.suppress(tracking.TrackingError, InputError):  # the error that is on its way is what counts
        tracking.close_lost_run(tracking.resolve_uri(mirror.options.uri), str(mirror.run_id), exit_code)


def arm_name(overrides: Sequence[str]) -> str:
    """Return the overrides without the study that all arms share, each key by its last part: "max_rouge_l=0.5"."""
    pairs = [override.partition("=") for override in overrides]
    return " ".join(key.rpartition(".")[2] + equals + value for key, equals, value in pairs if key != "experiments")


def publish(
    folder: Path,
    manifest: dict[str, Any],
    seeds: SeedSet,
    options: ExportOptions,
    report: ReportOptions,
    tokenizer: str,
    mirror: Mirror,
) -> None:
    """Write exports, metrics and report, close the manifest, mirror the folder, print the summary.

    Args:
        tokenizer: the one that judged novelty; texts that it cannot see are warned about.
    """
    export = json.loads(json.dumps(asdict(options)))
    if manifest.get("export") != export:
        write_run_exports(folder, manifest, seeds, options)
        manifest["export"] = export
    metrics = measure(folder, manifest, [task.instruction for task in seeds.tasks])
    if report.enabled:
        metrics |= write_report(folder, manifest, seeds, report, metrics, tokenizer).metrics
    write_report_metrics(folder, metrics)
    runs.write_manifest(folder, manifest)
    _fill_mirror(folder, mirror, metrics)
    _warn_of_invisible_texts(folder, tokenizer)
    hint = "selfinstruct ui" if mirror.run_id else None
    is_arm = bool(outcomes.current_overrides())
    print(run_line(folder, manifest) if is_arm else run_summary(folder, manifest, hint), flush=True)


def _fill_mirror(folder: Path, mirror: Mirror, metrics: Mapping[str, float]) -> None:
    """Mirror the folder. A tracker that fails now costs nothing but the mirror: the folder is the truth."""
    if mirror.run_id is None:
        return
    from selfinstruct import tracking

    try:
        tracking.finish_run(tracking.resolve_uri(mirror.options.uri), mirror.run_id, folder, metrics, series(folder))
    except tracking.TrackingError as error:
        print(f"selfinstruct: tracking failed ({error}); repeat the command to mirror the run again", file=sys.stderr)


def _warn_of_invisible_texts(folder: Path, tokenizer: str) -> None:
    """Say how many candidates the novelty filter could not see at all."""
    count = count_invisible([candidate.text for candidate in runs.read_candidates(folder)], tokenizer)
    if count:
        remedy = "; filters.instruction.tokenizer=unicode sees them" if tokenizer == "rouge" else ""
        print(
            f"selfinstruct: {count:,} candidates hold no word that the {tokenizer} tokenizer can see (another "
            f"script?), so they score 0 with everything and pass as new{remedy}",
            file=sys.stderr,
        )
