"""How far does refiltering stand from the true rerun? Five thresholds on the offline model, both ways.

    python experiments/results/refilter_vs_rerun/make.py

Runs live at every threshold, then refilters the loosest run at every threshold, and compares them over the requests
that all of them made. Writes table.md and acceptance.png beside this file.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from selfinstruct.jsonl import write_text
from selfinstruct.records import TARGET_REACHED, Candidate
from selfinstruct.runs import read_candidates

HERE = Path(__file__).parent
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
TARGET = 200
LOOKAHEAD = 4  # short, so that the pools feed the prompts early


def main() -> None:
    """Run everything and write the table and the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live = {threshold: _live(folder, threshold) for threshold in THRESHOLDS}
        again = {threshold: _refiltered(folder, threshold) for threshold in THRESHOLDS}
    requests = min(_judged_requests(candidates) for candidates in live.values())
    rows = [
        _row(threshold, _first(live[threshold], requests), _first(again[threshold], requests))
        for threshold in THRESHOLDS
    ]
    write_text(HERE / "table.md", _table(rows, requests))
    _picture(rows)


def _live(folder: Path, threshold: float) -> list[Candidate]:
    return _run(
        folder,
        f"live-{threshold}",
        "run",
        f"generation.target={TARGET}",
        f"generation.lookahead={LOOKAHEAD}",
        f"filters.instruction.max_rouge_l={threshold}",
    )


def _refiltered(folder: Path, threshold: float) -> list[Candidate]:
    source = f"run=live-{max(THRESHOLDS)}"
    return _run(folder, f"again-{threshold}", "refilter", source, f"filters.instruction.max_rouge_l={threshold}")


def _run(folder: Path, name: str, *arguments: str) -> list[Candidate]:
    command = [sys.executable, "-m", "selfinstruct.cli", *arguments, f"run_dir={name}", "tracking=off"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return list(read_candidates(folder / name))


def _judged_requests(candidates: Sequence[Candidate]) -> int:
    """Return how many requests were judged whole, before the target was reached."""
    return next(one.request for one in candidates if one.verdict.rule == TARGET_REACHED)


def _first(candidates: Sequence[Candidate], requests: int) -> list[Candidate]:
    return [candidate for candidate in candidates if candidate.request < requests]


def _row(threshold: float, live: Sequence[Candidate], again: Sequence[Candidate]) -> dict[str, float]:
    kept_live = {candidate.text for candidate in live if candidate.verdict.is_kept}
    kept_again = {candidate.text for candidate in again if candidate.verdict.is_kept}
    differing = (a.request for a, b in zip(live, again, strict=False) if (a.request, a.text) != (b.request, b.text))
    return {
        "threshold": threshold,
        "live": len(kept_live) / len(live),
        "again": len(kept_again) / len(again),
        "overlap": len(kept_live & kept_again) / len(kept_live | kept_again),
        "same_until": next(differing, live[-1].request + 1),
    }


def _table(rows: Sequence[dict[str, float]], requests: int) -> str:
    lines = [
        "# Refilter against the true rerun",
        "",
        f"`python experiments/results/refilter_vs_rerun/make.py`, {datetime.date.today()}: offline model, seeds",
        f"general, the first {requests} requests of every run. Refilter judges the candidates of the live run at",
        f"{max(THRESHOLDS)}, so candidates are the same until the pools differ (look-ahead {LOOKAHEAD}).",
        "",
        "| max_rouge_l | accepted, rerun | accepted, refilter | difference | accepted in both | first other request |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['threshold']} | {row['live']:.1%} | {row['again']:.1%} | {row['again'] - row['live']:+.1%} | "
            f"{row['overlap']:.1%} | {row['same_until']:.0f} |"
        )
    lines += ["", "![Share of candidates accepted by threshold, rerun and refilter](acceptance.png)"]
    return "\n".join(lines) + "\n"


def _picture(rows: Sequence[dict[str, float]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    thresholds = [row["threshold"] for row in rows]
    axes.plot(thresholds, [100 * row["live"] for row in rows], "o-", label="true rerun")
    axes.plot(thresholds, [100 * row["again"] for row in rows], "s--", label="refilter of the run at 0.7")
    axes.set(xlabel="max_rouge_l", ylabel="candidates accepted, %", ylim=(0, 100), xticks=thresholds)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(HERE / "acceptance.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
