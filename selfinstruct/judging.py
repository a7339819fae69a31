"""`judge=<model>`: the paper's three review questions asked of a judge about a sample of a finished run's instances.

The answers go into report/review.jsonl, the shares into metrics and report, the bill into the manifest under "judge".
Judging comes after generating and changes no byte of the dataset; a run that is done can be judged later by the same
command with a judge, and judged again by another one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfinstruct import jsonl, runs
from selfinstruct.errors import Interrupted, SelfInstructError
from selfinstruct.models.gateway import ModelOptions, identity
from selfinstruct.models.store import open_store
from selfinstruct.paying import Payer, paying_model
from selfinstruct.quality.review import ReviewOptions, as_lines, review
from selfinstruct.report import REVIEW


def judge_run(
    folder: Path,
    manifest: Mapping[str, Any],
    target: str,
    judge: ModelOptions,
    options: ReviewOptions,
    payer: Payer,
) -> tuple[dict[str, Any], SelfInstructError | None]:
    """Ask the judge and write report/review.jsonl; return what the manifest says of it, and what stopped it, if it was.

    A judge that has already answered these questions about this dataset is not asked again. Until a judge has answered
    all of them, the review by an earlier one stays, in the folder and in the manifest.
    """
    what = {
        "model": judge.name,
        "revision": judge.revision,
        "dataset_sha256": manifest["dataset_sha256"],
        "asked_sha256": _sha256_of(judge, payer.store.sample, options, manifest),
    }
    before = manifest.get("judge") or {}
    if before.get("asked_sha256") == what["asked_sha256"] and (folder / REVIEW).is_file():
        return dict(before), None
    store = open_store(payer.store.url)
    try:
        found = asyncio.run(_ask(folder, manifest["random_seed"], target, judge, options, payer, store))
    except SelfInstructError as error:
        return dict(before), error
    finally:
        store.close()
    return what | found, None


def _sha256_of(judge: ModelOptions, sample: int, options: ReviewOptions, manifest: Mapping[str, Any]) -> str:
    """Return what decides a review: the judge as the store knows it, the questions, the instances and their sample."""
    decides = {
        "judge": identity(judge),
        "sample": sample,
        "questions": asdict(options),
        "dataset_sha256": manifest["dataset_sha256"],
        "random_seed": manifest["random_seed"],
    }
    return hashlib.sha256(jsonl.canonical(decides).encode()).hexdigest()


def forget_review(folder: Path) -> None:
    """Remove the answers of an earlier judge."""
    (folder / REVIEW).unlink(missing_ok=True)


async def _ask(
    folder: Path,
    random_seed: int,
    target: str,
    judge: ModelOptions,
    options: ReviewOptions,
    payer: Payer,
    store: Any,
) -> dict[str, Any]:
    instances = list(runs.read_instances(folder))
    async with paying_model(target, judge, store, payer) as (model, _):
        try:
            found = await review(model, options, instances, random_seed)
        except asyncio.CancelledError:
            raise Interrupted("interrupted while judging; what was paid is kept: repeat the command to go on") from None
    jsonl.write(folder / REVIEW, as_lines(found))
    costs = [completion.cost_usd for completion in found.completions]
    return {
        "instances": len(found.reviewed),
        "requests": len(found.completions),
        "prompt_tokens": sum(completion.prompt_tokens or 0 for completion in found.completions),
        "completion_tokens": sum(completion.completion_tokens or 0 for completion in found.completions),
        "cost_usd": None if None in costs else round(sum(cost for cost in costs if cost is not None), 8),
    }
