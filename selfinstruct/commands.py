"""What each verb does with its composed config. A command returns its exit code and says once what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct import config as configs
from selfinstruct import outcomes, runs
from selfinstruct.errors import InputError, SelfInstructError
from selfinstruct.jsonl import write_text

if TYPE_CHECKING:
    from omegaconf import DictConfig


def run(cfg: DictConfig) -> int:
    """`selfinstruct run`: generate, export, measure, track."""
    folder = ""
    try:
        from selfinstruct.job import RunJob

        job = RunJob(configs.load(cfg))
        if job.config.dry_run:
            print(job.rehearse())
            return 0
        folder = str(job.folder)
        with runs.claimed(job.folder):
            code, message = job.execute()
    except SelfInstructError as error:
        code, message = error.exit_code, str(error)
    _say(message)
    outcomes.report_outcome(folder, code, message)
    return code


def refilter(cfg: DictConfig) -> int:
    """`selfinstruct refilter run=... filters...`: judge recorded candidates again, with no model call."""
    folder = ""
    try:
        from selfinstruct.refilter_job import RefilterConfig, RefilterJob

        plain = configs.resolve(cfg)
        configs.refuse_secrets(plain)
        job = RefilterJob(configs.build(RefilterConfig, plain), configs.as_yaml(cfg))
        folder = str(job.folder)
        with runs.claimed(job.folder):
            code, message = job.execute()
    except SelfInstructError as error:
        code, message = error.exit_code, str(error)
    _say(message)
    outcomes.report_outcome(folder, code, message)
    return code


def export(cfg: DictConfig) -> int:
    """`selfinstruct export run=<run folder>`: write its training files again, with other options if you like."""
    from selfinstruct.exporting import write_run_exports
    from selfinstruct.seeds import load_seeds
    from selfinstruct.stages.export import ExportOptions

    plain = _checked(cfg, {"run", "export"})
    folder = Path(plain["run"]).expanduser().absolute()
    manifest = runs.read_manifest(folder)
    if manifest["status"] == runs.RUNNING:
        raise InputError(f"run={folder}: this run has not ended; repeat its command first")
    options = configs.build_section(ExportOptions, plain["export"], "export")
    seeds = load_seeds(folder / runs.SEEDS, manifest["seeds"]["name"], manifest["seeds"]["quality"])
    with runs.claimed(folder):
        for path in write_run_exports(folder, manifest, seeds, options):
            print(path)
    return 0


def seeds(cfg: DictConfig) -> int:
    """`selfinstruct seeds path=... [to=...]`: check a seed file; write it as JSONL or Markdown."""
    from selfinstruct.seeds import check_seeds, load_seeds, to_jsonl, to_markdown

    plain = _checked(cfg, {"path", "to", "name", "quality"})
    path = Path(plain["path"]).expanduser()
    seed_set = load_seeds(path, plain["name"] or path.stem, plain["quality"])
    instances = sum(len(task.instances) for task in seed_set.tasks)
    classification = sum(task.is_classification for task in seed_set.tasks)
    print(f"{path}: {len(seed_set.tasks)} tasks ({classification} classification), {instances} instances; all valid")
    for warning in check_seeds(path, seed_set.name).warnings:
        _say(warning)
    if plain["to"]:
        target = Path(plain["to"]).expanduser()
        writers = {".jsonl": to_jsonl, ".md": to_markdown}
        if target.suffix not in writers:
            raise InputError(f"to={target}: the ending says the format; give a name that ends in .jsonl or .md")
        write_text(target, writers[target.suffix](seed_set))
        print(target)
    return 0


def compare(cfg: DictConfig) -> int:
    """`selfinstruct compare runs=[...]` or `ratings=[...]`: tables, statistics, pictures and a report."""
    from selfinstruct import compare_job

    plain = configs.resolve(cfg)
    configs.refuse_secrets(plain)
    print(compare_job.compare(configs.build(compare_job.CompareConfig, plain)))
    return 0


def ui(cfg: DictConfig) -> int:
    """`selfinstruct ui`: serve the tracking UI until it is interrupted."""
    import subprocess

    from selfinstruct import tracking

    plain = _checked(cfg, {"tracking", "host", "port"})
    options = configs.build_section(tracking.TrackingOptions, plain["tracking"], "tracking")
    if not options.enabled:
        raise InputError("tracking=off: there is nothing to show; leave it out")
    uri = tracking.resolve_uri(options.uri)
    place = tracking.experiment_page(uri, str(options.experiment))
    command, environment = tracking.ui_command(uri, plain["host"], plain["port"])
    print(f"http://{plain['host']}:{plain['port']}{place} (Ctrl+C ends it)", flush=True)
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def _checked(cfg: DictConfig, keys: set[str]) -> dict[str, Any]:
    """Return the resolved config of a small verb; keys added with + are refused."""
    plain = configs.resolve(cfg)
    configs.refuse_secrets(plain)
    for key in plain:
        if key not in keys:
            raise InputError(f"{key}: unknown key; this verb knows {', '.join(sorted(keys))}")
    return plain


def _say(message: str) -> None:
    if message:
        print(f"selfinstruct: {message}", file=sys.stderr, flush=True)


def _guarded(command: Callable[[DictConfig], int]) -> Callable[[DictConfig], int]:
    """Errors of a small verb become its exit code."""

    def guarded(cfg: DictConfig) -> int:
        try:
            return command(cfg)
        except SelfInstructError as error:
            _say(str(error))
            return error.exit_code

    guarded.__module__ = command.__module__
    return guarded


TASKS: dict[str, Callable[[DictConfig], int]] = {
    "run": run,
    "refilter": refilter,
    "export": _guarded(export),
    "seeds": _guarded(seeds),
    "compare": _guarded(compare),
    "ui": _guarded(ui),
}
