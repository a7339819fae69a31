"""Run folders for tests, written by hand: small, and with every number known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CONFIG = """
random_seed: {random_seed}
store: {{sample: {sample}}}
model: {{name: {model}, mode: chat, options: {{latency_s: 0}}}}
prompts: {{name: chat, style: chat}}
filters: {{instruction: {{max_rouge_l: {max_rouge_l}, min_words: 3}}}}
generation: {{target: 4}}
limits: {{max_concurrency: {max_concurrency}}}
seeds: {{path: "${{shipped:seeds/general.jsonl}}"}}
"""
# two requests were judged, the third was answered after the target was reached
CANDIDATES: Sequence[tuple[int, str, str]] = (
    (0, "name three red fruits", "kept"),
    (0, "list seven prime numbers", "kept"),
    (0, "list seven prime numbers now", "too_similar"),
    (1, "x", "too_short"),
    (1, "is this review kind", "kept"),
    (2, "sing a song", "target_reached"),
)
INSTRUCTIONS: Sequence[tuple[int, str, bool]] = (
    (0, "name three red fruits", False),
    (0, "list seven prime numbers", False),
    (1, "is this review kind", True),
)
INSTANCES: Sequence[tuple[str, str, str]] = (
    ("name three red fruits", "", "apple cherry plum"),
    ("is this review kind", "a lovely place", "yes"),
    ("is this review kind", "never again", "no"),
)
DROPPED: Sequence[str] = ("list seven prime numbers",)


def write_run(
    folder: Path,
    *,
    metrics: Mapping[str, float] | None = None,
    unreadable: int = 0,
    status: str = "done",
    seeds: Sequence[str] = ("name a fruit",),
    **config: Any,
) -> Path:
    """Write a run folder; `config` fills CONFIG (random_seed, sample, model, max_rouge_l, max_concurrency)."""
    values = {"random_seed": 1, "sample": 0, "model": "offline/grammar", "max_rouge_l": 0.7, "max_concurrency": 4}
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG.format(**{**values, **config}), encoding="utf-8")
    lines(folder / "seeds.jsonl", [{"instruction": text} for text in seeds])
    lines(folder / "candidates.jsonl", [{"request": r, "text": t, "verdict": {"rule": v}} for r, t, v in CANDIDATES])
    counts = [(3, 3, 2), (2, 2, 1), (1, 0, 0)]
    kinds = [None if n < unreadable else kind for n, (_, _, kind) in enumerate(INSTRUCTIONS)]
    lines(
        folder / "requests.jsonl",
        [{"request": n, "candidates": c, "judged": j, "accepted": a} for n, (c, j, a) in enumerate(counts)],
    )
    lines(
        folder / "instructions.jsonl",
        [
            {"instruction": t, "request_idx": r, "is_classification": kind, "most_similar": {"a": 0.25, "b": 0.5}}
            for (r, t, _), kind in zip(INSTRUCTIONS, kinds, strict=True)
        ],
    )
    lines(folder / "instances.jsonl", [{"instruction": t, "input": i, "output": o} for t, i, o in INSTANCES])
    lines(folder / "dropped.jsonl", [{"instruction": text} for text in DROPPED])
    manifest = {
        "identity": folder.name,
        "verb": "run",
        "status": status,
        "random_seed": {**values, **config}["random_seed"],
        "seeds": {"name": "general"},
        "cost_usd": 0.0,
        "counts": {"classification": {"yes": 1, "no": 2 - unreadable, "unreadable": unreadable}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "report").mkdir()
    (folder / "report/metrics.json").write_text(json.dumps(metrics or {"yield.acceptance_rate": 0.6}), encoding="utf-8")
    return folder


def lines(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
