"""What a study found on the offline model: its table and picture, from the comparison that ends every sweep.

    python experiments/results/make.py lookahead
    python experiments/results/make.py lookahead runs/sweeps/lookahead-5af8ca295c93    (a sweep that has run)

Runs `selfinstruct run -m experiments=<study>` in a folder of its own where no sweep is given. Writes table.md and
curves.png to experiments/results/<study>/.
"""

from __future__ import annotations

import csv
import datetime
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from selfinstruct.compare.tables import Table, as_markdown
from selfinstruct.compare.wording import difference_text, mean_text, share_text, significant
from selfinstruct.jsonl import write_text
from selfinstruct.statistics import Estimate

RATES = ("accepted, of judged", "too similar, of judged")
MEANS = ("accepted per request", "highest ROUGE-L to the pool", "highest ROUGE-L to the seeds")
METRICS = ("diversity.distinct_2", "diversity.compression_ratio", "diversity.vendi_score", "usage.instructions.in_vain")
PICTURE = "curves.png"
HERE = Path(__file__).parent


def main() -> None:
    """Run the study, or read its sweep, and keep what is small."""
    study = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(sys.argv[2]) if len(sys.argv) > 2 else _run(study, Path(folder))
        kept = HERE / study
        kept.mkdir(exist_ok=True)
        shutil.copy(sweep / "compare" / PICTURE, kept / PICTURE)
        write_text(kept / "table.md", page(study, sweep / "compare"))


def _run(study: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "selfinstruct.cli", "run", "-m", f"experiments={study}", "tracking=off"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (sweep,) = (folder / "runs" / "sweeps").iterdir()
    return sweep


def page(study: str, compared: Path) -> str:
    """Return table.md: rates, means and metrics by arm."""
    rates = [row for row in _rows(compared / "rates.csv") if row["rate"] in RATES]
    means = [row for row in _rows(compared / "means.csv") if row["mean"] in MEANS]
    measured = _rows(compared / "metrics.csv")
    arms = list(dict.fromkeys(row["arm"] for row in measured))
    runs = len({row["run"] for row in measured})
    against = next(row["against"] for row in means if row["against"])
    tables = [
        Table("rates", "", ("rate", "arm", "yes", "of", "share (95 %)"), _rates(rates), left=2),
        Table(
            "means", "", ("mean of", "arm", "items", "mean (95 %)", f"less that of {against}"), _means(means), left=2
        ),
        Table("metrics", "", ("metric, mean over runs (lowest to highest)", *arms), _metrics(measured, arms)),
    ]
    body = "\n".join(as_markdown(table) for table in tables)
    return f"""# {study}, on the offline model

`python experiments/results/make.py {study}`, {datetime.date.today()}: {len(arms)} arms, {runs} runs. Intervals are
those of `selfinstruct compare`, by bootstrap over requests, since the items of one answer are not independent.

{body}
![The same rates and means by arm, with their intervals]({PICTURE})
"""


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


def _metrics(rows: Sequence[dict[str, str]], arms: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple((f"`{metric}`", *(_spread(rows, metric, arm) for arm in arms)) for metric in METRICS)


def _spread(rows: Sequence[dict[str, str]], metric: str, arm: str) -> str:
    values = [float(row["value"]) for row in rows if (row["metric"], row["arm"]) == (metric, arm)]
    if not values:
        return "-"
    mean, low, high = (significant(value) for value in (fmean(values), min(values), max(values)))
    return mean if low == high else f"{mean} ({low} to {high})"


def _estimate(row: dict[str, str], value: str, interval: str) -> Estimate:
    numbers = (float(row[column]) for column in (value, f"{interval}_low", f"{interval}_high"))
    return Estimate(*numbers, int(row["n"]))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
