"""What an evaluation is declared to be: the composed config goes in, typed values and a plan come out.

read_config(cfg).values.benchmark.shots   ->  0
plan_of(config).benchmark.items[0]        ->  Item(id="user_oriented_task_0", ...)

What can be refused is refused here, before anything is sent or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Lt

from selfinstruct import config as configs
from selfinstruct.compare.evaluated_agreement import read_grades
from selfinstruct.config_texts import as_yaml
from selfinstruct.errors import InputError
from selfinstruct.evaluation import BenchmarkOptions, GradingOptions, read_benchmark, read_predictions
from selfinstruct.evaluation.checking import check_judge, check_prompts
from selfinstruct.evaluation.items import sampled
from selfinstruct.evaluation.manifest import Plan
from selfinstruct.evaluation.tokenizers import check_tokenizer
from selfinstruct.models.askable import check_options
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.store import StoreOptions, check_url
from selfinstruct.tracking import TrackingOptions

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class EvaluateConfig:
    """What `selfinstruct evaluate` is told; see conf/evaluate.yaml."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    predictions: str | tuple[str, ...] | None
    human: str | None
    name: str | None
    run_dir: str | None
    random_seed: int
    study: str | None
    level: Annotated[float, Gt(0.5), Lt(1)]
    resamples: Annotated[int, Ge(200)]
    dry_run: bool
    model: ModelOptions
    benchmark: BenchmarkOptions
    limits: LimitOptions
    store: StoreOptions
    tracking: TrackingOptions
    judge: ModelOptions | None
    grading: GradingOptions


@dataclass(frozen=True)
class Declared:
    """A composed config as typed values, the targets that build "model" and "judge", and its YAML for the folder."""

    values: EvaluateConfig
    targets: Mapping[str, str | None]
    yaml: str


def read_config(cfg: DictConfig) -> Declared:
    """Return a composed config as typed values.

    Raises:
        InputError: missing, unknown or ill-typed keys, values that are fine alone but not together, or a secret.
    """
    plain = configs.resolve(cfg)
    targets = {key: _target(plain, key) for key in ("model", "judge")}
    config = configs.build(EvaluateConfig, plain)
    _check_together(config)
    return Declared(config, targets, as_yaml(cfg))


def plan_of(config: EvaluateConfig) -> Plan:
    """Read what the config names. Raises InputError for what cannot be read, or prompts that cannot be rendered."""
    benchmark = read_benchmark(config.benchmark, config.random_seed)
    given = None
    if config.predictions is None:
        check_prompts(config.benchmark, config.model.mode, benchmark)
    else:
        named = [config.predictions] if isinstance(config.predictions, str) else config.predictions
        given = read_predictions([Path(path) for path in named], benchmark)
    judged = sampled(benchmark.items, config.grading.sample, config.random_seed, "grading")
    sample = config.store.sample
    return Plan(benchmark, config.benchmark, config.model, given, config.judge, config.grading, judged, sample)


def _target(plain: dict[str, Any], key: str) -> str | None:
    """Take the target out of a model's preset. Raises InputError where there is a model without one."""
    options = plain.get(key)
    if not isinstance(options, dict):
        return None
    target = options.pop("_target_", None)
    if not isinstance(target, str):
        raise InputError(f"{key}._target_: missing; choose a preset, for example {key}=offline, or see conf/{key}/")
    return target


def _check_together(config: EvaluateConfig) -> None:
    """Refuse values that are fine alone but not together, and models that cannot be asked."""
    check_tokenizer(config.benchmark.tokenizer)
    check_url(config.store.url)
    if config.predictions is None:
        check_options(config.model, needs_key=not config.dry_run)
    if config.judge is None:
        if config.human is not None:
            raise InputError("human: there is no judge to compare people with; name one, for example judge=openai")
        return
    check_judge(config.judge, config.grading, needs_key=not config.dry_run)
    if config.human is not None:
        read_grades(Path(config.human).expanduser(), tuple(config.grading.grades))  # before anything is paid for
