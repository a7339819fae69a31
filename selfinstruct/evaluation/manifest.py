"""What names an evaluation and what its manifest says before anything is asked: plain values in, plain values out.

evaluation_identity(plan) -> "3f1c9b2a7d40"     what determines answers and grades, but the completions
first_manifest(plan)      -> {"verb": "evaluate", "status": "running", "benchmark": {"items": 252, ...}, ...}
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selfinstruct import runs
from selfinstruct.evaluation.items import Benchmark, Item
from selfinstruct.evaluation.options import BenchmarkOptions, GradingOptions
from selfinstruct.evaluation.predictions import Answers
from selfinstruct.evaluation.tokenizers import count_invisible, tokenizer_identity
from selfinstruct.jsonl import canonical
from selfinstruct.models.gateway import ModelOptions, identity, short_name
from selfinstruct.versions import versions

VERB = "evaluate"
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Plan:
    """One evaluation. given: answers that exist, None where the model is asked. judged: the items that a judge sees.

    sample: of the completion store; another number asks everything anew.
    """

    benchmark: Benchmark
    options: BenchmarkOptions
    model: ModelOptions
    given: Sequence[Answers] | None
    judge: ModelOptions | None
    grading: GradingOptions
    judged: Sequence[Item]
    sample: int

    @property
    def answerer(self) -> str:
        """The model that is asked, or what the given answers are called."""
        return self.model.name if self.given is None else " ".join(arm.name for arm in self.given)

    @property
    def short_name(self) -> str:
        """The same without the provider, and without spaces."""
        return short_name(self.model) if self.given is None else self.answerer.replace(" ", "-")


def evaluation_identity(plan: Plan) -> str:
    """Return 12 hexadecimal digits; how intervals are made and where the folder is do not count."""
    determining: dict[str, Any] = {
        "verb": VERB,
        "items": plan.benchmark.sha256,
        "tokenizer": tokenizer_identity(plan.options.tokenizer),
        "missing": plan.options.missing,
        "sample": plan.sample,
    }
    if plan.given is None:
        prompt = plan.options.chat if plan.model.mode == "chat" else plan.options.completion
        examples = [[asdict(one) for one in item.examples[: plan.options.shots]] for item in plan.benchmark.items]
        determining |= {"model": identity(plan.model), "prompt": asdict(prompt), "examples": examples}
    else:
        determining["predictions"] = [asdict(answers) for answers in plan.given]
    if plan.judge is not None:
        grading = {key: value for key, value in asdict(plan.grading).items() if key != "sample"}
        judged = [item.id for item in plan.judged]
        determining |= {"judge": identity(plan.judge), "grading": grading, "judged": judged}
    return hashlib.sha256(canonical(determining).encode()).hexdigest()[:12]


def first_manifest(plan: Plan, name: str, random_seed: int, study: str | None, started: str | None) -> dict[str, Any]:
    """Return the manifest of an evaluation that begins. `started`: when it was begun before; None: now."""
    return {
        "name": name,
        "verb": VERB,
        "identity": evaluation_identity(plan),
        "status": runs.RUNNING,
        "reason": "",
        "exit_code": None,
        "random_seed": random_seed,
        "study": study,
        "model": plan.model.name if plan.given is None else None,
        "benchmark": _benchmark(plan),
        "judge": {"model": plan.judge.name, "revision": plan.judge.revision} if plan.judge else None,
        "grading": _grading(plan.grading) if plan.judge else None,
        "arms": [],
        "counts": {"items": len(plan.benchmark.items), "arms": {}},
        "usage": {},
        "cost_usd": None,
        "sent": 0,
        "from_store": 0,
        "scores": {},
        "versions": versions(),
        "started": started or runs.now(),
        "ended": None,
    }


def folder_name(name: str) -> str:
    """Return a name as the beginning of a folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:_LONGEST_NAME].strip("-.") or "evaluation"


def params_of(plan: Plan) -> dict[str, Any]:
    """Return what a tracker shows of an evaluation, nested as in the config."""
    names = ("name", "path", "split", "instances", "sample", "shots", "tokenizer", "missing")
    return {
        "benchmark": {name: getattr(plan.options, name) for name in names},
        "model": {"name": plan.answerer, "mode": plan.model.mode},
        "judge": {"name": plan.judge.name if plan.judge else None},
        "grading": {"name": plan.grading.name, "sample": plan.grading.sample},
        "store": {"sample": plan.sample},
    }


def tags_of(plan: Plan) -> dict[str, str]:
    """Return the tags by which a tracker finds evaluations."""
    return {
        "selfinstruct.verb": VERB,
        "selfinstruct.benchmark": plan.options.name,
        "selfinstruct.model": plan.answerer,
        "selfinstruct.version": versions()["selfinstruct"],
    }


def _benchmark(plan: Plan) -> dict[str, Any]:
    options, items = plan.options, plan.benchmark.items
    return {
        "name": options.name,
        "kind": options.kind,
        "sha256": plan.benchmark.sha256,
        "items": len(items),
        "available": plan.benchmark.available,
        "tasks": len({item.task for item in items}),
        "split": options.split,
        "instances": options.instances,
        "shots": options.shots if plan.given is None else None,
        "tokenizer": options.tokenizer,
        "missing": options.missing,
        "invisible": count_invisible([item.references for item in items], options.tokenizer),
    }


def _grading(grading: GradingOptions) -> dict[str, Any]:
    return {"name": grading.name, "grades": list(grading.grades), "acceptable": list(grading.acceptable)}
