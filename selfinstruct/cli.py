"""The command line: `selfinstruct <verb> [overrides]`, each verb a Hydra app with its own primary config.

Results go to stdout, progress and messages to stderr. Exit codes are those of errors.py; in a sweep, the highest code
of its runs.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omegaconf import DictConfig

VERBS = {
    "run": "from seed tasks to an instruction dataset (-m sweeps)",
    "refilter": "judge a run's candidates again under other thresholds, with no model call (-m sweeps)",
    "study": "a chain of commands that answers a question: data, tuned models, evaluations, a comparison",
    "export": "write the training files of an existing run again",
    "finetune": "tune a model on a run's training files, by a provider or on this machine",
    "evaluate": "answer a benchmark with a model, or score predictions (-m compares models)",
    "rate": "a local page on which people rate generated data or models' answers",
    "compare": "runs or human ratings side by side: statistics, pictures, a report",
    "seeds": "check a seed file, or convert it between JSONL and Markdown",
    "ui": "open the tracking UI on the configured store",
}

SWEPT = ("run", "refilter", "finetune", "evaluate")

_HELP = """selfinstruct: Self-Instruct experiments, declared in YAML, resumable, tracked.

Usage: selfinstruct <verb> [group=option] [key=value] [-m]

Verbs
{verbs}

Start here
  selfinstruct run                                           a first dataset, offline, no key needed
  selfinstruct run --help                                    groups, options and keys of a verb
  selfinstruct run --cfg job                                 the composed config
  selfinstruct run -m experiments=threshold_sweep            a study: many runs, one parent in the tracker
  selfinstruct study experiments=tune_and_evaluate           a study of several verbs, from data to a tuned model
  selfinstruct run --config-dir my_conf model=mine           your own groups beside the shipped ones
  eval "$(selfinstruct -sc install=bash)"                    tab completion in this shell (also zsh, fish)

Exit codes: 0 done, 2 bad config or input, 3 the provider, the store or the disk failed for good, 4 a cap was reached,
130 interrupted (143 by SIGTERM).
"""


def main() -> None:
    """Run the command line and exit with its code."""
    from selfinstruct.pipes import patient_stdout
    from selfinstruct.stopping import stops_at_sigterm

    with patient_stdout(), stops_at_sigterm():
        _main(sys.argv[1:])


def _main(arguments: list[str]) -> None:
    if arguments and arguments[0] in {"-sc", "--shell-completion"}:
        _complete(arguments)
        return
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(_HELP.format(verbs="\n".join(f"  {verb:10} {text}" for verb, text in VERBS.items())))
        return
    if arguments[0] == "--version":
        from selfinstruct import __version__

        print(f"selfinstruct {__version__}")
        return
    from selfinstruct.stopping import exit_code

    sys.exit(exit_code(_dispatch(arguments[0], arguments[1:])))


def _dispatch(verb: str, arguments: list[str]) -> int:
    from selfinstruct import cli_faults
    from selfinstruct.errors import InputError, Interrupted, SelfInstructError

    try:
        if verb not in VERBS:
            raise InputError(cli_faults.unknown_verb(verb, VERBS))
        _refuse_secrets(arguments)
        cli_faults.refuse(verb, arguments)
        return _run_verb(verb, arguments)
    except SelfInstructError as error:
        print(f"selfinstruct: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("selfinstruct: interrupted; repeat the command to go on", file=sys.stderr)
        return Interrupted.exit_code


def _refuse_secrets(arguments: Sequence[str]) -> None:
    """Refuse a key on the command line before Hydra can write it to a file."""
    from selfinstruct.errors import InputError
    from selfinstruct.secrecy import secret_argument

    fault = secret_argument(arguments)
    if fault:
        raise InputError(fault)


def _run_verb(verb: str, arguments: list[str]) -> int:
    """Hand over to Hydra, with its errors as ours and its exit as a return value."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from selfinstruct import cli_faults, outcomes, sweeps
    from selfinstruct.errors import InputError

    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # raise, so that one clear message can be made of it
    codes: list[int] = []
    if verb not in SWEPT and {"-m", "--multirun"} & set(arguments):
        raise InputError(f"selfinstruct {verb} does one thing at a time; leave out -m")
    if verb == "refilter":
        place = next((i for i, argument in enumerate(arguments) if _is_override(arguments, i)), len(arguments))
        arguments = [*arguments[:place], *_filters_of_run(arguments), *arguments[place:]]
    if {"-m", "--multirun"} & set(arguments):
        rest = [argument for argument in arguments if argument not in {"-m", "--multirun"}]
        arguments = ["-m", *rest, *_sweep_folder(verb, arguments)]  # behind an override, Hydra takes nothing after it
    try:
        _hydra_app(verb, arguments, codes)
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(cli_faults.in_words(verb, arguments, error)) from error
    except YAMLError as error:
        raise InputError(f"{' '.join(str(error).split())}; correct this YAML file") from error
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 2
    finally:
        sweeps.abandon()
    return max([*codes, *outcomes.take_exit_codes()], default=0)


def _is_override(arguments: Sequence[str], place: int) -> bool:
    """True for key=value, not for an option (-m) or the value of one (--config-dir my=folder)."""
    takes_value = {"--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--package", "-p"}
    is_value = place > 0 and arguments[place - 1] in takes_value
    return "=" in arguments[place] and not arguments[place].startswith("-") and not is_value


def _filters_of_run(arguments: Sequence[str]) -> list[str]:
    """Put the filters that a run was made with before the overrides, so that only what is named here changes."""
    chosen = dict(argument.partition("=")[::2] for argument in arguments)
    folder = chosen.get("run")
    if not folder or "filters" in chosen:
        return []
    import json
    from pathlib import Path

    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from selfinstruct.config_texts import flat
    from selfinstruct.errors import InputError

    path = Path(folder).expanduser() / "config.yaml"
    if "," in folder or not path.is_file():
        raise InputError(
            f"run={folder}: no config.yaml there; give one run folder, or several with filters=<preset> named"
        )
    try:
        filters = OmegaConf.to_container(OmegaConf.load(path).filters, resolve=True)
    except (YAMLError, OmegaConfBaseException, OSError, ValueError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"{path}: no config of a run ({said}); give another run, or name filters=<preset>") from error
    return [f"{key}={json.dumps(value)}" for key, value in flat({"filters": filters}).items()]


def _hydra_app(verb: str, arguments: list[str], codes: list[int]) -> None:
    import hydra

    from selfinstruct import commands
    from selfinstruct.launchers import offer, register
    from selfinstruct.shipped import data_root, register_resolvers

    register_resolvers()
    offer()
    if {"-m", "--multirun"} & set(arguments):
        register()
    sys.argv = [sys.argv[0], *arguments]
    app = hydra.main(version_base="1.3", config_path=str(data_root() / "conf"), config_name=verb)
    task = commands.TASKS[verb]
    app(_remembering(task, codes) if not {"-m", "--multirun"} & set(arguments) else task)()


def _remembering(task: Callable[[DictConfig], int], codes: list[int]) -> Callable[[DictConfig], int]:
    """A single run's code comes back through this list, since Hydra's entry point returns nothing."""

    def remember(cfg: DictConfig) -> int:
        codes.append(task(cfg))
        return codes[-1]

    remember.__module__ = task.__module__
    remember.__wrapped__ = task  # type: ignore[attr-defined]
    return remember


def _sweep_folder(verb: str, arguments: Sequence[str]) -> list[str]:
    """Name the sweep's folder after what is swept, so that a repeated command finds its sweep again.

    Limits, launchers, and where answers and runs are kept do not count: with a higher cap the same sweep goes on.
    """
    if any(argument.startswith("hydra.sweep.dir=") for argument in arguments):
        return []
    aside = re.compile(r"[+]*(limits|tracking|store[.]url|hydra[/.]launcher|dry_run)[.=]")
    options = [argument for argument in arguments if not argument.startswith("-") and not aside.match(argument)]
    digest = hashlib.sha256("\n".join([verb, *sorted(options)]).encode()).hexdigest()[:12]
    study = next((o.partition("=")[2] for o in options if o.lstrip("+").startswith("experiments=")), verb)
    return [f"hydra.sweep.dir=runs/sweeps/{study}-{digest}"]


def _complete(arguments: list[str]) -> None:
    """Tab completion: Hydra completes groups and keys of a verb, we complete the verb."""
    line = os.environ.get("COMP_LINE", "")
    words = line.split()
    if any("query=" in argument for argument in arguments):
        if len(words) < 2 or (len(words) == 2 and not line.endswith(" ")):
            print(" ".join(VERBS))
            return
        verb = words[1] if words[1] in VERBS else "run"
        os.environ["COMP_LINE"] = words[0] + line[line.index(words[1]) + len(words[1]) :]
    else:
        verb = "run"
    _hydra_app(verb, arguments, [])


if __name__ == "__main__":
    main()
