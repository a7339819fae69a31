"""What each verb does with its composed config. A command returns its exit code and says once what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from selfinstruct import config as configs
from selfinstruct import outcomes, runs
from selfinstruct.errors import InputError, SelfInstructError
from selfinstruct.jsonl import write_text

if TYPE_CHECKING:
    from omegaconf import DictConfig


class Job(Protocol):
    """What a verb that makes a folder builds from its config; whatever can be refused is refused by the constructor."""

    folder: Path

    @property
    def rehearsal(self) -> Callable[[], str] | None:
        """What says instead what would be done, with dry_run=true: it sends and writes nothing. Else None."""
        ...

    def execute(self) -> tuple[int, str]:
        """Do the work. Returns exit code and message."""
        ...


def run(cfg: DictConfig) -> int:
    """`selfinstruct run`: generate, export, measure, track."""
    from selfinstruct.job import RunJob

    return _executed(lambda: RunJob(configs.load(cfg)))


def refilter(cfg: DictConfig) -> int:
    """`selfinstruct refilter run=... filters...`: judge recorded candidates again, with no model call."""
    from selfinstruct.refilter_job import RefilterJob

    return _executed(lambda: RefilterJob(cfg))


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
    print(compare_job.compare(configs.build(compare_job.CompareConfig, plain)))
    return 0


def finetune(cfg: DictConfig) -> int:
    """`selfinstruct finetune run=<run folder> finetune=api|trl`: tune a model on the training data of a run."""
    from selfinstruct.finetune_job import FinetuneJob

    return _executed(lambda: FinetuneJob(cfg))


def evaluate(cfg: DictConfig) -> int:
    """`selfinstruct evaluate model=... benchmark=...`: a model's answers, or given predictions, scored and graded."""
    from selfinstruct.evaluate_job import EvaluateJob

    return _executed(lambda: EvaluateJob(cfg))


def rate(cfg: DictConfig) -> int:
    """`selfinstruct rate run=... | predictions=[...]`: serve the raters' page, or write and read their sheets."""
    from selfinstruct.rate_job import rate

    return rate(cfg)


def study(cfg: DictConfig) -> int:
    """`selfinstruct study experiments=...`: a chain of commands that answers a question."""
    from selfinstruct.study_job import study

    return study(cfg)


def ui(cfg: DictConfig) -> int:
    """`selfinstruct ui`: serve the tracking UI until it is interrupted."""
    import subprocess

    from selfinstruct import tracking

    plain = _checked(cfg, {"tracking", "host", "port"})
    options = configs.build_section(tracking.TrackingOptions, plain["tracking"], "tracking")
    if not options.enabled:
        raise InputError("tracking=off: there is nothing to show; leave it out")
    uri = tracking.resolve_uri(options.uri)
    place = tracking.experiment_page(uri, str(options.experiment), options.artifacts)
    command, environment = tracking.ui_command(uri, plain["host"], plain["port"], options.artifacts)
    print(f"http://{plain['host']}:{plain['port']}{place} (Ctrl+C ends it)", flush=True)
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def _executed(make: Callable[[], Job]) -> int:
    """Make a job, claim its folder and execute it; report how it ended to the sweep that it may belong to."""
    folder = ""
    try:
        job = make()
        if job.rehearsal is not None:
            print(outcomes.rehearsal_of_job(job.rehearsal()), flush=True)
            return 0
        folder = str(job.folder)
        with runs.claimed(job.folder):
            code, message = job.execute()
    except SelfInstructError as error:
        code, message = error.exit_code, str(error)
    except Exception as error:
        if outcomes.current_sweep() is None:
            raise
        code, message = outcomes.UNEXPECTED, outcomes.keep_traceback(error)  # it must not end the other arms
    _say(message)
    outcomes.report_outcome(folder, code, message)
    return code


def _checked(cfg: DictConfig, keys: set[str]) -> dict[str, Any]:
    """Return the resolved config of a small verb; keys added with + are refused."""
    plain = configs.resolve(cfg)
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
    "finetune": finetune,
    "evaluate": evaluate,
    "rate": _guarded(rate),
    "study": _guarded(study),
    "export": _guarded(export),
    "seeds": _guarded(seeds),
    "compare": _guarded(compare),
    "ui": _guarded(ui),
}
