"""Shares side by side: for each criterion one mark an arm, with Wilson's interval. Counts go in, a PNG comes out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from selfinstruct.compare.style import COLOURS, INK, MARKS, new_figure, save, tidy
from selfinstruct.compare.wording import share_text
from selfinstruct.figures import say
from selfinstruct.statistics import Count, wilson

_NOTHING = Count(0, 0)  # an arm that does not have this rate


def shares_plot(counts: Mapping[str, Mapping[str, Count]], path: Path, level: float = 0.95) -> Path:
    """Draw the share of yes by criterion and arm and return the path; what is undefined is left out of the picture."""
    arms = list(dict.fromkeys(arm for by_arm in counts.values() for arm in by_arm))
    step = 0.8 / max(2, len(arms))
    figure = new_figure(8.5, 1.1 + len(counts) * max(0.45, 0.17 * len(arms)))
    axes = figure.subplots()
    for index, arm in enumerate(arms):
        colour = COLOURS[index % len(COLOURS)]
        label: str | None = arm
        for row, (name, by_arm) in enumerate(counts.items()):
            found = wilson(by_arm.get(arm, _NOTHING), level)
            if found.value is None or found.low is None or found.high is None:
                continue
            place = row + (index - (len(arms) - 1) / 2) * step
            told = f"{name}, {arm}: {by_arm[arm].yes:,} of {found.n:,}, {share_text(found)}"
            (line,) = axes.plot([100 * found.low, 100 * found.high], [place, place], color=colour, linewidth=2)
            mark = MARKS[index % len(MARKS)]
            (dot,) = axes.plot(100 * found.value, place, mark, color=colour, markersize=6, label=label, clip_on=False)
            say(line, told)
            say(dot, told)
            label = None
    axes.set_yticks(range(len(counts)), list(counts))
    axes.set_ylim(len(counts) - 0.45, -0.55)
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"share, % (lines: Wilson's interval at {level:.0%})", fontsize=9, color=INK)
    tidy(axes)
    axes.tick_params(axis="y", labelsize=10)
    figure.legend(loc="outside upper center", ncols=min(len(arms), 5), frameon=False, fontsize=9)
    return save(figure, path)
