"""From composed YAML to typed values, and nothing below ever sees YAML again.

`load(cfg)` takes what Hydra composed, refuses unknown keys and values out of range, and returns a `RunConfig` of
plain frozen dataclasses. Defaults live in conf/ only. One real error:

    filters.instruction.max_rouge_l=1.7: should be less than or equal to 1; see conf/filters/ or give another value
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from selfinstruct.errors import InputError
from selfinstruct.filters import InstanceThresholds, InstructionThresholds
from selfinstruct.jsonl import canonical
from selfinstruct.models.gateway import ModelOptions, check_options, identity
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.store import StoreOptions
from selfinstruct.models.structured import prompts_identity, settle
from selfinstruct.prompts import Templates
from selfinstruct.quality.review import ReviewOptions
from selfinstruct.records import SeedSet
from selfinstruct.report.options import ReportOptions
from selfinstruct.secrecy import secret_values
from selfinstruct.seeds import content_sha256, load_seeds
from selfinstruct.stages.export import ExportOptions
from selfinstruct.stages.instructions import GenerationOptions
from selfinstruct.tracking import TrackingOptions

if TYPE_CHECKING:
    from omegaconf import DictConfig

Config = TypeVar("Config")
_FORBID: dict[str, str] = {"extra": "forbid"}
_LONGEST_NAME = 100  # file systems allow 255 bytes, and the identity and temporary names are added to it


@dataclass(frozen=True)
class SeedOptions:
    """A seed set: where it is, what it is called, and the quality level it declares."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    name: str
    quality: str
    path: str


@dataclass(frozen=True)
class Filters:
    """The thresholds for instructions and for instances."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    instruction: InstructionThresholds
    instance: InstanceThresholds


@dataclass(frozen=True)
class RunConfig:
    """Everything `selfinstruct run` is told; `target` is the function that builds the model."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID

    name: str | None
    random_seed: int
    run_dir: str | None
    study: str | None
    dry_run: bool
    model: ModelOptions
    seeds: SeedOptions
    prompts: Templates
    filters: Filters
    generation: GenerationOptions
    limits: LimitOptions
    store: StoreOptions
    tracking: TrackingOptions
    export: ExportOptions
    report: ReportOptions
    judge: ModelOptions | None
    review: ReviewOptions


def data_root() -> Path:
    """Return the folder that holds conf/ and experiments/: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    return package if (package / "conf").is_dir() else package.parent


def register_resolvers() -> None:
    """Make `${shipped:seeds/general.jsonl}` mean that file inside the shipped conf/."""
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("shipped", lambda path: str(data_root() / "conf" / path), replace=True)


@dataclass(frozen=True)
class Composed:
    """A composed config as typed values, the target that builds its model, and its YAML for the run folder."""

    values: RunConfig
    model_target: str
    yaml: str
    judge_target: str | None = None


def load(cfg: DictConfig) -> Composed:
    """Return a composed config as typed values.

    Raises:
        InputError: missing, unknown or ill-typed keys, values out of range, an unresolvable reference, or a secret.
    """
    plain = resolve(cfg)
    refuse_secrets(plain)
    model = plain.get("model")
    target = model.pop("_target_", None) if isinstance(model, dict) else None
    if not isinstance(target, str):
        raise InputError("model._target_: missing; choose a preset, for example model=offline, or see conf/model/")
    judge = plain.get("judge")
    judge_target = judge.pop("_target_", None) if isinstance(judge, dict) else None
    config = build(RunConfig, plain)
    _check_together(config)
    config = replace(config, prompts=settle(config.prompts, config.model.name))
    return Composed(config, target, as_yaml(cfg), judge_target)


def resolve(cfg: DictConfig) -> dict[str, Any]:
    """Return the config as plain values, every reference resolved.

    Raises:
        InputError: a value is missing (`???`) or a reference cannot be resolved; names the key.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    register_resolvers()  # a job of a sweep may be in a process that knows nothing yet
    missing = sorted(OmegaConf.missing_keys(cfg))
    if missing:
        raise InputError("; ".join(f"{key}: no value; give one, {_example_for(key)}" for key in missing))
    try:
        plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "config"
        raise InputError(f"{key}: {str(error).splitlines()[0]}; correct it or set what it refers to") from error
    for key, value in _leaves(plain):
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{key}={value}: not a finite number; give one, or null where null means no limit")
    return json.loads(json.dumps(plain))  # type: ignore[no-any-return]


def _example_for(key: str) -> str:
    examples = {
        "seeds.path": "for example seeds.path=my_seeds.jsonl",
        "model.name": "for example model.name=openai/my-model",
        "judge.name": "for example judge.name=openai/my-model",
        "judge.api_base": "for example judge.api_base=http://127.0.0.1:8000/v1",
        "model.api_base": "for example model.api_base=http://127.0.0.1:8000/v1",
        "run": "for example run=runs/<name>",
    }
    return examples.get(key, f"for example {key}=...")


def build(kind: type[Config], plain: Mapping[str, Any]) -> Config:
    """Return the plain values as a typed dataclass; lists become tuples, nothing else is converted.

    Raises:
        InputError: one line per fault, each naming key, value and remedy.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_json(json.dumps(plain), strict=True)
    except ValidationError as error:
        raise InputError("; ".join(_explain(fault, plain) for fault in error.errors())) from None


def build_section(kind: type[Config], plain: Mapping[str, Any], section: str) -> Config:
    """Return one group of a config as its dataclass; errors name the group. Raises InputError as `build`."""
    try:
        return build(kind, plain)
    except InputError as error:
        raise InputError(f"{section}.{error}") from None


def _explain(fault: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    place = _keys_of(fault["loc"], plain, fault["type"])
    key = ".".join(place)
    if fault["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"{key}: unknown key; {_nearest(place, plain)}"
    if fault["type"] in {"missing", "missing_argument"}:
        return f"{key}: no value; give one, {_example_for(key)}"
    message = str(fault["msg"])
    message = message[0].lower() + message[1:]
    return f"{key}={json.dumps(fault['input'])}: {message}; {_where(place)}"


def _keys_of(path: Sequence[str | int], plain: Mapping[str, Any], fault: str) -> list[str]:
    """Return the keys of a path; Pydantic also puts the branch of a union into it, and people know keys only."""
    keys: list[str] = []
    here: Any = plain
    for part in path:
        if isinstance(here, Mapping) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
        elif fault not in {"missing", "missing_argument"} or part != path[-1]:
            continue
        keys.append(str(part))
    return keys


def _where(place: list[str]) -> str:
    folder = place[0] if place and (data_root() / "conf" / place[0]).is_dir() else None
    return f"see conf/{folder}/ for its presets" if folder else "see `selfinstruct run --help`"


def _nearest(place: list[str], plain: Mapping[str, Any]) -> str:
    import difflib

    parent: Any = plain
    for part in place[:-1]:
        parent = parent[part] if isinstance(parent, Mapping) else {}
    known = [name for name in parent if name != place[-1]] if isinstance(parent, Mapping) else []
    close = difflib.get_close_matches(place[-1], known, n=1)
    return f'did you mean "{".".join([*place[:-1], close[0]])}"?' if close else f"remove it; {_where(place)}"


def _check_together(config: RunConfig) -> None:
    """Refuse values that are fine alone but not together."""
    if config.model.mode == "completion" and config.prompts.style == "chat":
        raise InputError(
            f"prompts={config.prompts.name} is written for chat models, but model.mode=completion; "
            "choose prompts=paper or model.mode=chat"
        )
    low, high = config.filters.instruction.min_words, config.filters.instruction.max_words
    if low is not None and high is not None and low > high:
        raise InputError(f"filters.instruction.min_words={low} is above max_words={high}; nothing could be kept")
    if config.generation.machine_examples + config.generation.seed_examples < 1:
        raise InputError("generation.seed_examples=0 and machine_examples=0: a prompt needs at least one example")
    if config.generation.classification_seeds_only and config.prompts.classification_only is None:
        raise InputError(
            f"generation.classification_seeds_only: prompts={config.prompts.name} has no classification_only template; "
            "choose prompts=paper or prompts=chat"
        )
    if config.prompts.form == "instructions":
        for stage in ("classification", "input_first", "output_first"):
            if getattr(config.prompts, stage) is None:
                raise InputError(
                    f"prompts.{stage}: no template, but prompts.form=instructions has this stage; give one, or choose "
                    "prompts=alpaca"
                )
    check_options(config.model)
    if config.judge is not None:
        _check_judge(config.judge, config.review)


def _check_judge(judge: ModelOptions, review: ReviewOptions) -> None:
    try:
        check_options(judge)
    except InputError as error:
        raise InputError(str(error).replace("model.", "judge.")) from None
    if judge.mode == "completion" and review.style == "chat":
        raise InputError("review.style=chat asks chat models, but judge.mode=completion; set review.style=completion")


def refuse_secrets(plain: Mapping[str, Any]) -> None:
    """Raise InputError when the value of a secret environment variable stands anywhere in the config."""
    secrets = secret_values()
    for key, value in _leaves(plain):
        for name, secret in secrets.items():
            if isinstance(value, str) and secret in value:
                raise InputError(f"{key}: holds the value of {name}; {_instead(key, name)}")


def _instead(key: str, name: str) -> str:
    if key.startswith("model."):
        return f"name the variable instead (model.api_key_env={name})"
    return "leave it out (a PostgreSQL password is read from PGPASSWORD or ~/.pgpass)"


def _leaves(value: Any, key: str = "", lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield every scalar with its dotted key; with `lists`, a list is a leaf too."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name), lists)
    elif isinstance(value, list) and not lists:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{key}[{index}]")
    else:
        yield key, value


def read_seeds(options: SeedOptions) -> SeedSet:
    """Return the seed set that the config names. Raises InputError with every fault of the file."""
    return load_seeds(Path(options.path).expanduser(), options.name, options.quality)


def run_identity(config: RunConfig, seeds: SeedSet) -> str:
    """Return the 12 hexadecimal digits that name everything that determines the dataset, besides the completions."""
    determining = {
        "model": identity(config.model),
        "seeds": content_sha256(seeds),
        "prompts": prompts_identity(config.prompts),
        "filters": asdict(config.filters),
        "generation": asdict(config.generation),
        "random_seed": config.random_seed,
        "sample": config.store.sample,
    }
    return hashlib.sha256(canonical(determining).encode()).hexdigest()[:12]


def run_name(config: RunConfig) -> str:
    """Return the run's name for people: the declared one, or <seeds>-<model>."""
    name = config.name or f"{config.seeds.name}-{config.model.name.rpartition('/')[2]}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:_LONGEST_NAME].strip("-.") or "run"


def run_folder(config: RunConfig, identity: str) -> Path:
    """Return the absolute run folder: run_dir, or runs/<name>-<identity> below the working directory."""
    folder = Path(config.run_dir).expanduser() if config.run_dir else Path("runs") / f"{run_name(config)}-{identity}"
    return folder.absolute()


def as_yaml(cfg: DictConfig) -> str:
    """Return the composed config as YAML, references unresolved, passwords of URLs left out."""
    from omegaconf import OmegaConf

    return without_passwords(OmegaConf.to_yaml(cfg, resolve=False))


def without_passwords(text: str) -> str:
    """Return text with the password of every URL in it replaced by ***, also one that should have been escaped."""
    named = re.sub(r"([?&]\w*(?:password|secret|token|key)\w*=)[^\s&'\"]+", r"\1***", text, flags=re.IGNORECASE)
    return re.sub(r"(://[^\s:/@]*):\S+@", r"\1:***@", named)


def flat_params(config: RunConfig) -> dict[str, Any]:
    """Return the declared values as scalars by dotted key, for a tracker.

    Long texts (templates, examples) stand as their hash, lists as JSON; passwords of URLs are left out.
    """
    plain: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    told = _without(plain, {"tracking", "store", "shots", "schemas", "dry_run", "report", "judge", "review"})
    params = {key: _param(key, value) for key, value in _leaves(told, lists=True)}
    params["prompts.shots"] = _text_hash(canonical(plain["prompts"]["shots"]))
    params["store.sample"] = config.store.sample
    params["judge.name"] = config.judge.name if config.judge else None
    return params


def _param(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    is_template = key.startswith("prompts.") and key.rpartition(".")[2] in {"template", "system"}
    return _text_hash(value) if is_template and value else without_passwords(value)


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def flat(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values by dotted key; lists as they are."""
    params: dict[str, Any] = {}
    for name, value in plain.items():
        params |= (
            {f"{name}.{key}": inner for key, inner in flat(value).items()} if isinstance(value, dict) else {name: value}
        )
    return params


def _without(plain: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {
        name: _without(value, names) if isinstance(value, dict) else value
        for name, value in plain.items()
        if name not in names
    }


def build_model(target: str, options: ModelOptions, limits: LimitOptions, budget: Any) -> Any:
    """Build the model that a preset names: the one place where a `_target_` is called."""
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        builder = instantiate({"_target_": target, "_partial_": True})
    except InstantiationException as error:
        cause = str(error).splitlines()[0]
        raise InputError(f"model._target_={target}: {cause}; use a preset of conf/model/") from error
    return builder(options, limits, budget)
