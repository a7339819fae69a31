"""What a study found on the offline model: its table and picture, from the comparison that ends every sweep.

    python experiments/results/make.py lookahead
    python experiments/results/make.py lookahead runs/sweeps/lookahead-5af8ca295c93    (a sweep that has run)

Runs `selfinstruct run -m experiments=<study>` in a folder of its own where no sweep is given. Writes table.md and a
picture to experiments/results/<study>/: the comparison's curves, or dots where the arms are no numbers.
"""

from __future__ import annotations

import csv
import datetime
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean

from selfinstruct.compare.arms import arms_of
from selfinstruct.compare.run_folders import expand, read_runs
from selfinstruct.compare.run_items import read_items
from selfinstruct.compare.style import COLOURS, INK, new_figure, save, tidy
from selfinstruct.compare.tables import Table, as_markdown
from selfinstruct.compare.wording import difference_text, mean_text, share_text, significant
from selfinstruct.jsonl import write_text
from selfinstruct.randomness import generator
from selfinstruct.statistics import Estimate, mean_difference

RATES = ("accepted, of judged", "too similar, of judged")
MEANS = ("accepted per request", "highest ROUGE-L to the pool", "highest ROUGE-L to the seeds")
DIVERSITY = ("diversity.distinct_2", "diversity.compression_ratio", "diversity.vendi_score")
TOKENS = ("usage.per_accepted.completion_tokens", "usage.per_instance.completion_tokens", "instances.per_instruction")
METRICS = {"prompt_templates": DIVERSITY + TOKENS}
USUAL = (*DIVERSITY, "usage.instructions.in_vain")
CURVES, DOTS = "curves.png", "dots.png"
SHOWN = {
    CURVES: "The same rates and means by arm, with their intervals",
    DOTS: "The same means by arm, with their intervals, and the completion tokens of every run by accepted instruction",
}
HERE = Path(__file__).parent


def main() -> None:
    """Run the study, or read its sweep, and keep what is small."""
    study = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(sys.argv[2]) if len(sys.argv) > 2 else _run(study, Path(folder))
        kept = HERE / study
        kept.mkdir(exist_ok=True)
        picture = CURVES if (sweep / "compare" / CURVES).is_file() else DOTS
        if picture == CURVES:
            shutil.copy(sweep / "compare" / CURVES, kept / CURVES)
        else:
            draw_dots(sweep / "compare", kept / DOTS)
        pairs = "" if picture == CURVES else pairs_of(sweep)
        write_text(kept / "table.md", page(study, sweep / "compare", picture, pairs))


def _run(study: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "selfinstruct.cli", "run", "-m", f"experiments={study}", "tracking=off"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (sweep,) = (folder / "runs" / "sweeps").iterdir()
    return sweep


def page(study: str, compared: Path, picture: str, pairs: str = "") -> str:
    """Return table.md: rates, means and metrics by arm."""
    rates = [row for row in _rows(compared / "rates.csv") if row["rate"] in RATES]
    means = [row for row in _rows(compared / "means.csv") if row["mean"] in MEANS]
    measured = _rows(compared / "metrics.csv")
    metrics = METRICS.get(study, USUAL)
    arms = list(dict.fromkeys(row["arm"] for row in measured))
    runs = len({row["run"] for row in measured})
    against = next(row["against"] for row in means if row["against"])
    tables = [
        Table("rates", "", ("rate", "arm", "yes", "of", "share (95 %)"), _rates(rates), left=2),
        Table(
            "means", "", ("mean of", "arm", "items", "mean (95 %)", f"less that of {against}"), _means(means), left=2
        ),
        Table("metrics", "", ("metric, mean over runs (lowest to highest)", *arms), _metrics(measured, metrics, arms)),
    ]
    body = "\n".join(as_markdown(table) for table in tables)
    return f"""# {study}, on the offline model

`python experiments/results/make.py {study}`, {datetime.date.today()}: {len(arms)} arms, {runs} runs. Intervals are
those of `selfinstruct compare`, by bootstrap over requests, since the items of one answer are not independent.

{body}{pairs}
![{SHOWN[picture]}]({picture})
"""


def pairs_of(sweep: Path) -> str:
    """Return how every pair of arms differs in similarity, with intervals that hold at 95 % all together."""
    items = {arm.name: read_items(arm).means for arm in arms_of(read_runs(expand([sweep])[0])).arms}
    asked = [(name, one, other) for name in MEANS[1:] for one, other in combinations(items, 2)]
    level = 1 - 0.05 / len(asked)
    found = [
        (
            name,
            f"{one} less {other}",
            difference_text(
                mean_difference(
                    items[one][name],
                    items[other][name],
                    seed=generator(1, "pairs", name, one, other).getrandbits(64),
                    level=level,
                    resamples=20_000,
                )
            ),
        )
        for name, one, other in asked
    ]
    table = Table("pairs", "", ("mean of", "arms", f"difference ({level:.1%})"), tuple(found), left=2)
    return f"""
Every pair of arms. {len(asked)} questions are asked, so each interval is one at {level:.1%}: all of them together hold
with 95 % (Bonferroni).

{as_markdown(table)}"""


def draw_dots(compared: Path, path: Path) -> None:
    """Draw similarity with its intervals, and a dot for every run: the tokens that an accepted instruction took."""
    means, measured = _rows(compared / "means.csv"), _rows(compared / "metrics.csv")
    arms = list(dict.fromkeys(row["arm"] for row in measured))
    figure = new_figure(12, 1.2 + 0.5 * len(arms))
    for panel, (axes, name) in enumerate(zip(figure.subplots(1, 3, sharey=True), (*MEANS[1:], TOKENS[0]), strict=True)):
        for place, arm in enumerate(arms):
            colour = COLOURS[place % len(COLOURS)]
            for row in means:
                if (row["mean"], row["arm"]) == (name, arm):
                    found = _estimate(row, "value", "value")
                    interval = [bound for bound in (found.low, found.high) if bound is not None]
                    axes.plot(interval, [place] * len(interval), color=colour, linewidth=2)
                    axes.plot(found.value, place, "o", color=colour, markersize=7)
            runs = [float(row["value"]) for row in measured if (row["metric"], row["arm"]) == (name, arm)]
            axes.plot(runs, [place] * len(runs), "o", color=colour, markersize=7, alpha=0.6)
        tidy(axes)
        axes.set_yticks(range(len(arms)), arms)
        axes.set_ylim(len(arms) - 0.5, -0.5)
        said = "completion tokens by accepted instruction" if panel == 2 else f"{name}, mean and 95 %"
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(said, fontsize=9, color=INK)
    save(figure, path, with_page=False)


def _rates(rows: Sequence[dict[str, str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (row["rate"], row["arm"], row["yes"], row["n"], share_text(_estimate(row, "share", "clustered")))
        for row in rows
    )


def _means(rows: Sequence[dict[str, str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            row["mean"],
            row["arm"],
            row["n"],
            mean_text(_estimate(row, "value", "value")),
            difference_text(_estimate(row, "difference", "difference")) if row["difference"] else "-",
        )
        for row in rows
    )


def _metrics(
    rows: Sequence[dict[str, str]], metrics: Sequence[str], arms: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    return tuple((f"`{metric}`", *(_spread(rows, metric, arm) for arm in arms)) for metric in metrics)


def _spread(rows: Sequence[dict[str, str]], metric: str, arm: str) -> str:
    values = [float(row["value"]) for row in rows if (row["metric"], row["arm"]) == (metric, arm)]
    if not values:
        return "-"
    mean, low, high = (significant(value) for value in (fmean(values), min(values), max(values)))
    return mean if low == high else f"{mean} ({low} to {high})"


def _estimate(row: dict[str, str], value: str, interval: str) -> Estimate:
    columns = (value, f"{interval}_low", f"{interval}_high")
    found, low, high = (float(row[column]) if row[column] else None for column in columns)
    why = row.get(f"{interval}_undefined") or row.get("undefined") or ""
    return Estimate(found, low, high, int(row["n"]), undefined=why)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
