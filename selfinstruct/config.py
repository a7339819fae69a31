"""From composed YAML to typed values, and nothing below ever sees YAML again.

`load(cfg)` takes what Hydra composed, refuses unknown keys and values out of range, and returns a `RunConfig` of
plain frozen dataclasses. Defaults live in conf/ only. One real error:

    filters.instruction.max_rouge_l=1.7: should be less than or equal to 1; see conf/filters/ or give another value
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from selfinstruct.config_faults import example_for, explain
from selfinstruct.config_texts import as_yaml, leaves, refuse_secrets
from selfinstruct.errors import InputError
from selfinstruct.filters import InstanceThresholds, InstructionThresholds
from selfinstruct.models.askable import check_options
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.local_options import is_local
from selfinstruct.models.store import StoreOptions
from selfinstruct.models.structured import settle
from selfinstruct.prompts import Templates
from selfinstruct.quality.review import ReviewOptions
from selfinstruct.records import SeedSet
from selfinstruct.report.options import ReportOptions
from selfinstruct.seeds import load_seeds
from selfinstruct.shipped import register_resolvers
from selfinstruct.stages.export import ExportOptions
from selfinstruct.stages.instructions import GenerationOptions
from selfinstruct.tracking import TrackingOptions

if TYPE_CHECKING:
    from omegaconf import DictConfig

Config = TypeVar("Config")
_FORBID: dict[str, str] = {"extra": "forbid"}


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
    model = plain.get("model")
    target = model.pop("_target_", None) if isinstance(model, dict) else None
    if not isinstance(target, str):
        raise InputError("model._target_: missing; choose a preset, for example model=offline, or see conf/model/")
    judge = plain.get("judge")
    judge_target = judge.pop("_target_", None) if isinstance(judge, dict) else None
    config = build(RunConfig, plain)
    _check_together(config)
    served_as = "" if is_local(config.model.options) else config.model.name  # nobody serves a model in this process
    config = replace(config, prompts=settle(config.prompts, served_as))
    return Composed(config, target, as_yaml(cfg), judge_target)


def resolve(cfg: DictConfig) -> dict[str, Any]:
    """Return the config as plain values, every reference resolved.

    Raises:
        InputError: a value is missing (`???`), is a secret, or refers to what cannot be resolved; names the key.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    register_resolvers()  # a job of a sweep may be in a process that knows nothing yet
    missing = sorted(key for key, value in leaves(OmegaConf.to_container(cfg, resolve=False)) if value == "???")
    if missing:
        raise InputError("; ".join(f"{key}: no value; give one, {example_for(key)}" for key in missing))
    try:
        plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "config"
        raise InputError(f"{key}: {str(error).splitlines()[0]}; correct it or set what it refers to") from error
    for key, value in leaves(plain):
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{key}={value}: not a finite number; give one, or null where null means no limit")
    values: dict[str, Any] = json.loads(json.dumps(plain))
    refuse_secrets(values)
    return values


def check_overrides(place: str, verb: str, overrides: Sequence[str]) -> None:
    """Compose a verb's config with overrides, within a Hydra app that runs already, to see that their keys exist.

    A run's values are checked as well; those of other verbs depend on folders that may not be there yet.

    Raises:
        InputError: an override that this verb does not take; begins with `place`.
    """
    from hydra import compose
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        composed = compose(verb, list(overrides))
        if verb == "run":
            load(composed)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    except (HydraException, OmegaConfBaseException) as error:
        said = "; ".join(line.strip() for line in str(error).splitlines()[:2])
        raise InputError(f"{place}: {said}; correct it, or see `selfinstruct {verb} --help`") from error


def build(kind: type[Config], plain: Mapping[str, Any]) -> Config:
    """Return the plain values as a typed dataclass; lists become tuples, nothing else is converted.

    Raises:
        InputError: one line per fault, each naming key, value and remedy.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_json(json.dumps(plain), strict=True)
    except ValidationError as error:
        raise InputError("; ".join(explain(fault, plain) for fault in error.errors())) from None


def build_section(kind: type[Config], plain: Mapping[str, Any], section: str) -> Config:
    """Return one group of a config as its dataclass; errors name the group. Raises InputError as `build`."""
    try:
        return build(kind, plain)
    except InputError as error:
        raise InputError(f"{section}.{error}") from None


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
    check_options(config.model, needs_key=not config.dry_run)
    if config.judge is not None:
        _check_judge(config.judge, config.review, needs_key=not config.dry_run)


def _check_judge(judge: ModelOptions, review: ReviewOptions, needs_key: bool) -> None:
    try:
        check_options(judge, needs_key)
    except InputError as error:
        raise InputError(str(error).replace("model.", "judge.")) from None
    if judge.mode == "completion" and review.style == "chat":
        raise InputError("review.style=chat asks chat models, but judge.mode=completion; set review.style=completion")


def read_seeds(options: SeedOptions) -> SeedSet:
    """Return the seed set that the config names. Raises InputError with every fault of the file."""
    return load_seeds(Path(options.path).expanduser(), options.name, options.quality)


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
