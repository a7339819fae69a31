"""What `selfinstruct evaluate` prints at its end: tables and where things are; in a sweep one line for each arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct.compare.evaluated_report import Written
from selfinstruct.evaluation.predictions import PREDICTIONS
from selfinstruct.summary import dollars, near

_SHOWN = ("rouge_l", "exact_match", "grade.acceptable")


def summary(folder: Path, manifest: Mapping[str, Any], written: Written, is_tracked: bool) -> str:
    """Return the closing words: scores and grades, what did not fit, what was sent, where to look."""
    lines = [written.comparison.summary, "", *written.notes, f"requests {_requests(manifest)}"]
    lines += [f"answers  {near(folder / PREDICTIONS)}", f"report   {near(written.comparison.files[0])}"]
    if len(manifest["arms"]) > 1:
        lines.append(f"differ   selfinstruct compare runs=[{near(folder)}]")
    return "\n".join([*lines, *(["look     selfinstruct ui"] if is_tracked else [])])


def _requests(manifest: Mapping[str, Any]) -> str:
    if not manifest["usage"]:
        return "none: the answers were given, and no model was asked"
    cost = "price not known" if manifest["cost_usd"] is None else dollars(manifest["cost_usd"])
    return f"{manifest['sent']:,} sent, {manifest['from_store']:,} from the store; {cost}"


def line(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return one arm of a sweep in one line: "runs/superni-echo-3f1c...: done, 60 items, rouge_l 33.3"."""
    scores = manifest["scores"]
    shown = [f"{name} {scores[key]:g}" for name in _SHOWN if (key := f"evaluation.{name}") in scores]
    items = f"{manifest['counts']['items']:,} items"
    return f"{near(folder)}: {', '.join([manifest['status'], items, *shown])}"
