"""What a run achieved, as numbers: read from its run folder, made for a tracker and for comparing runs.

A run folder, its manifest and the seed instructions go in, a flat dictionary comes out. A number that is not defined
(the mean of nothing, a price that nobody knows) is absent, never 0 and never NaN:

    {"funnel.candidates": 2140.0, "funnel.share.too_similar": 0.21, "yield.acceptance_rate": 0.47, "cost.usd": 1.83}

Names hold dots and words only, so that they can be asked for: metrics.`yield.acceptance_rate` > 0.4
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import fmean, median
from typing import Any

from selfinstruct import runs
from selfinstruct.diversity.saturation import count_new_words
from selfinstruct.jsonl import read, write_text
from selfinstruct.novelty import highest_scores
from selfinstruct.records import INSTRUCTIONS
from selfinstruct.tally import per_unit
from selfinstruct.text import count_words

REPORT = "report/metrics.json"
MAX_POINTS = 500


def measure(folder: Path, manifest: Mapping[str, Any], seed_instructions: Sequence[str]) -> dict[str, float]:
    """Return the metrics of a run by name; shares are 0..1, lengths in words, costs in US dollars.

    Counts and usage come from the manifest, lengths and diversity from the accepted instructions and their instances,
    so a run that was stopped is measured by what it has written.

    Args:
        manifest: that of the folder, as it is or as it is about to be written.

    Raises:
        InputError: a file of the run folder is missing or cannot be read.
    """
    counts, usage = manifest.get("counts") or {}, manifest.get("usage") or {}
    return {
        **_funnel(counts),
        **_yield(counts),
        **_classification(counts),
        **_instructions(folder, seed_instructions, tokenizer_of(manifest)),
        **_instances(folder),
        **_parsing(counts),
        **_usage(usage),
        **_costs(manifest.get("cost_usd"), counts),
        **_tokens_per_unit(counts, usage),
    }


def tokenizer_of(manifest: Mapping[str, Any]) -> str:
    """Return the tokenizer that judged novelty, so that likeness to the seeds has the scale of that to the pool."""
    judged_by = (manifest.get("thresholds") or {}).get("instruction") or {}
    return str(judged_by.get("tokenizer") or "rouge")


def _funnel(counts: Mapping[str, Any]) -> dict[str, float]:
    """Each step's total, the count of every rule, and its share of the step; the shares of a step add up to 1."""
    metrics = {f"funnel.{name}": float(counts[name]) for name in ("accepted", "instances") if name in counts}
    for step, share, rules in (
        ("candidates", "share", "candidate_rules"),
        ("pairs", "pairs_share", "instance_rules"),
    ):
        if step not in counts:
            continue
        total = counts[step]
        metrics[f"funnel.{step}"] = float(total)
        for rule, count in counts.get(rules, {}).items():
            metrics[f"funnel.{step}.{rule}"] = float(count)
            metrics |= _ratio(f"funnel.{share}.{rule}", count, total)
    return metrics


def _yield(counts: Mapping[str, Any]) -> dict[str, float]:
    accepted, requests = counts.get("accepted"), counts.get("requests", {})
    return {
        **_ratio("yield.per_request", accepted, requests.get(INSTRUCTIONS)),
        **_ratio("yield.acceptance_rate", accepted, counts.get("judged")),
    }


def _classification(counts: Mapping[str, Any]) -> dict[str, float]:
    """The share of yes among the readable answers; how many were not readable stands beside it."""
    answers = counts.get("classification", {})
    if not any(answers.values()):
        return {}
    yes, no = answers.get("yes", 0), answers.get("no", 0)
    unreadable = {"classification.unreadable": float(answers.get("unreadable", 0))}
    return unreadable | _ratio("classification.share", yes, yes + no)


def _instructions(folder: Path, seed_instructions: Sequence[str], tokenizer: str) -> dict[str, float]:
    """Lengths, and similarity as each instruction's highest ROUGE-L: to the seeds, and to the pool that it joined."""
    records = list(_records(folder, runs.INSTRUCTIONS))
    texts = [record["instruction"] for record in records]
    words = [count_words(text) for text in texts]
    to_seeds = highest_scores(seed_instructions, texts, tokenizer).tolist() if seed_instructions else []
    to_pool = [max(record["most_similar"].values()) for record in records if record["most_similar"]]
    metrics = _mean("length.instruction_words_mean", words) | _mean("diversity.rouge_l_to_pool_mean", to_pool)
    if to_seeds:
        metrics |= _mean("diversity.rouge_l_to_seeds_mean", to_seeds)
        metrics["diversity.rouge_l_to_seeds_median"] = float(median(to_seeds))
        metrics["diversity.rouge_l_to_seeds_max"] = float(max(to_seeds))
    return metrics


def _instances(folder: Path) -> dict[str, float]:
    inputs, outputs, total = [], [], 0
    for record in _records(folder, runs.INSTANCES):
        total += 1
        outputs.append(count_words(record["output"]))
        if record["input"].strip():
            inputs.append(count_words(record["input"]))
    with (folder / runs.INSTRUCTIONS).open("rb") as lines:
        instructions = sum(1 for _ in lines)
    return {
        **_mean("length.input_words_mean", inputs),
        **_mean("length.output_words_mean", outputs),
        **_ratio("instances.per_instruction", total, instructions),
        **_ratio("instances.empty_input_share", total - len(inputs), total),
    }


def _parsing(counts: Mapping[str, Any]) -> dict[str, float]:
    """The share of each stage's answers that were read, their number beside it, and what readers dropped, by rule."""
    metrics: dict[str, float] = {}
    for stage, parsed in (counts.get("parsing") or {}).items():
        metrics |= _ratio(f"parse.yield.{stage}", parsed["read"], parsed["answers"])
        metrics |= {f"parse.{name}.{stage}": float(parsed[name]) for name in ("answers", "items")}
        metrics |= {f"parse.dropped.{stage}.{rule}": float(count) for rule, count in parsed["dropped"].items()}
    return metrics


def _usage(usage: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Usage by stage. Tokens are absent where the provider did not count those of some request."""
    metrics: dict[str, float] = {}
    counted: list[float] = []
    for stage, used in usage.items():
        known = [name for name in ("requests", "unpriced", "uncounted", "in_vain") if name in used]
        if not used.get("uncounted"):
            known += ["prompt_tokens", "completion_tokens"]
            counted.append(used["prompt_tokens"] + used["completion_tokens"])
        if not used["unpriced"]:
            known.append("cost_usd")
        metrics |= {f"usage.{stage}.{name}": float(used[name]) for name in known}
    if counted and len(counted) == len(usage):
        metrics["usage.total_tokens"] = float(sum(counted))
    return metrics


def _costs(cost_usd: float | None, counts: Mapping[str, Any]) -> dict[str, float]:
    if cost_usd is None:
        return {}
    return {
        "cost.usd": float(cost_usd),
        **_ratio("cost.per_accepted_usd", cost_usd, counts.get("accepted")),
        **_ratio("cost.per_instance_usd", cost_usd, counts.get("instances")),
    }


def _tokens_per_unit(counts: Mapping[str, Any], usage: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Tokens of the whole run by accepted instruction and by kept instance, absent where they are undefined."""
    if not usage or "accepted" not in counts or "instances" not in counts:
        return {}
    units = {"accepted_instruction": "per_accepted", "kept_instance": "per_instance"}
    return {
        f"usage.{units[unit]}.{name}": value
        for unit, values in per_unit(counts, usage).items()
        for name, value in values.items()
        if isinstance(value, float) and name != "cost_usd"
    }


def _ratio(name: str, part: float | None, whole: float | None) -> dict[str, float]:
    return {name: part / whole} if part is not None and whole else {}


def _mean(name: str, values: Sequence[float]) -> dict[str, float]:
    return {name: fmean(values)} if values else {}


def _records(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    return (record for _, record in read(folder / name))


def series(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return how the pool grew, as points (request, value), at most 500 of each series.

    All of them are "so far". series.accepted_total; series.acceptance_rate: accepted by candidates judged;
    series.yield_per_request: accepted by requests; series.new_word_share: words that neither the seeds nor earlier
    instructions had, by all words accepted; series.cost_usd: what the bootstrap requests cost, and
    series.cost_per_accepted_usd: that by accepted, both absent where the price of a request is not known. A run that
    goes on keeps the points it had, apart from the last one. Empty where the folder has no requests.jsonl.

    Raises:
        InputError: requests.jsonl cannot be read.
    """
    if not (folder / runs.REQUESTS).is_file():
        return {}
    requests = list(_records(folder, runs.REQUESTS))
    steps = _thinned(len(requests))
    judged = list(accumulate(request["judged"] for request in requests))
    accepted = [request["accepted_total"] for request in requests]
    lines = {
        "series.accepted_total": [(step, float(accepted[step])) for step in steps],
        "series.acceptance_rate": [(step, accepted[step] / judged[step]) for step in steps if judged[step]],
        "series.yield_per_request": [(step, accepted[step] / (step + 1)) for step in steps],
    }
    if all(request["cost_usd"] is not None for request in requests):
        cost = list(accumulate(request["cost_usd"] for request in requests))
        lines["series.cost_usd"] = [(step, float(cost[step])) for step in steps]
        lines["series.cost_per_accepted_usd"] = [
            (step, cost[step] / accepted[step]) for step in steps if accepted[step]
        ]
    if (folder / runs.INSTRUCTIONS).is_file() and (folder / runs.SEEDS).is_file():
        words = _words(folder, [request["request"] for request in requests])
        lines["series.new_word_share"] = [(step, words[step][1] / words[step][0]) for step in steps if words[step][0]]
    return {name: points for name, points in lines.items() if points}


def _words(folder: Path, requests: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each request how many words were accepted so far, and how many of them were new."""
    seeds = [record["instruction"] for record in _records(folder, runs.SEEDS)]
    found = count_new_words(runs.read_instructions(folder), seeds)
    counts = [found.get(request, (0, 0)) for request in requests]
    return list(accumulate(counts, lambda total, more: (total[0] + more[0], total[1] + more[1])))


def _thinned(length: int) -> list[int]:
    """Every 1st, 2nd, 4th, 8th, ... position and the last: more positions keep a part of the fewer ones."""
    stride = 1
    while -(-length // stride) >= MAX_POINTS:
        stride *= 2
    steps = list(range(0, length, stride))
    return steps if not steps or steps[-1] == length - 1 else [*steps, length - 1]


def write_report_metrics(folder: Path, metrics: Mapping[str, float]) -> Path:
    """Write the metrics to report/metrics.json, names sorted, and return its path."""
    path = folder / REPORT
    write_text(path, json.dumps(metrics, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")
    return path
