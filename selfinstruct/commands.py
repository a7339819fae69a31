"""What each verb does with its composed config. A command returns its exit code and says once what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from selfinstruct import config as configs
from selfinstruct import outcomes, runs
from selfinstruct.errors import InputError, Interrupted, SelfInstructError
from selfinstruct.jsonl import write_text

if TYPE_CHECKING:
    from omegaconf import DictConfig

_UI_ENDS_S = 10


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
        try:
            write_text(target, writers[target.suffix](seed_set))
        except OSError as error:
            raise InputError(f"to={target}: cannot be written ({error.strerror}); choose another place") from error
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
    import os
    import signal
    import subprocess

    from selfinstruct import tracking

    plain = _checked(cfg, {"tracking", "host", "port"})
    options = configs.build_section(tracking.TrackingOptions, plain["tracking"], "tracking")
    if not options.enabled:
        raise InputError("tracking=off: there is nothing to show; leave it out")
    _check_port(plain["host"], plain["port"])
    uri = tracking.resolve_uri(options.uri)
    place = tracking.experiment_page(uri, str(options.experiment), options.artifacts)
    command, environment = tracking.ui_command(uri, plain["host"], plain["port"], options.artifacts)
    print(f"http://{plain['host']}:{plain['port']}{place} (Ctrl+C ends it)", flush=True)
    server = subprocess.Popen(command, env=environment, start_new_session=True)  # MLflow's has children of its own
    try:
        return server.wait()
    except KeyboardInterrupt:
        try:
            os.killpg(server.pid, signal.SIGINT)
            server.wait(timeout=_UI_ENDS_S)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            os.killpg(server.pid, signal.SIGKILL)
        return 0


def _check_port(host: Any, port: Any) -> None:
    """Refuse a port that is none, or where another program listens, before MLflow's server fails at it."""
    import socket

    if type(port) is not int or not 1 <= port <= 65535:
        raise InputError(f"port={port}: not a port; give a number from 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(host), port))
        except OSError as error:
            raise InputError(
                f"host={host} port={port}: {error.strerror}; choose another, for example port=5001"
            ) from error


def _executed(make: Callable[[], Job]) -> int:
    """Execute a job and report how it ended to the sweep that it may belong to.

    Raises:
        KeyboardInterrupt: the job was interrupted, and the runs of its sweep would follow it in this process.
    """
    folders: list[Path] = []
    try:
        code, message = _execute(make, folders)
    except SelfInstructError as error:
        code, message = error.exit_code, str(error)
    except Exception as error:
        if outcomes.current_sweep() is None:
            raise
        code, message = outcomes.UNEXPECTED, outcomes.keep_traceback(error)  # it must not end the other arms
    _say(message)
    if folders or code:  # a rehearsal leaves nothing behind
        outcomes.report_outcome(str(folders[0]) if folders else "", code, message)
    if code == Interrupted.exit_code and outcomes.sweeps_in_this_process():
        raise KeyboardInterrupt  # who asked to stop meant all of them
    return code


def _execute(make: Callable[[], Job], folders: list[Path]) -> tuple[int, str]:
    """Make a job, claim its folder, which is noted, and execute it; or rehearse it. Returns exit code and message."""
    job = make()
    if job.rehearsal is not None:
        print(outcomes.rehearsal_of_job(job.rehearsal()), flush=True)
        return 0, ""
    folders.append(job.folder)
    from selfinstruct.publishing import closing_mirrors

    is_patient = outcomes.current_sweep() is not None  # arms that differ in a limit only are one run: each its turn
    with runs.claimed(job.folder, is_patient) as was_taken, closing_mirrors():
        return (make() if was_taken else job).execute()


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
