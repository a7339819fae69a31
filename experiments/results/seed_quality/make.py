"""Do flaws of the seed tasks carry over? What can be checked without a person, over the runs of the study.

    python experiments/results/seed_quality/make.py
    python experiments/results/seed_quality/make.py runs/sweeps/seed_quality-c4214e237f9a    (a sweep that has run)

Runs `selfinstruct run -m experiments=seed_quality` in a folder of its own where no sweep is given. Checks the scenarios
of every accepted instruction and the code of every instance, and those of the seed tasks in the same way. Writes
table.md and forest.png beside this file.
"""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from selfinstruct.compare.contrast_table import contrast_table
from selfinstruct.compare.contrasts import Contrast, contrasts
from selfinstruct.compare.forest import forest_plot
from selfinstruct.compare.tables import Table, as_markdown
from selfinstruct.compare.wording import share_text
from selfinstruct.jsonl import read, write_text
from selfinstruct.quality.bdd import BddRecord, measure_bdd
from selfinstruct.randomness import generator
from selfinstruct.records import Instance
from selfinstruct.statistics import Clustered, Count, clustered, mean_difference, wilson

STUDY = "seed_quality"
HIGH, MIXED = "bdd_high", "bdd_mixed"
IN_ORDER, GHERKIN = "in the order Given, When, Then", "parses as Gherkin"
COMPILES, MATCHED = "code compiles", "every step has its function"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Checked:
    """What was checked of one arm: for each check its items, by request, and what broke the order how often."""

    items: dict[str, Clustered]
    faults: Counter[str]

    def count(self, check: str) -> Count:
        """Return how many items passed a check."""
        items = self.items[check]
        return Count(round(sum(items.sums)), items.n, items.missing)


def main() -> None:
    """Run the study, or read its sweep, and keep what is small."""
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(sys.argv[1]) if len(sys.argv) > 1 else run(Path(folder))
        runs = [(outcome["overrides"], Path(outcome["run_dir"])) for outcome in json.loads(_text(sweep / "sweep.json"))]
        folders = {arm: [at for said, at in runs if f"seeds={arm}" in said] for arm in (HIGH, MIXED)}
        seeds = {arm: check([[(0, *task) for task in _seeds(of_arm[0])]]) for arm, of_arm in folders.items()}
        made = {arm: check([_accepted(at) for at in of_arm]) for arm, of_arm in folders.items()}
        found = compare(made)
        shutil.copy(forest_plot(found, Path(folder) / "forest.png"), HERE / "forest.png")
    write_text(HERE / "table.md", page(seeds, made, found, len(runs)))


def run(folder: Path) -> Path:
    """Run the study and return the folder of its sweep."""
    command = [sys.executable, "-m", "selfinstruct.cli", "run", "-m", f"experiments={STUDY}", "tracking=off"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (sweep,) = (folder / "runs" / "sweeps").iterdir()
    return sweep


Task = tuple[int, str, list[Instance]]  # the request that brought it, the instruction, its instances


def check(runs: Sequence[Iterable[Task]]) -> Checked:
    """Check scenarios and code; the items of one request of one run carry it as their cluster."""
    items: dict[str, list[tuple[tuple[int, int], float | None]]] = defaultdict(list)
    faults: Counter[str] = Counter()
    for number, tasks in enumerate(runs):
        for request, instruction, instances in tasks:
            records = measure_bdd([instruction], instances).records
            for name, passed in _passed(records):
                items[name].append(((number, request), passed))
            faults.update(record.order for record in records[:1])
    return Checked({name: clustered(values) for name, values in items.items()}, faults)


def _passed(records: Sequence[BddRecord]) -> Iterable[tuple[str, float | None]]:
    for record in records[:1]:  # the scenario is that of the instruction, so it counts once
        yield GHERKIN, float(record.gherkin)
        yield IN_ORDER, None if record.order == "not readable" else float(not record.order)
    for record in records:
        if record.code is not None:
            yield COMPILES, float(not record.code)
            yield MATCHED, None if record.unmatched is None else float(not record.unmatched and not record.doubled)


def _accepted(folder: Path) -> list[Task]:
    instances: dict[str, list[Instance]] = defaultdict(list)
    for _, line in read(folder / "instances.jsonl"):
        instances[line["instruction"]].append(_instance(line["instruction"], line))
    accepted = [line for _, line in read(folder / "instructions.jsonl")]
    return [(line["request_idx"], line["instruction"], instances[line["instruction"]]) for line in accepted]


def _seeds(folder: Path) -> list[tuple[str, list[Instance]]]:
    tasks = [line for _, line in read(folder / "seeds.jsonl")]
    return [
        (task["instruction"], [_instance(task["instruction"], pair) for pair in task["instances"]]) for task in tasks
    ]


def _instance(instruction: str, line: dict[str, str]) -> Instance:
    return Instance(instruction, line["input"], line["output"], False)


def compare(made: dict[str, Checked]) -> list[Contrast]:
    """Return the arms compared by every check, with the interval of the difference that knows the requests."""
    counts = {name: {arm: checked.count(name) for arm, checked in made.items()} for name in made[HIGH].items}
    return [
        replace(
            contrast,
            clustered=mean_difference(
                made[HIGH].items[contrast.criterion],
                made[MIXED].items[contrast.criterion],
                seed=generator(1, STUDY, contrast.criterion).getrandbits(64),
            ),
        )
        for contrast in contrasts(counts, MIXED)
    ]


def page(seeds: dict[str, Checked], made: dict[str, Checked], found: Sequence[Contrast], runs: int) -> str:
    """Return table.md: the seeds, what came of them, and what broke the order."""
    compared = contrast_table(found, "scenarios and instances", 0.95)
    names = list(made[HIGH].items)
    of_seeds = tuple((name, *(_share(seeds[arm].count(name)) for arm in (HIGH, MIXED))) for name in names)
    every = sum((part[arm].faults for part in (seeds, made) for arm in (HIGH, MIXED)), Counter[str]())
    faults = sorted(every, key=lambda one: (-every[one], one))
    of_faults = tuple(
        (fault or "nothing", *(str(part[arm].faults[fault]) for part in (seeds, made) for arm in (HIGH, MIXED)))
        for fault in faults
    )
    broken = ("what breaks the order", "seeds, high", "seeds, mixed", "generated, high", "generated, mixed")
    return f"""# seed_quality, on the offline model

`python experiments/results/seed_quality/make.py`, {datetime.date.today()}, which runs
`selfinstruct run -m experiments={STUDY}`: two seed sets, {runs} runs of 200 accepted instructions.

The offline model notes which criteria its examples break and breaks them about as often, in ways of its own. So this
says that a flaw of the seeds comes through prompts, filters and pool, is found by the checks, and shows in the
comparison. Nothing here says whether a language model copies flaws: for that, run the study with one.

The seed tasks themselves:

{as_markdown(Table("seeds", "", ("check", HIGH, MIXED), of_seeds))}
What was generated from them:

{as_markdown(compared)}
![The same comparisons, as odds ratios with their intervals](forest.png)

{as_markdown(Table("faults", "", broken, of_faults))}"""


def _share(count: Count) -> str:
    missing = f", {count.missing} not judged" if count.missing else ""
    return f"{count.yes} of {count.n}{missing}: {share_text(wilson(count))}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
