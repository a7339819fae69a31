"""Histograms: how similar the instructions are to seeds and pool, and how long everything is."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from selfinstruct.figures import say
from selfinstruct.report.contents import Contents
from selfinstruct.report.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 40
_SHOWN, _FAR = 0.99, 1.5  # the longest one in a hundred are left out where they would squeeze all others


def draw_similarity(contents: Contents) -> Figure:
    """Draw the highest ROUGE-L of each accepted instruction: to any seed, and to the pool that it joined."""
    found = contents.diversity.similarities
    figure, (left, right) = style.new_figure(
        "How new the instructions are", columns=2, is_empty=not (found.to_seeds or found.to_pool)
    )
    is_empty = not contents.instructions
    no_seed = "nothing was accepted" if is_empty else "there is no seed"
    no_record = "nothing was accepted" if is_empty else "the run recorded no similarities"
    _scores(left, found.to_seeds, "highest ROUGE-L to a seed", style.BLUE, no_seed)
    _scores(right, found.to_pool, "highest ROUGE-L to the pool it joined", style.GREEN, no_record)
    return figure


def _scores(axis: Axes, scores: Sequence[float], name: str, colour: str, nothing: str) -> None:
    if not scores:
        style.say(axis, f"Undefined, because {nothing}.")
        return
    counted, edges, _ = axis.hist(
        scores, bins=[step / 25 for step in range(26)], color=colour, alpha=0.85, edgecolor="white", linewidth=0.6
    )
    for times, low, high, bar in zip(counted, edges, edges[1:], axis.patches, strict=False):
        say(bar, f"{low:.2f} to {high:.2f}: {times:,.0f} of {len(scores):,} instructions")
    axis.set_xlim(0, 1)
    _mark(axis, fmean(scores), f"mean {fmean(scores):.2f}")
    style.caption(axis, f"{name}  (n = {len(scores):,})")
    style.label(axis, "0: nothing in common   1: the same words", "instructions")
    _whole_numbers(axis)


def draw_lengths(contents: Contents) -> Figure:
    """Draw the lengths in words of instructions, of inputs that are not empty, and of outputs."""
    lengths = contents.diversity.lengths
    figure, axes = style.new_figure("How long everything is", columns=3, height=3.2, is_empty=not lengths.instruction)
    panels = (
        ("instruction", lengths.instruction, style.BLUE, "nothing was accepted"),
        ("input that is not empty", lengths.input, style.GREEN, "every input is empty"),
        ("output", lengths.output, style.ORANGE, "there is no instance"),
    )
    for axis, (name, words, colour, nothing) in zip(axes, panels, strict=True):
        _words(axis, sorted(words), name, colour, nothing)
    return figure


def _words(axis: Axes, words: Sequence[int], name: str, colour: str, nothing: str) -> None:
    style.caption(axis, f"{name}  (n = {len(words):,})" if words else name)
    if not words:
        style.say(axis, f"Undefined, because {nothing}.")
        return
    usual = words[min(len(words) - 1, int(_SHOWN * len(words)))]
    longest = max(usual if words[-1] > _FAR * usual else words[-1], 5)
    width = max(1, -(-longest // _BINS))
    hidden = sum(length > longest for length in words)
    edges = [edge - 0.5 for edge in range(0, longest + width + 1, width)]
    counted, *_ = axis.hist(words, bins=edges, color=colour, alpha=0.85, edgecolor="white", linewidth=0.5)
    for times, edge, bar in zip(counted, edges, axis.patches, strict=False):
        lengths = f"{edge + 0.5:.0f}" + (f" to {edge + width - 0.5:.0f}" if width > 1 else "")
        say(bar, f"{lengths} words: {times:,.0f} of {len(words):,} texts")
    _mark(axis, fmean(words), f"mean {fmean(words):.1f}")
    beyond = f"   (not shown: {hidden:,} longer, up to {words[-1]:,})" if hidden else ""
    style.label(axis, f"words{beyond}", "texts")
    _whole_numbers(axis)


def _mark(axis: Axes, value: float, text: str) -> None:
    """A line at the mean, its number on the side where there is room."""
    low, high = axis.get_xlim()
    is_right = value > low + 0.65 * (high - low)
    axis.set_ylim(0, axis.get_ylim()[1] * 1.16)
    axis.axvline(value, color=style.INK, linewidth=1.2, linestyle=(0, (4, 3)))
    axis.annotate(
        text,
        (value, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(-6 if is_right else 6, 0),
        textcoords="offset points",
        ha="right" if is_right else "left",
        va="top",
        fontsize=8.5,
        color=style.INK,
    )


def _whole_numbers(axis: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.grid(axis="y", color=style.LINE, linewidth=0.6)
