"""What a command prints at its end: the funnel, what each stage used, where the dataset is, how to look at it.

A manifest comes in, text goes out, no wider than a terminal of 80 columns (apart from long paths).
"""

from __future__ import annotations

import json
import math
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from selfinstruct.models.prices import REMEDY
from selfinstruct.runs import DRIED_UP
from selfinstruct.tally import per_unit

REPORT = "report/report.html"
_WIDTH = 80
_ORDER = ("instructions", "classification", "instances")


def run_summary(folder: Path, manifest: Mapping[str, Any], ui_hint: str | None) -> str:
    """Return the closing words of a run: funnel, usage, paths. `ui_hint`: the command that opens the tracking UI."""
    counts = manifest["counts"]
    parts = [
        funnel_table(counts),
        *([usage_table(manifest), ""] if manifest["usage"] else []),
        _requests_line(manifest),
        f"dataset  {near(folder / 'instances.jsonl')} ({counts['instances']:,} instances)",
        f"exports  {near(folder / 'export')}",
        *([f"report   {near(folder / REPORT)}"] if (folder / REPORT).is_file() else []),
        f"sha256   {manifest['dataset_sha256']}",
        f"status   {_status(manifest)}",
    ]
    if "note" in manifest:
        parts.append(f"note     {counts['newly_kept']:,} newly kept. {manifest['note']}")
    if ui_hint:
        parts.append(f"look     {ui_hint}")
    return "\n".join(parts)


def funnel_table(counts: Mapping[str, Any]) -> str:
    """Return the funnel: every step with its total, every rule with its count and share."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="Funnel", title_justify="left", title_style="bold")
    table.add_column("step")
    table.add_column("count", justify="right")
    table.add_column("share", justify="right")
    for title, total, rules in (
        ("candidates", counts["candidates"], counts["candidate_rules"]),
        ("instances written", counts["pairs"], counts["instance_rules"]),
    ):
        table.add_row(title, f"{total:,}", "", style="bold")
        for rule, count in rules.items():
            table.add_row(f"  {rule}", f"{count:,}", f"{count / total:.1%}" if total else "")
    return rendered(table)


def usage_table(manifest: Mapping[str, Any]) -> str:
    """Return what each stage used and how much of it could be read, and what one instruction and instance took."""
    from rich import box
    from rich.table import Table

    counts, usage = manifest["counts"], manifest["usage"]
    parsing = counts.get("parsing", {})  # run folders of earlier versions have none
    table = Table(box=box.SIMPLE_HEAD, title="Usage", title_justify="left", title_style="bold")
    table.add_column("stage")
    for name in ("requests", "answers\nread", "prompt\ntokens", "completion\ntokens", "cost"):
        table.add_column(name, justify="right")
    for stage in sorted(usage, key=_ORDER.index):
        table.add_row(stage, *_used([usage[stage]], parsing.get(stage)))
    table.add_row("all", *_used(list(usage.values()), None), style="bold")
    return "\n".join([rendered(table), *_not_read(parsing), *_unit_lines(counts, usage)])


def _used(stages: Sequence[Mapping[str, Any]], parsed: Mapping[str, Any] | None) -> list[str]:
    """Return the cells of a row; "?" stands for a sum with a part that nobody knows."""
    total: Counter[str] = Counter()
    for stage in stages:
        total.update(stage)
    tokens = ["?" if total["uncounted"] else f"{total[name]:,}" for name in ("prompt_tokens", "completion_tokens")]
    share = _percent(parsed["read"], parsed["answers"]) if parsed else ""
    return [f"{total['requests']:,}", share, *tokens, "?" if total["unpriced"] else dollars(total["cost_usd"])]


def _not_read(parsing: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return one line for each stage of which something could not be read: how many answers, and which rule dropped."""
    lines = []
    for stage in sorted(parsing, key=_ORDER.index):
        parsed = parsing[stage]
        if parsed["dropped"]:
            rules = ", ".join(f"{rule} {count:,}" for rule, count in parsed["dropped"].items())
            not_read = f"{parsed['answers'] - parsed['read']:,} of {parsed['answers']:,} answers not read"
            lines.append(_wrapped(f"{stage}: {not_read}; items dropped by the reader: {rules}"))
    return lines


def _unit_lines(counts: Mapping[str, Any], usage: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for unit, values in per_unit(counts, usage).items():
        prompt, completion, cost = values["prompt_tokens"], values["completion_tokens"], values["cost_usd"]
        tokens, price = f"tokens {prompt}", f"cost {cost}"  # "undefined, because ..." where there is no number
        if not isinstance(prompt, str):
            tokens = f"{prompt:,.0f} prompt + {completion:,.0f} completion tokens"
        if not isinstance(cost, str):
            price = dollars(cost)
        both = str(prompt) if prompt == cost else f"{tokens}; {price}"
        lines.append(_wrapped(f"per {unit.replace('_', ' ')}: {both}"))
    if any(stage["unpriced"] for stage in usage.values()):
        lines.append(_wrapped(f"to know the cost, {REMEDY}"))
    return lines


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent="  ", break_long_words=False)


def dollars(amount: float) -> str:
    """Return US dollars with four decimals, cents from 100 on, and two significant digits where four were too few."""
    if amount >= 100:
        return f"${amount:,.2f}"
    if amount >= 0.01 or not amount:
        return f"${amount:,.4f}"
    return f"${amount:.{1 - math.floor(math.log10(amount))}f}"


def _percent(part: int, whole: int) -> str:
    """One decimal, rounded down, so that 100 % means all of them."""
    return f"{math.floor(1000 * part / whole) / 10:.1f}%" if whole else ""


def run_line(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return one line about a run, for the runs of a sweep."""
    counts = manifest["counts"]
    return (
        f"{near(folder)}: {_status(manifest)}, {counts['accepted']:,} of {counts['candidates']:,} candidates "
        f"accepted, {counts['instances']:,} instances"
    )


def _requests_line(manifest: Mapping[str, Any]) -> str:
    requests = sum(stage["requests"] for stage in manifest["usage"].values())
    sent = f"{manifest['sent']:,} sent now, {manifest['from_store']:,} from the store"
    return f"requests {requests:,} ({sent})"


def _status(manifest: Mapping[str, Any]) -> str:
    if manifest["status"] == DRIED_UP:
        counts = manifest["counts"]
        return f"dried up at {counts['accepted']:,} of {counts['target']:,}: {manifest['reason']}"
    return str(manifest["status"]) + (f": {manifest['reason']}" if manifest["reason"] else "")


def sweep_table(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Return one row per run of a sweep: what was varied, what came out."""
    from rich import box
    from rich.table import Table

    numbers = [_numbers(Path(outcome["run_dir"])) for outcome in outcomes]
    measured = list(dict.fromkeys(name for of_run in numbers for name in of_run))
    table = Table(box=box.SIMPLE_HEAD, title="Sweep", title_justify="left", title_style="bold")
    for name in ("arm", *measured, "exit", "run folder"):
        table.add_column(name, justify="right" if name in measured else "left")
    varied = _varied([outcome["overrides"] for outcome in outcomes])
    for outcome, arm, of_run in zip(outcomes, varied, numbers, strict=True):
        exit_code = str(outcome["exit_code"])
        place = near(Path(outcome["run_dir"])) if outcome["run_dir"] else "-"
        table.add_row(arm, *(of_run.get(name, "-") for name in measured), exit_code, place)
    return rendered(table)


def _varied(overrides: Sequence[Sequence[str]]) -> list[str]:
    """Leave out what all runs share, and of each key all but its last part."""
    shared = set(overrides[0]).intersection(*overrides) if len(overrides) > 1 else set()
    return [
        " ".join(override.rpartition("=")[0].rpartition(".")[2] + "=" + override.rpartition("=")[2] for override in arm)
        for arm in ([override for override in arm if override not in shared] for arm in overrides)
    ]


def _numbers(folder: Path) -> dict[str, str]:
    """Return what a run's row says of it, by column: its funnel, an evaluation's scores in percent, a tuning's loss."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest.get("verb") == "finetune":
            loss = manifest["metrics"].get("loss")
            return {"examples": f"{manifest['data']['examples']:,}"} | ({"loss": f"{loss:.3f}"} if loss else {})
        counts = manifest["counts"]
    except (OSError, ValueError, KeyError):
        return {}
    if manifest.get("verb") == "evaluate":
        scores, names = manifest.get("scores", {}), {"rouge_l": "ROUGE-L", "exact_match": "exact match"}
        found = {name: scores.get(f"evaluation.{key}") for key, name in names.items()}
        return {"items": f"{counts['items']:,}"} | {key: f"{one:.2f}" for key, one in found.items() if one is not None}
    if "judged" not in counts:
        return {}
    share = f"{counts['accepted'] / counts['judged']:.1%}" if counts["judged"] else "-"
    numbers = {name: f"{counts[name]:,}" for name in ("accepted", "candidates", "instances")}
    return {"accepted": numbers["accepted"], "candidates": numbers["candidates"], "yield": share} | numbers


def near(path: Path) -> str:
    """Return the path as seen from here, where it is below the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def rendered(table: Any) -> str:
    """Return a rich table as plain text, as wide as it needs to be."""
    from rich.console import Console

    buffer = StringIO()
    Console(file=buffer, width=160, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().strip("\n").splitlines())
