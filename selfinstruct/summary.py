"""What a command prints at its end: the funnel, where the dataset is, what it cost, how to look at it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from selfinstruct.runs import DRIED_UP


def run_summary(folder: Path, manifest: Mapping[str, Any], ui_hint: str | None) -> str:
    """Return the closing words of a run: funnel, usage, paths. `ui_hint`: the command that opens the tracking UI."""
    counts = manifest["counts"]
    parts = [
        funnel_table(counts),
        _usage_line(manifest),
        f"dataset  {near(folder / 'instances.jsonl')} ({counts['instances']:,} instances)",
        f"exports  {near(folder / 'export')}",
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
    return _rendered(table)


def run_line(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return one line about a run, for the runs of a sweep."""
    counts = manifest["counts"]
    return (
        f"{near(folder)}: {_status(manifest)}, {counts['accepted']:,} of {counts['candidates']:,} candidates "
        f"accepted, {counts['instances']:,} instances"
    )


def _usage_line(manifest: Mapping[str, Any]) -> str:
    usage = manifest["usage"].values()
    requests = sum(stage["requests"] for stage in usage)
    tokens = sum(stage["prompt_tokens"] + stage["completion_tokens"] for stage in usage)
    cost = manifest["cost_usd"]
    price = "price not known" if cost is None else f"${cost:,.4f}"
    sent = f"{manifest['sent']:,} sent now, {manifest['from_store']:,} from the store"
    return f"usage    {requests:,} requests ({sent}), {tokens:,} tokens, {price}"


def _status(manifest: Mapping[str, Any]) -> str:
    if manifest["status"] == DRIED_UP:
        counts = manifest["counts"]
        return f"dried up at {counts['accepted']:,} of {counts['target']:,}: {manifest['reason']}"
    return str(manifest["status"]) + (f": {manifest['reason']}" if manifest["reason"] else "")


def sweep_table(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Return one row per run of a sweep: what was varied, what came out."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="Sweep", title_justify="left", title_style="bold")
    for name in ("arm", "accepted", "candidates", "yield", "instances", "exit", "run folder"):
        table.add_column(name, justify="right" if name in {"accepted", "candidates", "yield", "instances"} else "left")
    varied = _varied([outcome["overrides"] for outcome in outcomes])
    for outcome, arm in zip(outcomes, varied, strict=True):
        exit_code = str(outcome["exit_code"])
        table.add_row(arm, *_numbers(Path(outcome["run_dir"])), exit_code, near(Path(outcome["run_dir"])))
    return _rendered(table)


def _varied(overrides: Sequence[Sequence[str]]) -> list[str]:
    """Leave out what all runs share, and of each key all but its last part."""
    shared = set(overrides[0]).intersection(*overrides) if len(overrides) > 1 else set()
    return [
        " ".join(override.rpartition("=")[0].rpartition(".")[2] + "=" + override.rpartition("=")[2] for override in arm)
        for arm in ([override for override in arm if override not in shared] for arm in overrides)
    ]


def _numbers(folder: Path) -> list[str]:
    try:
        counts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    except (OSError, ValueError, KeyError):
        return ["-"] * 4
    share = f"{counts['accepted'] / counts['judged']:.1%}" if counts["judged"] else "-"
    return [f"{counts['accepted']:,}", f"{counts['candidates']:,}", share, f"{counts['instances']:,}"]


def near(path: Path) -> str:
    """Return the path as seen from here, where it is below the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _rendered(table: Any) -> str:
    from rich.console import Console

    buffer = StringIO()
    Console(file=buffer, width=160, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().strip("\n").splitlines())
