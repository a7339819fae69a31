"""`selfinstruct finetune`: from a finished run to a tuned model, in a folder of its own.

    selfinstruct finetune run=runs/<name> finetune=api model=openai model.name=openai/gpt-4.1-mini-2025-04-14

The folder holds manifest.json, config.yaml, training.jsonl (and validation.jsonl), metrics.jsonl, and of a provider's
job job.json, events.jsonl and results.csv. Whatever stops the command, the same command goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from selfinstruct import config as configs
from selfinstruct import outcomes, runs
from selfinstruct.config_texts import as_yaml, flat
from selfinstruct.errors import InputError, Interrupted, SelfInstructError
from selfinstruct.finetune import api, bill, sft_options, told
from selfinstruct.finetune.api_job import Order
from selfinstruct.finetune.api_options import ApiOptions
from selfinstruct.finetune.curve import Curve
from selfinstruct.finetune.data import DataOptions, Tuned, as_record, training_data
from selfinstruct.finetune.job_record import read_record
from selfinstruct.finetune.manifest import closing, first_manifest, tags, tracked
from selfinstruct.finetune.source import Source, read_source
from selfinstruct.jsonl import canonical, write, write_text
from selfinstruct.models.askable import check_options
from selfinstruct.models.gateway import ModelOptions, identity, short_name
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.tuning import context_of, open_provider
from selfinstruct.publishing import Mirror, check_mirror, open_mirror
from selfinstruct.report.pictures.losses import write_losses
from selfinstruct.summary import dollars, near
from selfinstruct.tracking import TrackingOptions

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from selfinstruct.finetune.sft_options import TrlOptions

TRAINING = "training.jsonl"
VALIDATION = "validation.jsonl"
_LONGEST_NAME = 100


@dataclass(frozen=True)
class FinetuneConfig:
    """What `selfinstruct finetune` is told, besides the group `finetune`; `model` is the one to tune."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    run: str
    name: str | None
    random_seed: int
    run_dir: str | None
    study: str | None
    dry_run: bool
    model: ModelOptions
    limits: LimitOptions
    tracking: TrackingOptions


class FinetuneJob:
    """One fine-tuning from its config to its closed folder. What can be refused is refused in the constructor."""

    def __init__(self, cfg: DictConfig) -> None:
        plain = configs.resolve(cfg)
        self._yaml = as_yaml(cfg)
        section = plain.pop("finetune", None)
        if isinstance(plain.get("model"), dict):
            plain["model"].pop("_target_", None)
        self._config = config = configs.build(FinetuneConfig, plain)
        self._data_options, self._options = _read_section(section)
        if not isinstance(self._options, ApiOptions):
            sft_options.check(self._options, config.model)
        check_options(config.model, needs_key=not config.dry_run)
        self._source = read_source(Path(config.run).expanduser().absolute())
        self._data = training_data(
            self._source.instances, self._source.seeds.tasks, self._data_options, config.random_seed
        )
        is_api = isinstance(self._options, ApiOptions)
        self._form = api.form_of(config.model.name, self._data.form) if is_api else self._data.form
        self._identity = self._make_identity()
        self._name = _name(config, self._source)
        default = Path("runs") / f"{self._name}-{self._identity}"
        self.folder = (Path(config.run_dir).expanduser() if config.run_dir else default).absolute()
        self._manifest = runs.earlier_manifest(self.folder, self._identity)
        self._bill = self._reckon()
        if not config.dry_run:
            check_mirror(config.tracking)

    @property
    def rehearsal(self) -> Callable[[], str] | None:
        """What says what the job would take (`dry_run=true`), or cancels it at its provider instead."""
        if self._config.dry_run:
            return self._rehearse
        if isinstance(self._options, ApiOptions) and self._options.cancel:
            return self._cancel
        return None

    def execute(self) -> tuple[int, str]:
        """Tune, write down, mirror. Returns exit code and message."""
        error: SelfInstructError | None = None
        mirror = self._open_mirror()
        try:
            curve = Curve(self.folder)
            if not self._is_done():
                error = self._tune(curve)
            curve.finish()
            write_losses(curve.told, self._name, self.folder)
        except OSError as os_error:
            raise runs.unwritable(self.folder, os_error) from os_error
        self._fill_mirror(mirror, curve)
        if error is not None:
            return error.exit_code, str(error)
        is_arm = bool(outcomes.current_overrides())
        shown = told.Shown(dollars, near, self.folder, mirror.run_id is not None, is_arm)
        print(told.summary(self._manifest, self._data, curve, self._bill, shown), flush=True)
        return 0, ""

    def _is_done(self) -> bool:
        """A model that was tuned here has to be here still; one that was moved with its folder is named anew."""
        is_done = self._manifest.get("status") == runs.DONE
        if isinstance(self._options, ApiOptions) or not is_done:
            return is_done
        from selfinstruct.finetune import sft

        model = sft.saved(self.folder)
        return model is not None and self._manifest["tuned_model"] == str(model)

    def _tune(self, curve: Curve) -> SelfInstructError | None:
        """Have the model tuned; return what stopped it, if anything did."""
        self._manifest = self._first_manifest()
        self._write_head()
        error: SelfInstructError | None = None
        tuned: Tuned | None = None
        try:
            tuned = self._by_provider(curve) if isinstance(self._options, ApiOptions) else self._here(curve)
        except SelfInstructError as stop:
            error = stop
        except KeyboardInterrupt:
            words = api.INTERRUPTED.format(self._job_id() or "that may have been created")
            error = Interrupted(words if self._bill else "interrupted; repeat the command to go on")
        self._manifest |= closing(error, tuned, curve.last())
        cost_usd = bill.paid_usd(self._bill, tuned.tokens) if tuned else None
        self._manifest |= {"job_id": self._job_id(), "cost_usd": cost_usd}
        runs.write_manifest(self.folder, self._manifest)
        return error

    def _write_head(self) -> None:
        runs.write_manifest(self.folder, self._manifest)
        write_text(self.folder / runs.CONFIG, self._yaml)
        for name, side in ((TRAINING, self._data.train), (VALIDATION, self._data.validation)):
            if side:
                write(self.folder / name, (as_record(one, self._form) for one in side))

    def _by_provider(self, curve: Curve) -> Tuned:
        model = self._config.model
        if self._bill is not None and self._job_id() is None:
            self._say(told.price(self._bill, dollars))
        with contextlib.closing(open_provider(model, self._config.limits.timeout_s)) as provider:
            tuned = api.tune(provider, self._order(), curve.report, self._say)
        return replace(tuned, usable_as=api.uses(model.name, tuned.model_name, model.api_base, model.api_key_env))

    def _here(self, curve: Curve) -> Tuned:
        from selfinstruct.finetune import sft

        config, options = self._config, self._options
        assert not isinstance(options, ApiOptions)
        return sft.tune(self._data, options, config.model, self.folder, config.random_seed, curve.report)

    def _rehearse(self) -> str:
        """Return file, tokens, price and settings; send nothing, write nothing."""
        config, places = self._config, (near(self._source.folder), near(self.folder))
        outcomes.add_rehearsed_cost(self._bill.cost_usd if self._bill else (0.0, 0.0))
        if self._bill is None:
            return told.rehearsal(config.model.name, self._data, flat(asdict(self._options)), places, [])
        order = self._order()
        job = told.order(order.file_name("train"), len(order.content(self._data.train)), order.suffix)
        bill_rows = told.bill_rows(self._bill, config.limits, dollars)
        return told.rehearsal(config.model.name, self._data, order.options.determining(), places, [job, *bill_rows])

    def _cancel(self) -> str:
        with contextlib.closing(open_provider(self._config.model, self._config.limits.timeout_s)) as provider:
            return api.cancel(provider, self._order())

    def _order(self) -> Order:
        assert isinstance(self._options, ApiOptions)
        return Order(
            identity=self._identity,
            model=self._config.model.name.partition("/")[2],
            data=self._data,
            form=self._form,
            options=self._options,
            limits=self._config.limits,
            random_seed=self._config.random_seed,
            folder=self.folder,
        )

    def _reckon(self) -> bill.Bill | None:
        """Reckon what a provider will bill, and refuse what is over a cap as long as there is no job to be paid."""
        options, config = self._options, self._config
        if not isinstance(options, ApiOptions):
            return None
        api.check(config.model, self._data, options)
        found = bill.reckon(
            self._data.train, self._data.form, config.model.name, options.n_epochs, options.cost_per_training_token
        )
        bill.refuse_too_long(found, config.model.name, context_of(config.model.name))
        if not config.dry_run and not options.cancel and self._job_id() is None:
            bill.refuse_over_cap(found, config.limits)
        return found

    def _make_identity(self) -> str:
        """Where a provider is reached does not count: a job there is found again by the name of its file."""
        model, options = self._config.model, self._options
        if isinstance(options, ApiOptions):
            how: Any = [options.determining(), model.name, model.revision]
        else:
            how = [options.determining(), identity(model)]
        determining = ["finetune", self._data.sha256, self._config.random_seed, how]
        return hashlib.sha256(canonical(determining).encode()).hexdigest()[:12]

    def _first_manifest(self) -> dict[str, Any]:
        facts = {
            "name": self._name,
            "kind": self._options.kind,
            "identity": self._identity,
            "model": self._config.model.name,
            "random_seed": self._config.random_seed,
            "study": self._config.study,
            "started": self._manifest.get("started") or runs.now(),
        }
        return first_manifest(self._source, self._data, facts)

    def _job_id(self) -> str | None:
        return read_record(self.folder, self._identity).job_id if isinstance(self._options, ApiOptions) else None

    def _say(self, text: str) -> None:
        print(f"{self._name}: {text}", file=sys.stderr, flush=True)

    def _open_mirror(self) -> Mirror:
        described = tags(self._first_manifest(), self.folder)
        return open_mirror(self._config.tracking, self._name, self._identity, self._params(), described)

    def _fill_mirror(self, mirror: Mirror, curve: Curve) -> None:
        """Mirror the folder. A tracker that fails now costs nothing but the mirror: the folder is the truth."""
        if mirror.run_id is None:
            return
        from selfinstruct import tracking

        try:
            uri = tracking.resolve_uri(mirror.options.uri)
            tracking.finish_run(uri, mirror.run_id, self.folder, tracked(self._manifest), curve.series())
        except tracking.TrackingError as error:
            self._say(f"tracking failed ({error}); repeat the command to mirror the run again")

    def _params(self) -> dict[str, Any]:
        return flat(
            {
                "finetune": {**asdict(self._data_options), **asdict(self._options)},
                "model": {"name": self._config.model.name, "revision": self._config.model.revision},
                "random_seed": self._config.random_seed,
                "run": str(self._source.folder),
            }
        )


def _read_section(section: Any) -> tuple[DataOptions, ApiOptions | TrlOptions]:
    """Return the group `finetune` as what both kinds have, and what its own kind has.

    Raises:
        InputError: no kind, an unknown key or a bad value; names the key.
    """
    kind = section.get("kind") if isinstance(section, dict) else None
    if kind not in ("api", "trl"):
        raise InputError(f"finetune.kind={kind}: there is api and trl; choose finetune=api or finetune=trl")
    shared = {one.name for one in fields(DataOptions)}
    data = {key: value for key, value in section.items() if key in shared}
    own = {key: value for key, value in section.items() if key not in shared}
    options: ApiOptions | TrlOptions
    if kind == "api":
        options = configs.build_section(ApiOptions, own, "finetune")
    else:
        from selfinstruct.finetune.sft_options import TrlOptions

        options = configs.build_section(TrlOptions, own, "finetune")
    return configs.build_section(DataOptions, data, "finetune"), options


def _name(config: FinetuneConfig, source: Source) -> str:
    """Return the name for people: the declared one, or <run>-tuned-<base model>."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", config.name or f"{source.name}-tuned-{short_name(config.model)}")
    return name[:_LONGEST_NAME].strip("-.") or "tuned"
