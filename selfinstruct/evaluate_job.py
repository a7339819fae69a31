"""One evaluation, from its config to its closed folder: refuse, answer, score, grade, report.

    selfinstruct evaluate model=openai benchmark=superni benchmark.path=natural-instructions judge=openai
    -> runs/superni-gpt-4.1-mini-<identity>/   predictions.jsonl   scores.jsonl   grades.jsonl   report/ ...

Whatever stops it, answers and grades that were paid for are in the completion store: the same command goes on from
there. An evaluation that is done is not asked again; its report is written anew.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from annotated_types import Ge, Gt, Lt

from selfinstruct import config as configs
from selfinstruct import jsonl, outcomes, runs
from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_report import Written, write_evaluation
from selfinstruct.config_texts import as_yaml, flat
from selfinstruct.errors import InputError, SelfInstructError
from selfinstruct.evaluation import (
    Answers,
    BenchmarkOptions,
    GradingOptions,
    files,
    read_benchmark,
    read_predictions,
)
from selfinstruct.evaluation.answering import Answered, answer_items, count_answers
from selfinstruct.evaluation.asking import teller
from selfinstruct.evaluation.checking import check_judge, check_prompts
from selfinstruct.evaluation.costing import answers_forecast, judging_forecast, stand_ins
from selfinstruct.evaluation.items import sampled
from selfinstruct.evaluation.judging import Judged, judge_answers, questions_about
from selfinstruct.evaluation.manifest import Plan, evaluation_identity, first_manifest, folder_name, params_of, tags_of
from selfinstruct.evaluation.predictions import PREDICTIONS
from selfinstruct.evaluation.rendering import render_item
from selfinstruct.evaluation.tokenizers import check_tokenizer
from selfinstruct.evaluation.usage import cost_of
from selfinstruct.models.gateway import ModelOptions, check_options
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.store import StoreOptions, check_url, open_store
from selfinstruct.models.stored import StoredModel
from selfinstruct.paying import Payer, paying_model
from selfinstruct.publishing import Mirror, check_mirror, open_mirror
from selfinstruct.summary import dollars, near
from selfinstruct.tracking import TrackingOptions

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from selfinstruct.forecast import Forecast

Found = TypeVar("Found", Answered, Judged)


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


class EvaluateJob:
    """One evaluation from its config to its closed folder. What can be refused is refused in the constructor."""

    def __init__(self, cfg: DictConfig) -> None:
        plain = configs.resolve(cfg)
        self._yaml = as_yaml(cfg)
        self._targets = {key: _target(plain, key) for key in ("model", "judge")}
        self._config = config = configs.build(EvaluateConfig, plain)
        _check_together(config)
        self._plan = plan = _plan(config)
        self._identity = evaluation_identity(plan)
        self._name = config.name or f"{config.benchmark.name}-{plan.short_name}"
        default = Path("runs") / f"{folder_name(self._name)}-{self._identity}"
        self.folder = (Path(config.run_dir).expanduser() if config.run_dir else default).absolute()
        self._manifest = runs.earlier_manifest(self.folder, self._identity)
        if not config.dry_run:
            check_mirror(config.tracking)

    @property
    def rehearsal(self) -> Callable[[], str] | None:
        """What says what would be asked, with dry_run=true."""
        return self._rehearse if self._config.dry_run else None

    def execute(self) -> tuple[int, str]:
        """Answer, score and grade what is missing, then report. Returns exit code and message."""
        mirror = self._open_mirror()
        error = None if self._is_done() else self._evaluate()
        if error is not None:
            self._close(mirror, {})
            return error.exit_code, str(error)
        written = self._report()
        self._manifest["scores"] = dict(written.metrics)
        self._close(mirror, dict(written.metrics))
        print(self._line() if outcomes.current_overrides() else self._summary(written, mirror), flush=True)
        return 0, ""

    def _evaluate(self) -> SelfInstructError | None:
        """Write predictions, scores and grades into the folder; return what stopped it, if anything did."""
        config = self._config
        started = self._manifest.get("started")
        self._manifest = first_manifest(self._plan, self._name, config.random_seed, config.study, started)
        for name in (PREDICTIONS, files.SCORES, files.GRADES, files.PAIRS):
            (self.folder / name).unlink(missing_ok=True)
        runs.write_manifest(self.folder, self._manifest)
        jsonl.write_text(self.folder / runs.CONFIG, self._yaml)
        answers, error = self._answers()
        self._keep(answers, is_whole=error is None)
        if error is None and config.judge is not None:
            error = self._judge(answers, config.judge)
        self._manifest |= {
            "status": runs.STOPPED if error else runs.DONE,
            "reason": str(error) if error else "",
            "exit_code": error.exit_code if error else 0,
            "cost_usd": cost_of(self._manifest["usage"]),
            "ended": runs.now(),
        }
        return error

    def _answers(self) -> tuple[Sequence[Answers], SelfInstructError | None]:
        """Return the answers of every arm, and what stopped the model, if it was; then some are missing."""
        plan = self._plan
        if plan.given is not None:
            return plan.given, None
        items, told = plan.benchmark.items, teller(self._name, "answers", len(plan.benchmark.items))

        def ask(model: StoredModel) -> Coroutine[Any, Any, Answered]:
            return answer_items(model, plan.options, plan.model.mode, items, plan.short_name, told)

        found = self._asked("model", plan.model, ask)
        if isinstance(found, SelfInstructError):
            return (), found
        self._manifest["usage"]["answers"] = dict(found.usage)
        return (found.answers,), found.error

    def _keep(self, arms: Sequence[Answers], is_whole: bool) -> None:
        """Write predictions and, where all are in, their scores."""
        items, options = self._plan.benchmark.items, self._plan.options
        files.write_predictions(self.folder, arms, items)
        self._manifest["arms"] = [arm.name for arm in arms]
        self._manifest["counts"]["arms"] = {arm.name: count_answers(arm, items) for arm in arms}
        if is_whole:
            files.write_scores(self.folder, arms, items, options)

    def _judge(self, arms: Sequence[Answers], judge: ModelOptions) -> SelfInstructError | None:
        """Have answers graded and compared; return what stopped the judge, if anything did."""
        plan = self._plan
        told = teller(self._name, "judgements", len(questions_about(plan.grading, plan.judged, arms)))

        def ask(model: StoredModel) -> Coroutine[Any, Any, Judged]:
            return judge_answers(model, plan.grading, plan.judged, arms, told)

        found = self._asked("judge", judge, ask)
        if isinstance(found, SelfInstructError):
            return found
        files.write_judged(self.folder, found)
        self._manifest["usage"] |= {stage: dict(usage) for stage, usage in found.usage.items()}
        self._manifest["counts"] |= found.counts()
        return found.error

    def _asked(
        self, key: str, options: ModelOptions, ask: Callable[[StoredModel], Coroutine[Any, Any, Found]]
    ) -> Found | SelfInstructError:
        """Return what asking a model brought, or what kept it from being asked; count what was sent."""
        payer = Payer(self._identity, self._config.store, self._config.limits)
        store = open_store(payer.store.url)

        async def asked() -> Found:
            async with paying_model(str(self._targets[key]), options, store, payer) as (model, _):
                found = await ask(model)
            self._manifest["sent"] += model.sent
            self._manifest["from_store"] += model.from_store
            return found

        try:
            return asyncio.run(asked())
        except SelfInstructError as error:
            return error
        finally:
            store.close()

    def _report(self) -> Written:
        config = self._config
        human = Path(config.human).expanduser() if config.human else None
        options = Options(level=config.level, resamples=config.resamples, random_seed=config.random_seed)
        return write_evaluation(self.folder, self._manifest, options, human)

    def _is_done(self) -> bool:
        """Whether everything was answered before; then the folder is what counts, and not the store."""
        names = [PREDICTIONS, files.SCORES, *([files.GRADES] if self._plan.judge else [])]
        return self._manifest.get("status") == runs.DONE and all((self.folder / name).is_file() for name in names)

    def _rehearse(self) -> str:
        """Return the first prompts, and what would be asked and cost, of the model and of the judge."""
        plan = self._plan
        asked: list[tuple[ModelOptions, Forecast]] = []
        if plan.given is None:
            items = plan.benchmark.items
            requests = [render_item(plan.options, plan.model.mode, item) for item in items]
            asked.append((plan.model, _forecast(plan.model, partial(answers_forecast, requests, items))))
        if plan.judge is not None:
            answers = stand_ins(plan.benchmark.items) if plan.given is None else plan.given
            requests = questions_about(plan.grading, plan.judged, answers)
            asked.append((plan.judge, _forecast(plan.judge, partial(judging_forecast, requests))))
        outcomes.add_rehearsed([_rehearsed([found for _, found in asked])])
        return self._described(asked)

    def _described(self, asked: Sequence[tuple[ModelOptions, Forecast]]) -> str:
        from selfinstruct.dry_run import describe_dry_run

        given = self._plan.given
        first = (
            []
            if given is None
            else [f"{self._name}: {len(given)} sets of predictions are scored as they are, and no model is asked."]
        )
        limits = self._config.limits
        return "\n\n".join(
            [
                *first,
                *(describe_dry_run(f"{self._name}: {model.name}", model.name, one, limits) for model, one in asked),
            ]
        )

    def _open_mirror(self) -> Mirror:
        config = self._config
        params = flat(params_of(self._plan)) | {"random_seed": config.random_seed}
        tags = {"selfinstruct.study": config.study or "", "selfinstruct.run_dir": str(self.folder)}
        return open_mirror(config.tracking, self._name, self._identity, params, tags_of(self._plan) | tags)

    def _close(self, mirror: Mirror, metrics: dict[str, float]) -> None:
        """Write the manifest and mirror the folder. A tracker that fails now costs nothing but the mirror."""
        runs.write_manifest(self.folder, self._manifest)
        if mirror.run_id is None:
            return
        from selfinstruct import tracking

        try:
            tracking.finish_run(tracking.resolve_uri(mirror.options.uri), mirror.run_id, self.folder, metrics, {})
        except tracking.TrackingError as error:
            print(f"selfinstruct: tracking failed ({error}); repeat the command to mirror it again", file=sys.stderr)

    def _summary(self, written: Written, mirror: Mirror) -> str:
        manifest = self._manifest
        cost = "price not known" if manifest["cost_usd"] is None else dollars(manifest["cost_usd"])
        lines = [written.comparison.summary, "", *written.notes]
        lines.append(f"requests {manifest['sent']:,} sent, {manifest['from_store']:,} from the store; {cost}")
        lines += [f"answers  {near(self.folder / PREDICTIONS)}", f"report   {near(written.comparison.files[0])}"]
        return "\n".join([*lines, *(["look     selfinstruct ui"] if mirror.run_id else [])])

    def _line(self) -> str:
        scores = self._manifest["scores"]
        names = ("rouge_l", "exact_match", "grade.acceptable")
        shown = [f"{name} {scores[key]:g}" for name in names if (key := f"evaluation.{name}") in scores]
        items = f"{self._manifest['counts']['items']:,} items"
        return f"{near(self.folder)}: {', '.join([self._manifest['status'], items, *shown])}"


def _plan(config: EvaluateConfig) -> Plan:
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


def _forecast(model: ModelOptions, make: Callable[..., Forecast]) -> Forecast:
    from selfinstruct.models.prices import count_tokens, known_prices

    prices = known_prices(model.name, model.input_cost_per_token, model.output_cost_per_token)
    return make(partial(count_tokens, model.name), prices)


def _rehearsed(found: Sequence[Forecast]) -> outcomes.Rehearsed:
    """Return what one evaluation would ask of all its models; no cost where the price of one is not known."""
    from selfinstruct.forecast import Range

    requests, cost_usd, nothing = Range(0, 0, 0), Range(0, 0, 0), False
    for one in found:
        requests = requests.plus(one.requests)
        nothing = nothing or one.cost_usd is None
        cost_usd = cost_usd.plus(one.cost_usd or Range(0, 0, 0))
    return outcomes.Rehearsed(requests, None if nothing else cost_usd)


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
