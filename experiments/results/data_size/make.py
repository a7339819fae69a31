"""How much does a model gain from more instructions? The study with the offline model's data and a tiny model.

    python experiments/results/data_size/make.py       (needs make train; about four minutes on two cores)

The base model has random weights (tests/tiny_model.py). What is asked of it are instances that the offline model wrote
under another random seed, with their outputs as references. Writes table.md and curve.png beside this file.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from selfinstruct.compare.style import COLOURS, INK, new_figure, save, tidy
from selfinstruct.compare.tables import Table, as_markdown
from selfinstruct.jsonl import read, write, write_text

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SIZES = (50, 100, 200, 400)
ASKED = 200
MEASURES = {"rouge_l": "ROUGE-L", "rouge_1": "ROUGE-1", "exact_match": "exact match"}
SETTINGS = {
    "finetune": "finetune.include_seed_tasks=false finetune.learning_rate=0.003 "
    "finetune.epochs=4 finetune.batch_size=16",
    "evaluate": "benchmark.completion.max_tokens=60",
    "run": "report=off",
    "refilter": "report=off",
}


def main() -> None:
    """Run the study and keep what is small."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        selfinstruct(folder, "study", "experiments=data_size", *settings(), "tracking=off", "study_dir=study")
        scores = rows(folder / "study" / "compared" / "scores.csv")
        differences = rows(folder / "study" / "compared" / "differences.csv")
        examples = {size: _examples(folder / "study" / f"tuned_{place}") for place, size in enumerate(SIZES, 1)}
    draw(scores)
    write_text(HERE / "table.md", page(scores, differences, examples))


def prepare(folder: Path) -> None:
    """Make the base model and the questions, which no model is trained on."""
    sys.path.insert(0, str(ROOT))
    from tests.tiny_model import make_tiny_model

    make_tiny_model(folder / "base")
    other = ("random_seed=7", "generation.target=400", "tracking=off", "report=off", "run_dir=other")
    selfinstruct(folder, "run", *other)
    largest = ("random_seed=42", f"generation.target={SIZES[-1]}", "tracking=off", "report=off", "run_dir=largest")
    selfinstruct(folder, "run", *largest)
    learned = {line["instruction"] for _, line in read(folder / "largest" / "instructions.jsonl")}
    asked: dict[str, dict[str, object]] = {}
    for _, line in read(folder / "other" / "instances.jsonl"):
        if line["instruction"] not in learned and line["instruction"] not in asked and len(asked) < ASKED:
            known = {"id": f"task-{len(asked)}", "references": [line["output"]]}
            asked[line["instruction"]] = known | {key: line[key] for key in ("instruction", "input")}
    write(folder / "tasks.jsonl", list(asked.values()))


def settings() -> list[str]:
    """Return the overrides of the study."""
    sizes = [f"settings.size_{place}={size}" for place, size in enumerate(SIZES, 1)]
    also = [f"also.{verb}='{said}'" for verb, said in SETTINGS.items()]
    return ["settings.base=base", "settings.tasks=tasks.jsonl", *sizes, *also]


def selfinstruct(folder: Path, *arguments: str) -> None:
    """Run a command of the program."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "selfinstruct.cli", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _examples(folder: Path) -> int:
    return int(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["data"]["examples"])


def draw(scores: list[dict[str, str]]) -> None:
    """Draw each measure against the number of instructions, with its intervals."""
    figure = new_figure(6.4, 3.8)
    axes = figure.subplots()
    for colour, (key, name) in zip(COLOURS, list(MEASURES.items())[:2], strict=False):
        line = [row for row in scores if row["measure"] == key]
        places, means = [int(row["arm"]) for row in line], [float(row["percent"]) for row in line]
        reach = [
            [mean - float(row["low"]) for row, mean in zip(line, means, strict=True)],
            [float(row["high"]) - mean for row, mean in zip(line, means, strict=True)],
        ]
        axes.errorbar(places, means, yerr=reach, marker="o", color=colour, capsize=3, label=name)
    axes.set_xticks([0, *SIZES])
    axes.set_xlabel("instructions that the model was tuned on", color=INK)
    axes.set_ylabel("percent (95 % interval)", color=INK)
    axes.legend(frameon=False)
    tidy(axes, grid="y")
    save(figure, HERE / "curve.png", with_page=False)


def page(scores: list[dict[str, str]], differences: list[dict[str, str]], examples: dict[int, int]) -> str:
    """Return the result as Markdown."""
    by_arm: dict[str, dict[str, str]] = {}
    for row in scores:
        by_arm.setdefault(row["arm"], {})[row["measure"]] = f"{_number(row['percent'])} {_interval(row, 'low', 'high')}"
    table = Table(
        "scores",
        "",
        ("instructions", "examples", *MEASURES.values()),
        tuple(
            (arm, str(examples.get(int(arm), 0)), *(values[key] for key in MEASURES)) for arm, values in by_arm.items()
        ),
    )
    gains = Table(
        "gains",
        "",
        ("instructions", "ROUGE-L less that of 0, points", "p (Holm)"),
        tuple(
            (
                row["arm"],
                f"{100 * float(row['difference']):+.2f} {_interval(row, 'difference_low', 'difference_high', 100)}",
                f"{float(row['holm_p']):.4f}",
            )
            for row in differences
            if row["measure"] == "rouge_l"
        ),
        left=1,
    )
    return f"""# data_size, on the offline model and a tiny model

`python experiments/results/data_size/make.py`, {datetime.datetime.now(datetime.UTC).date()}, which runs
`selfinstruct study experiments=data_size` with a base model of 0.1 million random weights. Asked were {ASKED} instances
that the offline model wrote under another random seed; answers of at most 60 tokens, percent, intervals over the items.

{as_markdown(table).strip()}

![ROUGE-L and ROUGE-1 by the number of instructions, with their intervals](curve.png)

Against the untuned model, item by item:

{as_markdown(gains).strip()}

The model learns the grammar that the offline model writes by, and more of it from more instructions, each seen four
times. This says that the loop closes: data are written, a model is tuned on them, its answers are scored, and the gain
shows with its interval. It says nothing about language models, for which the study is to be run with one.
"""


def _number(text: str) -> str:
    return f"{float(text):.2f}"


def _interval(row: dict[str, str], low: str, high: str, scale: float = 1) -> str:
    return f"({scale * float(row[low]):.2f} to {scale * float(row[high]):.2f})"


if __name__ == "__main__":
    main()
