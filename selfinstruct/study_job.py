"""`selfinstruct study`: the steps of a study, one command of this program after the other.

    steps:
      data:   {verb: run,      overrides: [generation.target=500]}
      tuned:  {verb: finetune, overrides: ["run=${folder:data}", finetune=trl, model=transformers, model.name=my/base]}
      scores: {verb: evaluate, overrides: ["${tuned:tuned}", benchmark=user_tasks, benchmark.path=tasks.jsonl]}

`${folder:<step>}` is the folder that a step writes, `${tuned:<step>}` the overrides that choose the model it tuned. A
step whose own steps failed is left out, the others go on; the repeated command does only what is missing, since every
step finds what it has done before. Each step is a process of its own, below one parent in the tracker.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from annotated_types import MinLen

from selfinstruct import config as configs
from selfinstruct import outcomes, runs
from selfinstruct.config_texts import without_passwords
from selfinstruct.errors import InputError, Interrupted
from selfinstruct.jsonl import canonical, write_text
from selfinstruct.stopping import passed_on
from selfinstruct.study_parent import close_parent, open_parent
from selfinstruct.summary import near
from selfinstruct.tracking import TrackingOptions

if TYPE_CHECKING:
    from omegaconf import DictConfig

STUDY = "study.json"
_FORBID: dict[str, str] = {"extra": "forbid"}
_REFERENCE = re.compile(r"\$\{(folder|tuned):([\w-]+)\}")
_NAME = re.compile(r"[\w-]+")
_FOLDER_KEY = {"compare": "out"}
_NAMED = ("run", "refilter", "finetune", "evaluate")
_ASIDE = re.compile(
    r"[+]*(limits|tracking|store[.]url)[.=]"
)  # these decide no result, so another one is the same study
_LEFT_OUT = -1
Verb = Literal["run", "refilter", "finetune", "evaluate", "compare"]


@dataclass(frozen=True)
class Step:
    """One command: its verb, and its overrides as they would be typed."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    verb: Verb
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class StudyConfig:
    """What `selfinstruct study` is told.

    everywhere, also: overrides for every step of a verb, as the study declares them and as its user adds to them.
    What is said last counts: everywhere, then the step's own, then also.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    study: Annotated[str, MinLen(1)]
    study_dir: str | None
    settings: Mapping[str, str | int | float | bool | None]
    everywhere: Mapping[Verb, tuple[str, ...]]
    also: Mapping[Verb, str]
    steps: Annotated[Mapping[str, Step], MinLen(1)]
    tracking: TrackingOptions
    dry_run: bool


class Study:
    """The steps of one study, checked before the first of them runs."""

    def __init__(self, cfg: DictConfig) -> None:
        from omegaconf import OmegaConf

        for kind in ("folder", "tuned"):  # left as they are: what they stand for is known when the step's turn comes
            OmegaConf.register_new_resolver(kind, lambda step, kind=kind: f"${{{kind}:{step}}}", replace=True)
        plain = configs.resolve(cfg)
        self.config = configs.build(StudyConfig, plain)
        self._uses = {name: self._references(name, step) for name, step in self.config.steps.items()}
        self.folder = self._place()
        for name, step in self.config.steps.items():
            self._refuse_places(name, step)
        for name, (verb, *overrides) in self.commands().items():
            known = [one for one in overrides if "${" not in one]
            if self.config.dry_run and verb == "run":
                known.append("dry_run=true")  # which needs no key
            configs.check_overrides(f"steps.{name}", verb, known)

    def commands(self) -> dict[str, list[str]]:
        """Return the command of each step, in order; a model that is not tuned yet stands as its reference."""
        return {name: [step.verb, *self._overrides(name)] for name, step in self.config.steps.items()}

    def execute(self, parent_id: str | None, codes: dict[str, int]) -> None:
        """Run the steps in order and note their exit codes; -1: left out, since a step that it uses failed.

        Raises:
            Interrupted: the user asked to stop; the code of the step that ran then is noted.
        """
        environment = {**os.environ, **({outcomes.PARENT_VARIABLE: parent_id} if parent_id else {})}
        for number, (name, step) in enumerate(self.config.steps.items(), 1):
            failed = [used for used in self._uses[name] if codes[used] != 0]
            head = f"[{number}/{len(self.config.steps)}] {name}: selfinstruct {step.verb}"
            if failed:
                print(f"\n{head} left out, since {', '.join(failed)} did not end well", flush=True)
                codes[name] = _LEFT_OUT
                continue
            print(f"\n{head}", flush=True)
            codes[name], is_interrupted = _run([step.verb, *self._overrides(name)], environment)
            if is_interrupted:
                raise Interrupted("interrupted; repeat the command to go on")

    def is_whole(self, codes: Mapping[str, int]) -> bool:
        """Return whether every step ended well."""
        return all(codes.get(name) == 0 for name in self.config.steps)

    def write_down(self, codes: Mapping[str, int]) -> None:
        """Write study.json: the command of each step, and how it ended."""
        write_text(self.folder / STUDY, json.dumps(self._record(codes), indent=2, ensure_ascii=False) + "\n")

    def _record(self, codes: Mapping[str, int]) -> dict[str, Any]:
        steps = {
            name: {"command": without_passwords(shlex.join(command)), "exit_code": codes.get(name)}
            for name, command in self.commands().items()
        }
        return {"study": self.config.study, "steps": steps}

    def _references(self, name: str, step: Step) -> list[str]:
        """Return the steps that a step uses. Raises InputError for one that cannot be used there."""
        earlier = list(self.config.steps)[: list(self.config.steps).index(name)]
        used: list[str] = []
        for text in self._declared(step):
            for found in _REFERENCE.finditer(text):
                self._check_reference(name, found, earlier)
                used.append(found[2])
        return list(dict.fromkeys(used))

    def _check_reference(self, name: str, found: re.Match[str], earlier: Sequence[str]) -> None:
        reference, kind, one = found[0], found[1], found[2]
        if one not in earlier:
            is_there = "comes after it" if one in self.config.steps else "is not there"
            where = "is itself" if one == name else is_there
            raise InputError(f"steps.{name}: uses the step {one}, which {where}; name one that comes before it")
        if kind != "tuned":
            return
        verb = self.config.steps[one].verb
        if verb != "finetune":
            raise InputError(f"steps.{name}: {reference}: the step {one} is a {verb}, and only finetune tunes a model")
        if reference != found.string:
            raise InputError(f"steps.{name}: {found.string}: {reference} stands for overrides; let it stand alone")

    def _place(self) -> Path:
        if self.config.study_dir:
            return Path(self.config.study_dir).expanduser().absolute()
        said = {
            name: [step.verb, *(one for one in self._declared(step) if not _ASIDE.match(one))]
            for name, step in self.config.steps.items()
        }
        digest = hashlib.sha256(canonical(said).encode()).hexdigest()[:12]
        return (Path("runs") / "studies" / f"{self.config.study}-{digest}").absolute()

    def _declared(self, step: Step) -> list[str]:
        """What is said last counts."""
        also = shlex.split(self.config.also.get(step.verb, ""))
        return [*self.config.everywhere.get(step.verb, ()), *step.overrides, *also]

    def _refuse_places(self, name: str, step: Step) -> None:
        """Refuse what would put a step's folder where `${folder:<step>}` does not look for it."""
        if not _NAME.fullmatch(name):
            raise InputError(f"steps.{name}: a step is named by letters, digits, - and _, since its folder is, too")
        key = _FOLDER_KEY.get(step.verb, "run_dir")
        for text in self._declared(step):
            if text.lstrip("+").startswith(f"{key}="):
                raise InputError(f"steps.{name}: {text}: a step writes to the study's folder; leave {key} out")

    def _overrides(self, name: str) -> list[str]:
        step = self.config.steps[name]
        own = [f"{_FOLDER_KEY.get(step.verb, 'run_dir')}={_quoted(self._folder_of(name))}"]
        if step.verb in _NAMED:
            own += [f"name={name}", f"study={self.config.study}"]
            own += _tracked(self.config.tracking)
        return [*own, *(word for text in self._declared(step) for word in self._filled(text))]

    def _filled(self, text: str) -> list[str]:
        """Return an override with what its references stand for; a tuned model is several overrides."""
        whole = _REFERENCE.fullmatch(text)
        if whole and whole[1] == "tuned":
            return self._usable_as(whole[2]) or [text]
        return [_REFERENCE.sub(lambda found: self._folder_of(found[2]), text)]

    def _folder_of(self, step: str) -> str:
        return near(self.folder / step)

    def _usable_as(self, step: str) -> list[str]:
        if not (self.folder / step / runs.MANIFEST).is_file():
            return []
        usable_as = runs.read_manifest(self.folder / step).get("usable_as")
        return shlex.split(str(usable_as)) if usable_as else []


def study(cfg: DictConfig) -> int:
    """Run a study from its config. Returns the highest exit code of its steps; 130 when it was interrupted."""
    one = Study(cfg)
    if one.config.dry_run:
        for name, command in one.commands().items():
            print(f"{name}: selfinstruct {shlex.join(command)}")
        return 0
    codes: dict[str, int] = {}
    is_interrupted = False
    with runs.claimed(one.folder):
        parent_id = open_parent(one.config.tracking, one.config.study, one.folder.name)
        try:
            one.execute(parent_id, codes)
        except (Interrupted, KeyboardInterrupt):
            is_interrupted = not one.is_whole(codes)
        finally:
            try:
                one.write_down(codes)
            finally:
                failed = [name for name in one.config.steps if codes.get(name) != 0]
                files = [one.folder / STUDY, *_comparisons(one)]
                close_parent(one.config.tracking, parent_id, len(one.config.steps), len(failed), files)
    print(f"\n{_told(one, codes)}", flush=True)
    if is_interrupted:
        print("selfinstruct: interrupted; repeat the command to go on", file=sys.stderr, flush=True)
    return Interrupted.exit_code if is_interrupted else max(codes.values())


class _Ended(NamedTuple):
    """How a step ended, and whether the user asked to stop meanwhile, whatever the step made of it."""

    code: int
    is_interrupted: bool


def _run(command: list[str], environment: Mapping[str, str]) -> _Ended:
    """Run a step to its end; an interrupt reaches it as well, so it is waited for. Killed otherwise, it has failed."""
    with _interrupts_noted() as came:
        process = subprocess.Popen([sys.executable, "-m", "selfinstruct.cli", *command], env=dict(environment))
        with passed_on(process.terminate):
            while True:
                try:
                    code = process.wait()
                    break
                except KeyboardInterrupt:  # by SIGTERM, where Ctrl+C is ignored
                    came.append(signal.SIGINT)
    if code in (-signal.SIGINT, Interrupted.exit_code):
        return _Ended(Interrupted.exit_code, True)
    return _Ended(code if code >= 0 else outcomes.UNEXPECTED, bool(came))


@contextlib.contextmanager
def _interrupts_noted() -> Iterator[list[int]]:
    """Within this block Ctrl+C is noted; raised while a process is waited for, it can lose how the process ended."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield came
        return
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


def _told(one: Study, codes: Mapping[str, int]) -> str:
    words = {0: "done", _LEFT_OUT: "left out", None: "not begun"}
    lines = [
        f"{name:16} {words.get(codes.get(name), f'exit code {codes.get(name)}'):14} {near(one.folder / name)}"
        for name in one.config.steps
    ]
    advice = [] if one.is_whole(codes) else ["repeat the command to do what is missing; what is done is not done again"]
    return "\n".join([*lines, *advice])


def _tracked(options: TrackingOptions) -> list[str]:
    """A step is tracked where its parent is."""
    if not options.enabled:
        return ["tracking=off"]
    return [f"tracking.{key}={_quoted(value)}" for key, value in asdict(options).items() if key != "enabled"]


def _quoted(value: str | None) -> str:
    return json.dumps(value)


def _comparisons(one: Study) -> list[Path]:
    folders = [one.folder / name for name, step in one.config.steps.items() if step.verb == "compare"]
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file()]
