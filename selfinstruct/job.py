"""One run, from its config to its closed folder: refuse, generate, publish.

Everything that can be refused is refused before the first byte is written; whatever stops a run, what it paid for is
in the completion store, and its folder says how far it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from selfinstruct import config as configs
from selfinstruct import naming, outcomes, runs
from selfinstruct.errors import InputError, Interrupted, SelfInstructError
from selfinstruct.jsonl import write_text
from selfinstruct.judging import forget_review, judge_run
from selfinstruct.models.store import CompletionStore, check_url, open_store
from selfinstruct.paying import Payer, paying_model
from selfinstruct.pipeline import Plan, Progress, generate
from selfinstruct.progress import Vitals, projected_usd, watch
from selfinstruct.prompts import check_templates
from selfinstruct.publishing import Mirror, check_mirror, open_mirror, publish
from selfinstruct.quality.review import check_questions
from selfinstruct.report import check_report
from selfinstruct.runs import DRIED_UP, FINISHED, RUNNING, STOPPED
from selfinstruct.seeds import to_jsonl
from selfinstruct.tally import Tally, per_unit
from selfinstruct.versions import versions


class RunJob:
    """One run from its config to its closed folder. Everything that can be refused is refused in the constructor."""

    def __init__(self, composed: configs.Composed) -> None:
        self.config = composed.values
        self._composed = composed
        self._seeds = configs.read_seeds(self.config.seeds)
        self._identity = naming.run_identity(self.config, self._seeds)
        self._name = naming.run_name(self.config)
        self.folder = naming.run_folder(self.config, self._identity)
        self._manifest = runs.earlier_manifest(self.folder, self._identity)
        check_url(self.config.store.url)
        if not self.config.dry_run:
            check_mirror(self.config.tracking)
        check_report(self.config.report)
        if self.config.judge is not None:
            check_questions(self.config.review)
        check_templates(self.config.prompts)

    @property
    def rehearsal(self) -> Callable[[], str] | None:
        """What says what the run would do, with dry_run=true."""
        return self._rehearse if self.config.dry_run else None

    def _rehearse(self) -> str:
        """Return the first prompts and the forecast of this run; send nothing, write nothing."""
        from selfinstruct.dry_run import describe_dry_run
        from selfinstruct.forecast import forecast
        from selfinstruct.models.prices import count_tokens, known_prices

        model = self.config.model
        prices = known_prices(model.name, model.input_cost_per_token, model.output_cost_per_token)
        found = forecast(self._plan(), partial(count_tokens, model.name), prices)
        outcomes.add_rehearsed([outcomes.Rehearsed(found.requests, found.cost_usd)])
        told = describe_dry_run(self._name, model.name, found, self.config.limits)
        judge, review = self.config.judge, self.config.review
        if judge is None:
            return told
        return f"{told}\njudge    not in the forecast: {judge.name}, about {review.sample_size:,} instances at most"

    def execute(self) -> tuple[int, str]:
        """Generate what is missing, then publish. Returns exit code and message."""
        mirror = self._open_mirror()
        error: BaseException | None = None
        if self._manifest.get("status") not in FINISHED:
            error = self._generate()
        elif runs.dataset_sha256(self.folder) != self._manifest["dataset_sha256"]:
            raise InputError(
                f"{self.folder}: the dataset is not the one that its manifest names; move the folder away and repeat "
                "the command (the completions are kept)"
            )
        if error is None:
            error = self._judge()
        tokenizer = self.config.filters.instruction.tokenizer
        try:
            publish(self.folder, self._manifest, self._seeds, self.config.export, self.config.report, tokenizer, mirror)
        except OSError:
            if error is None:
                raise
        if isinstance(error, SelfInstructError):
            return error.exit_code, str(error)
        if error is not None:
            raise error
        return 0, ""

    def _generate(self) -> BaseException | None:
        """Run the pipeline into the folder; return what stopped it, if anything did."""
        tally = Tally(self.config.generation.target)
        self._manifest = self._first_manifest()
        store = open_store(self.config.store.url)
        error: BaseException | None = None
        try:
            self._write_head()
            with runs.RunWriter(self.folder) as writer:
                status, error, counters = asyncio.run(self._produce(store, writer, tally))
                writer.finish()
        except OSError as os_error:
            raise error or runs.unwritable(self.folder, os_error) from os_error
        finally:
            store.close()
        self._manifest |= self._closing(status, error, tally) | counters
        return error

    def _write_head(self) -> None:
        forget_review(self.folder)
        runs.write_manifest(self.folder, self._manifest)
        write_text(self.folder / runs.CONFIG, self._composed.yaml)
        write_text(self.folder / runs.SEEDS, to_jsonl(self._seeds))

    async def _produce(
        self, store: CompletionStore, writer: runs.RunWriter, tally: Tally
    ) -> tuple[str, BaseException | None, dict[str, int]]:
        status, error = STOPPED, None
        async with paying_model(self._composed.model_target, self.config.model, store, self._payer()) as (
            model,
            budget,
        ):

            def vitals(progress: Progress) -> Vitals:
                is_priced = tally.cost_usd() is not None
                return Vitals(
                    answered=model.sent + model.from_store,
                    in_flight=budget.in_flight,
                    tokens=budget.spent.tokens,
                    cost_usd=budget.spent.cost_usd if is_priced else None,
                    projected_usd=projected_usd(tally.usage, budget.spent.cost_usd, progress) if is_priced else None,
                )

            followers = 2 * self.config.limits.max_concurrency
            try:
                async with watch(self._name, vitals) as report:
                    status = await generate(self._plan(), model, writer, tally, followers, report)
            except SelfInstructError as stop:
                error = stop
            except asyncio.CancelledError:
                error = Interrupted("interrupted; what was paid is kept: repeat the command to go on")
        return status, error, {"sent": model.sent, "from_store": model.from_store}

    def _judge(self) -> SelfInstructError | None:
        """Have the instances of a finished run reviewed, where a judge is named."""
        if self.config.judge is None or self._manifest["status"] not in FINISHED:
            return None
        target = str(self._composed.judge_target)
        self._manifest["judge"], error = judge_run(
            self.folder, self._manifest, target, self.config.judge, self.config.review, self._payer()
        )
        return error

    def _payer(self) -> Payer:
        return Payer(self._identity, self.config.store, self.config.limits)

    def _plan(self) -> Plan:
        return Plan(
            seeds=self._seeds.tasks,
            templates=self.config.prompts,
            generation=self.config.generation,
            instruction_thresholds=self.config.filters.instruction,
            instance_thresholds=self.config.filters.instance,
            random_seed=self.config.random_seed,
        )

    def _first_manifest(self) -> dict[str, Any]:
        started = self._manifest.get("started") or runs.now()
        return {
            "name": self._name,
            "verb": "run",
            "identity": self._identity,
            "status": RUNNING,
            "reason": "",
            "exit_code": None,
            "dataset_sha256": None,
            "random_seed": self.config.random_seed,
            "study": self.config.study,
            "model": self.config.model.name,
            "prompts": self.config.prompts.name,
            "structured": self.config.prompts.structured,
            "seeds": {"name": self._seeds.name, "quality": self._seeds.quality, "tasks": len(self._seeds.tasks)},
            "thresholds": asdict(self.config.filters),
            "versions": versions(),
            "started": started,
            "ended": None,
        }

    def _closing(self, status: str, error: BaseException | None, tally: Tally) -> dict[str, Any]:
        dry = f"{self.config.generation.max_dry_requests} requests in a row brought nothing new"
        return {
            "status": status,
            "reason": str(error) if error else dry if status == DRIED_UP else "",
            "exit_code": getattr(error, "exit_code", 1) if error else 0,
            "dataset_sha256": runs.dataset_sha256(self.folder),
            "counts": tally.counts(),
            "usage": tally.usage_by_stage(),
            "per_unit": per_unit(tally.counts(), tally.usage_by_stage()),
            "cost_usd": tally.cost_usd(),
            "ended": runs.now(),
        }

    def _open_mirror(self) -> Mirror:
        return open_mirror(
            self.config.tracking, self._name, self._identity, naming.flat_params(self.config), self._tags()
        )

    def _tags(self) -> dict[str, str]:
        return {
            "selfinstruct.study": self.config.study or "",
            "selfinstruct.verb": "run",
            "selfinstruct.seeds": self._seeds.name,
            "selfinstruct.seed_quality": self._seeds.quality,
            "selfinstruct.model": self.config.model.name,
            "selfinstruct.prompts": self.config.prompts.name,
            "selfinstruct.version": versions()["selfinstruct"],
            "selfinstruct.run_dir": str(self.folder),
        }
