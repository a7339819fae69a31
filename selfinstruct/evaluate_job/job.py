"""One evaluation at work: answer, score, grade, report.

Whatever stops it, answers and grades that were paid for are in the completion store: the same command goes on from
there. An evaluation that is done is not asked again; its report is written anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from selfinstruct import jsonl, outcomes, runs
from selfinstruct.compare.comparison import Options
from selfinstruct.compare.evaluated_report import Written, write_evaluation
from selfinstruct.config_texts import flat
from selfinstruct.errors import SelfInstructError
from selfinstruct.evaluate_job import told
from selfinstruct.evaluate_job.asking import Asked, Found, ask
from selfinstruct.evaluate_job.declared import plan_of, read_config
from selfinstruct.evaluate_job.rehearsal import rehearse
from selfinstruct.evaluation import Answers, files
from selfinstruct.evaluation.answering import answer_items, count_answers
from selfinstruct.evaluation.asking import teller
from selfinstruct.evaluation.judging import judge_answers, questions_about
from selfinstruct.evaluation.manifest import evaluation_identity, first_manifest, folder_name, params_of, tags_of
from selfinstruct.evaluation.predictions import PREDICTIONS
from selfinstruct.evaluation.usage import cost_of
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.paying import Payer
from selfinstruct.publishing import Mirror, check_mirror, open_mirror

if TYPE_CHECKING:
    from omegaconf import DictConfig


class EvaluateJob:
    """One evaluation from its config to its closed folder. What can be refused is refused in the constructor."""

    def __init__(self, cfg: DictConfig) -> None:
        self._declared = read_config(cfg)
        self._config = config = self._declared.values
        self._plan = plan = plan_of(config)
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

    def _rehearse(self) -> str:
        found = rehearse(self._plan, self._name, self._config.limits)
        outcomes.add_rehearsed([found.figures])
        return found.text

    def execute(self) -> tuple[int, str]:
        """Answer, score and grade what is missing, then report. Returns exit code and message."""
        mirror = self._open_mirror()
        error = None if self._is_done() else self._evaluate()
        if error is not None:
            self._close(mirror, {})
            return error.exit_code, str(error)
        runs.write_manifest(self.folder, self._manifest)  # whatever becomes of the report, the answers are all there
        written = self._report()
        self._manifest["scores"] = dict(written.metrics)
        self._close(mirror, dict(written.metrics))
        if outcomes.current_overrides():
            print(told.line(self.folder, self._manifest), flush=True)
        else:
            print(told.summary(self.folder, self._manifest, written, mirror.run_id is not None), flush=True)
        return 0, ""

    def _is_done(self) -> bool:
        """Whether everything was answered before; then the folder is what counts, and not the store."""
        names = [PREDICTIONS, files.SCORES, *([files.GRADES] if self._plan.judge else [])]
        return self._manifest.get("status") == runs.DONE and all((self.folder / name).is_file() for name in names)

    def _evaluate(self) -> SelfInstructError | None:
        """Write predictions, scores and grades into the folder; return what stopped it, if anything did."""
        self._begin()
        answers, error = self._answers()
        self._keep(answers, is_whole=error is None)
        if error is None and self._config.judge is not None:
            error = self._judge(answers, self._config.judge)
        self._manifest |= {
            "status": runs.STOPPED if error else runs.DONE,
            "reason": str(error) if error else "",
            "exit_code": error.exit_code if error else 0,
            "cost_usd": cost_of(self._manifest["usage"]),
            "ended": runs.now(),
        }
        return error

    def _begin(self) -> None:
        """Leave nothing in the folder that an earlier attempt brought, and say that this one is at work."""
        config, started = self._config, self._manifest.get("started")
        self._manifest = first_manifest(self._plan, self._name, config.random_seed, config.study, started)
        for name in (PREDICTIONS, files.SCORES, files.GRADES, files.PAIRS):
            (self.folder / name).unlink(missing_ok=True)
        runs.write_manifest(self.folder, self._manifest)
        jsonl.write_text(self.folder / runs.CONFIG, self._declared.yaml)

    def _answers(self) -> tuple[Sequence[Answers], SelfInstructError | None]:
        """Return the answers of every arm, and what stopped the model, if it was; then some are missing."""
        plan, items = self._plan, self._plan.benchmark.items
        if plan.given is not None:
            return plan.given, None
        heard = teller(self._name, "answers", len(items))
        asked = self._counted(
            ask(
                str(self._declared.targets["model"]),
                plan.model,
                self._payer(),
                lambda model: answer_items(model, plan.options, plan.model.mode, items, plan.short_name, heard),
            )
        )
        if asked.found is None:
            return (), asked.error
        self._manifest["usage"]["answers"] = dict(asked.found.usage)
        return (asked.found.answers,), asked.error

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
        heard = teller(self._name, "judgements", len(questions_about(plan.grading, plan.judged, arms)))
        asked = self._counted(
            ask(
                str(self._declared.targets["judge"]),
                judge,
                self._payer(),
                lambda model: judge_answers(model, plan.grading, plan.judged, arms, heard),
            )
        )
        if asked.found is not None:
            files.write_judged(self.folder, asked.found)
            self._manifest["usage"] |= {stage: dict(usage) for stage, usage in asked.found.usage.items()}
            self._manifest["counts"] |= asked.found.counts()
        return asked.error

    def _counted(self, asked: Asked[Found]) -> Asked[Found]:
        self._manifest["sent"] += asked.sent
        self._manifest["from_store"] += asked.from_store
        return asked

    def _payer(self) -> Payer:
        return Payer(self._identity, self._config.store, self._config.limits)

    def _report(self) -> Written:
        config = self._config
        human = Path(config.human).expanduser() if config.human else None
        options = Options(level=config.level, resamples=config.resamples, random_seed=config.random_seed)
        return write_evaluation(self.folder, self._manifest, options, human)

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
