"""`selfinstruct refilter`: from a run folder, or any candidate log, to a run folder of its own.

The instances that exist come along; an instruction that is kept now and was not before has none, and their number is
reported. The tracking run names its source.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from selfinstruct import config as configs
from selfinstruct import outcomes, runs
from selfinstruct.config_texts import as_yaml, flat
from selfinstruct.errors import InputError
from selfinstruct.filters import judge_instances
from selfinstruct.jsonl import canonical, read, write_text
from selfinstruct.novelty import compile_ahead, judge_stream_many
from selfinstruct.publishing import check_mirror, open_mirror, publish
from selfinstruct.records import Candidate, Dropped, Instance, Pair, PairItem, SeedSet, Verdict
from selfinstruct.refilter import Judged, judge_again
from selfinstruct.report import check_report
from selfinstruct.report.options import ReportOptions
from selfinstruct.runs import DONE
from selfinstruct.seeds import content_sha256, load_seeds, to_jsonl
from selfinstruct.stages.export import ExportOptions
from selfinstruct.tally import Tally
from selfinstruct.tracking import TrackingOptions
from selfinstruct.versions import versions

if TYPE_CHECKING:
    from omegaconf import DictConfig

NOTE = (
    "A counterfactual over fixed candidates: in a live run the pool feeds the prompts, so other thresholds would have "
    "led to other candidates. Newly kept instructions have no instances."
)

_LARGE_BYTES = 1_000_000  # a log from which judging is done by compiled code


@dataclass(frozen=True)
class RefilterConfig:
    """What `selfinstruct refilter` is told. Exactly one of `run` (a run folder) and `source` (a log) is given."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str | None
    run: str | None
    source: str | None
    run_dir: str | None
    study: str | None
    similarities: bool
    target: Annotated[int, Ge(1)] | None
    seeds: configs.SeedOptions
    filters: configs.Filters
    tracking: TrackingOptions
    export: ExportOptions
    report: ReportOptions


@dataclass(frozen=True)
class Source:
    """What is judged again, where it came from, and what it already has."""

    path: Path
    name: str
    identity: str
    random_seed: int
    model: str | None
    prompts: str | None
    seeds: SeedSet
    candidates: tuple[Candidate, ...]
    instances: dict[str, list[Instance]]
    classification: dict[str, bool | None]
    is_classified: bool
    requests: dict[int, dict[str, Any]]


class RefilterJob:
    """One refilter from its config to its closed folder. It costs nothing, so there is nothing to rehearse."""

    rehearsal = None

    def __init__(self, cfg: DictConfig) -> None:
        plain = configs.resolve(cfg)
        self._config = config = configs.build(RefilterConfig, plain)
        self._yaml = as_yaml(cfg)
        check_mirror(config.tracking)
        check_report(config.report)
        self._source = _read_source(config)
        self._identity = self._make_identity()
        self._name = config.name or f"{self._source.name}-refilter"
        default = Path("runs") / f"{self._name}-{self._identity}"
        self.folder = (Path(config.run_dir).expanduser() if config.run_dir else default).absolute()
        runs.earlier_manifest(self.folder, self._identity)

    def execute(self) -> tuple[int, str]:
        """Judge, write, publish. Returns exit code and message."""
        mirror = open_mirror(self._config.tracking, self._name, self._identity, self._params(), self._tags())
        started = runs.now()
        tally = Tally(self._config.target or 0)
        try:
            write_text(self.folder / runs.CONFIG, self._yaml)
            write_text(self.folder / runs.SEEDS, to_jsonl(self._source.seeds))
            with runs.RunWriter(self.folder) as writer:
                newly_kept = self._write(writer, tally)
                writer.finish()
        except OSError as error:
            raise runs.unwritable(self.folder, error) from error
        manifest = self._manifest(tally, newly_kept, started)
        tokenizer = self._config.filters.instruction.tokenizer
        config = self._config
        publish(self.folder, manifest, self._source.seeds, config.export, config.report, tokenizer, mirror)
        return 0, ""

    def _write(self, writer: runs.RunWriter, tally: Tally) -> int:
        newly_kept = 0
        by_request: list[Judged] = []
        for judged in self._judged():
            if by_request and by_request[-1].candidate.request != judged.candidate.request:
                self._write_request(writer, tally, by_request)
                by_request = []
            by_request.append(judged)
            tally.candidate_rules[judged.candidate.verdict.rule] += 1
            writer.candidate(judged.candidate)
            if judged.instruction is not None:
                newly_kept += self._write_kept(writer, tally, judged)
        if by_request:
            self._write_request(writer, tally, by_request)
        return newly_kept

    def _judged(self) -> Iterator[Judged]:
        texts = [task.instruction for task in self._source.seeds.tasks]
        config = self._config
        return judge_again(
            self._source.candidates, texts, config.filters.instruction, config.similarities, config.target, _decide
        )

    def _write_kept(self, writer: runs.RunWriter, tally: Tally, judged: Judged) -> int:
        """Write an instruction and the instances that exist for it; return 1 where it was not kept before."""
        assert judged.instruction is not None
        text = judged.candidate.text
        is_new = text not in self._source.classification
        is_classification = self._source.classification.get(text)
        writer.instruction(replace(judged.instruction, is_classification=is_classification))
        if not is_new and self._source.is_classified:
            tally.classification[{True: "yes", False: "no", None: "unreadable"}[is_classification]] += 1
        pairs = [Pair(instance.input, instance.output) for instance in self._source.instances.get(text, ())]
        if is_new:
            pairs = list(judged.candidate.pairs)
        items = [PairItem(pair, f"Input: {pair.input}\nOutput: {pair.output}") for pair in pairs]
        kept = 0
        for item, verdict in zip(items, judge_instances(items, self._config.filters.instance), strict=True):
            tally.instance_rules[verdict.rule] += 1
            kept += verdict.is_kept
            if verdict.is_kept:
                writer.instance(Instance(text, item.pair.input, item.pair.output, is_classification))
            else:
                writer.dropped(Dropped(text, item.text, verdict.rule, verdict.saw))
        tally.instructions_without_instances += not kept
        return int(is_new)

    def _write_request(self, writer: runs.RunWriter, tally: Tally, judged: Sequence[Judged]) -> None:
        ordinal = judged[0].candidate.request
        before = self._source.requests.get(ordinal, {})
        rules = Counter(one.candidate.verdict.rule for one in judged)
        tally.requests["instructions"] += 1
        writer.request(
            {
                "request": ordinal,
                "candidates": len(judged),
                "judged": len(judged) - rules["target_reached"],
                "accepted": rules["kept"],
                "accepted_total": tally.candidate_rules["kept"],
                "finish_reason": before.get("finish_reason"),
                "prompt_tokens": before.get("prompt_tokens"),
                "completion_tokens": before.get("completion_tokens"),
                "cost_usd": before.get("cost_usd"),
            }
        )

    def _manifest(self, tally: Tally, newly_kept: int, started: str) -> dict[str, Any]:
        seeds = self._source.seeds
        return {
            "name": self._name,
            "verb": "refilter",
            "identity": self._identity,
            "status": DONE,
            "reason": "",
            "note": NOTE,
            "exit_code": 0,
            "source": {"run": str(self._source.path), "identity": self._source.identity},
            "dataset_sha256": runs.dataset_sha256(self.folder),
            "random_seed": self._source.random_seed,
            "study": self._config.study,
            "model": self._source.model,
            "prompts": self._source.prompts,
            "seeds": {"name": seeds.name, "quality": seeds.quality, "tasks": len(seeds.tasks)},
            "thresholds": asdict(self._config.filters),
            "counts": {**tally.counts(), "newly_kept": newly_kept},
            "usage": {},
            "cost_usd": 0.0,
            "sent": 0,
            "from_store": 0,
            "versions": versions(),
            "started": started,
            "ended": runs.now(),
        }

    def _make_identity(self) -> str:
        determining = {
            "verb": "refilter",
            "source": self._source.identity,
            "candidates": [[c.request, c.text, c.verdict.rule] for c in self._source.candidates],
            "seeds": content_sha256(self._source.seeds),
            "filters": asdict(self._config.filters),
            "target": self._config.target,
            "similarities": self._config.similarities,
        }
        return hashlib.sha256(canonical(determining).encode()).hexdigest()[:12]

    def _params(self) -> dict[str, Any]:
        return flat({"filters": asdict(self._config.filters), "target": self._config.target})

    def _tags(self) -> dict[str, str]:
        return {
            "selfinstruct.study": self._config.study or "",
            "selfinstruct.verb": "refilter",
            "selfinstruct.source": self._source.identity,
            "selfinstruct.source_run": str(self._source.path),
            "selfinstruct.seeds": self._source.seeds.name,
            "selfinstruct.seed_quality": self._source.seeds.quality,
            "selfinstruct.model": self._source.model or "",
            "selfinstruct.prompts": self._source.prompts or "",
            "selfinstruct.version": versions()["selfinstruct"],
            "selfinstruct.run_dir": str(self.folder),
        }


def _read_source(config: RefilterConfig) -> Source:
    if (config.run is None) == (config.source is None):
        raise InputError("refilter: give run=<run folder>, or source=<file of candidates> with seeds=<seed set>")
    return _from_run(Path(str(config.run))) if config.run is not None else _from_log(config)


def _from_run(path: Path) -> Source:
    folder = path.expanduser().absolute()
    _expect_much(folder / runs.CANDIDATES, 1)
    manifest = runs.read_manifest(folder)
    if manifest["status"] == runs.RUNNING:
        raise InputError(f"run={folder}: this run has not ended; repeat its command first")
    instances: dict[str, list[Instance]] = {}
    for instance in runs.read_instances(folder):
        instances.setdefault(instance.instruction, []).append(instance)
    return Source(
        path=folder,
        name=manifest["name"],
        identity=manifest["identity"],
        random_seed=manifest["random_seed"],
        model=manifest.get("model"),
        prompts=manifest.get("prompts"),
        seeds=load_seeds(folder / runs.SEEDS, manifest["seeds"]["name"], manifest["seeds"]["quality"]),
        candidates=tuple(runs.read_candidates(folder)),
        instances=instances,
        classification={one.instruction: one.is_classification for one in runs.read_instructions(folder)},
        is_classified=any(manifest.get("counts", {}).get("classification", {}).values()),
        requests={record["request"]: record for _, record in read(folder / runs.REQUESTS)},
    )


def _from_log(config: RefilterConfig) -> Source:
    path = Path(str(config.source)).expanduser().absolute()
    _expect_much(path, 5 if path.suffix == ".gz" else 1)
    candidates = tuple(_candidate(path, number, record) for number, record in read(path))
    if not candidates:
        raise InputError(f"source={path}: holds no candidate; give a JSON Lines file with an instruction on each line")
    digest = hashlib.sha256(canonical([one.text for one in candidates]).encode()).hexdigest()[:12]
    name = path.name.partition(".")[0]
    return Source(path, name, digest, 0, None, None, configs.read_seeds(config.seeds), candidates, {}, {}, False, {})


def _expect_much(path: Path, packed: int) -> None:
    """Have the novelty index compiled while the source is being read, where it is so large that this will be needed."""
    if path.is_file() and packed * path.stat().st_size > _LARGE_BYTES:
        compile_ahead("decide")
        compile_ahead("describe")


def _candidate(path: Path, number: int, record: dict[str, Any]) -> Candidate:
    text = record.get("instruction", record.get("text"))
    if not isinstance(text, str):
        raise InputError(f'{path}:{number}: "instruction" is missing; give each line an instruction (or text) field')
    request = record.get("request", record.get("request_idx", number - 1))
    pairs = (Pair(record.get("input") or "", record["output"]),) if isinstance(record.get("output"), str) else ()
    verdict = record["verdict"]["rule"] if isinstance(record.get("verdict"), dict) else "kept"
    return Candidate(request, record.get("item", 0), text, Verdict(verdict), pairs=pairs)


_shared: dict[tuple[str, str], dict[float, Any]] = {}


def _decide(seeds: Sequence[str], texts: Sequence[str], threshold: float, tokenizer: str) -> Any:
    """Decide for this arm and, in a sweep over max_rouge_l, for its siblings in the same pass."""
    key = hashlib.sha256(canonical([list(seeds), list(texts)]).encode()).hexdigest(), tokenizer
    if threshold not in _shared.get(key, {}):
        wanted = sorted({threshold, *outcomes.current_thresholds()})
        _shared.clear()  # one stream at a time: a sweep over something else has another one
        _shared[key] = dict(zip(wanted, judge_stream_many(seeds, texts, wanted, tokenizer), strict=True))
    return _shared[key][threshold]
