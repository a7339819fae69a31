"""What a fine-tuning says on the terminal: before it is done (`dry_run=true`) and at its end.

examples  1,204 to train on, 63 held out (openai_chat)
tokens    412,300 to 431,800 over 2 epochs
cost      $0.3298 to $0.3454
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.finetune.bill import REMEDY, Bill
from selfinstruct.finetune.curve import Curve
from selfinstruct.finetune.data import TrainingData
from selfinstruct.models.limits import LimitOptions

Dollars = Callable[[float], str]
_WIDTH = 70


@dataclass(frozen=True)
class Shown:
    """How the command shows things: dollars, a path as seen from here, with a tracker, as one arm of a sweep."""

    dollars: Dollars
    near: Callable[[Path], str]
    folder: Path
    is_tracked: bool
    is_arm: bool


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """Return labels and texts in two columns."""
    return "\n".join(f"{label:9} {text}" for label, text in pairs)


def examples(data: TrainingData) -> str:
    """Return how many examples there are, and in which form."""
    held_out = f", {len(data.validation):,} held out" if data.validation else ""
    return f"{len(data.train):,} to train on{held_out} ({data.form})"


def too_long(metrics: Mapping[str, float]) -> str:
    """Return what became of the examples that were too long; nothing where there were none."""
    dropped, cut = (int(metrics.get(name, 0)) for name in ("examples_dropped", "examples_cut"))
    parts = [f"{number:,} {what}" for number, what in ((dropped, "left out"), (cut, "cut")) if number]
    return f"; too long: {', '.join(parts)}" if parts else ""


def tokens(bill: Bill) -> str:
    """Return the range of tokens that will be trained on: "412,300 to 431,800 over 2 epochs"."""
    low, high = bill.epochs
    epochs = f"{low} to {high} epochs (auto)" if low != high else f"{low} epoch{'s' if low != 1 else ''}"
    return f"{_range(bill.tokens, '{:,}'.format)} over {epochs}"


def cost(bill: Bill, dollars: Dollars) -> str:
    """Return the range of the price, or why there is none."""
    if bill.cost_usd is None:
        return f"undefined, because the price of training is not known; {REMEDY}"
    return _range(bill.cost_usd, dollars)


def price(bill: Bill, dollars: Dollars) -> str:
    """Return on one line what a job will take, before it is created."""
    return f"{bill.examples:,} examples, tokens {tokens(bill)}, cost {cost(bill, dollars)}"


def order(file_name: str, size_bytes: int, mark: str) -> tuple[str, str]:
    """Return what would be uploaded and how its job is marked."""
    return "file", f"{file_name} ({size_bytes:,} bytes); its job is marked {mark}"


def bill_rows(bill: Bill, limits: LimitOptions, dollars: Dollars) -> list[tuple[str, str]]:
    """Return tokens, price, and what each cap that is set means for this job."""
    lines = [("tokens", f"{tokens(bill)}; the longest example has {bill.longest:,}"), ("cost", cost(bill, dollars))]
    for key, cap, needed in (
        ("max_tokens", limits.max_tokens, bill.tokens),
        ("max_cost_usd", limits.max_cost_usd, bill.cost_usd),
    ):
        if cap is not None and needed is not None:
            meaning = "is below the highest figure: the job will be refused" if needed[1] > cap else "is high enough"
            lines.append(("cap", f"limits.{key}={cap:g} {meaning}"))
    return lines


def rehearsal(
    base: str,
    data: TrainingData,
    settings: Mapping[str, Any],
    places: tuple[str, str],
    more: Iterable[tuple[str, str]],
) -> str:
    """Return what a fine-tuning would do. `places`: the run's folder and the tuned model's, as seen from here."""
    pairs = [
        ("base", base),
        ("examples", examples(data)),
        ("data", f"sha256 {data.sha256}"),
        ("", f"from {places[0]}"),
        *more,
        *_wrapped("settings", ", ".join(f"{key}={value}" for key, value in settings.items())),
        ("folder", places[1]),
    ]
    return f"{rows(pairs)}\n\nNothing was sent and nothing was written."


def summary(manifest: Mapping[str, Any], data: TrainingData, curve: Curve, bill: Bill | None, shown: Shown) -> str:
    """Return the closing words: how it went, what it cost, where the model is and how it is used."""
    folder = shown.near(shown.folder)
    tuned, use = (str(manifest[name]).replace(str(shown.folder), folder) for name in ("tuned_model", "usable_as"))
    if shown.is_arm:
        return f"{folder}: {manifest['status']}, {tuned}; {losses(curve)}"
    trained = manifest["trained_tokens"]
    pairs = [
        ("base", manifest["model"]),
        ("examples", examples(data) + too_long(manifest["metrics"])),
        ("losses", losses(curve)),
        ("tokens", "not told" if trained is None else f"{trained:,} trained"),
        *([("cost", paid(manifest, bill, shown.dollars))] if bill else []),
        *([("job", manifest["job_id"])] if manifest["job_id"] else []),
        ("model", tuned),
        ("folder", folder),
        *([("curve", f"{folder}/report/losses.png")] if curve.has("loss") else []),
        ("use", f"selfinstruct run {use}"),
        ("", f"selfinstruct evaluate {use}"),
        *([("look", "selfinstruct ui")] if shown.is_tracked else []),
    ]
    return rows(pairs)


def paid(manifest: Mapping[str, Any], bill: Bill, dollars: Dollars) -> str:
    """Return what a job cost, or why nobody knows."""
    if manifest["cost_usd"] is not None:
        return dollars(manifest["cost_usd"])
    if bill.usd_per_token is None:
        return f"undefined, because the price of training is not known; {REMEDY}"
    return "undefined, because the provider did not say how many tokens it trained"


def losses(curve: Curve) -> str:
    """Return how the losses went from their first step to their last."""
    found = curve.series()
    ends = {name: (points[0][1], points[-1][1]) for name, points in found.items()}
    parts = [
        f"{name.replace('_', ' ')} {ends[f'series.{name}'][0]:.4g} to {ends[f'series.{name}'][1]:.4g}"
        for name in ("loss", "validation_loss")
        if f"series.{name}" in ends
    ]
    steps = max(curve.told, default=0)
    return f"{', '.join(parts)} ({steps:,} step{'s' if steps != 1 else ''})" if parts else "not told"


def _wrapped(label: str, text: str) -> list[tuple[str, str]]:
    """One row for each line of a long text."""
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [(label if place == 0 else "", line) for place, line in enumerate(lines)]


def _range(values: tuple[Any, Any], shown: Callable[[Any], str]) -> str:
    low, high = shown(values[0]), shown(values[1])
    return low if low == high else f"{low} to {high}"
