"""The BDD domain at a glance: which share of scenarios and of step code passes each check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfinstruct.figures import say
from selfinstruct.findings import Finding
from selfinstruct.report.contents import Contents
from selfinstruct.report.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CHECKS = (
    ("bdd.scenario_share", "instructions with a scenario", ""),
    ("bdd.gherkin_share", "scenarios that parse as Gherkin", ""),
    ("bdd.in_order_share", "scenarios in the order Given, When, Then", "scenario"),
    ("bdd.code_compiles_share", "outputs whose code compiles", ""),
    ("bdd.steps_matched_share", "steps with a matching step function", "output"),
    ("bdd.all_steps_matched_share", "outputs that match every step", "output"),
)


def draw_bdd(contents: Contents) -> Figure:
    """Draw a bar for each check, its share and what it rests on."""
    figure, (axis,) = style.new_figure(
        "Does it parse, is it in order, does the code fit?", height=3.3, is_empty=contents.bdd is None
    )
    if contents.bdd is None:
        style.say(axis, "Undefined, because the instructions hold no scenarios.")
        return figure
    findings = contents.bdd.findings()
    axis.barh(range(len(_CHECKS)), [1.0] * len(_CHECKS), color=style.LINE, alpha=0.55, height=0.62)
    bars = axis.barh(
        range(len(_CHECKS)), [findings[name].value or 0.0 for name, _, _ in _CHECKS], color=style.BLUE, height=0.62
    )
    for place, (name, check, things) in enumerate(_CHECKS):
        say(bars[place], f"{check}: {_told(findings[name], things)}")
        _tell(axis, place, findings[name], things)
    axis.set_yticks(range(len(_CHECKS)), [text for _, text, _ in _CHECKS], fontsize=9, color=style.INK)
    axis.set_ylim(len(_CHECKS) - 0.4, -0.6)
    axis.set_xlim(0, 1.7)
    axis.xaxis.set_visible(False)
    for side in ("bottom", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(length=0)
    return figure


def _tell(axis: Axes, place: int, finding: Finding, things: str) -> None:
    if finding.value is None:
        axis.text(0.02, place, _told(finding, things), va="center", fontsize=8, color=style.QUIET, style="italic")
        return
    axis.text(1.015, place, _told(finding, things), va="center", fontsize=8.5, color=style.INK)


def _told(finding: Finding, things: str) -> str:
    if finding.value is None:
        return finding.text()
    missing = f"; {finding.missing:,} {things}{'s' * (finding.missing != 1)} not judged" if finding.missing else ""
    return f"{finding.value:.1%}  of {finding.n:,}{missing}"
