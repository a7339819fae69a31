"""The committed results of studies: each says how it was made, and what made it still runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.commands import ENVIRONMENT, command
from tests.conftest import ROOT

RESULTS = ROOT / "experiments" / "results"
FOLDERS = sorted(path for path in RESULTS.iterdir() if path.is_dir() and not path.name.startswith("_"))
SMALL = ("generation.target=16", "tracking=off", "report.pictures=[]", "report.html=false", "export.formats=[alpaca]")


def script(path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"results_{path.parent.name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # where dataclasses look up their annotations
    spec.loader.exec_module(module)
    return module


def sweep(study: str, folder: Path, *changes: str) -> Path:
    arguments = command("run", "-m", f"experiments={study}", *SMALL, *changes)
    ended = subprocess.run(arguments, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    (found,) = (folder / "runs" / "sweeps").iterdir()
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_result_names_its_date_and_a_command_that_exists(folder: Path) -> None:
    said = (folder / "table.md").read_text(encoding="utf-8")
    (made_by,) = re.findall(r"`python (experiments/results/\S*make\.py)[^`]*`, \d{4}-\d\d-\d\d", said)
    assert (ROOT / made_by).is_file()
    assert (ROOT / made_by).parent in {folder, RESULTS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_result_stands_in_the_list_of_studies_and_its_pictures_beside_it(folder: Path) -> None:
    assert f"(results/{folder.name}/table.md)" in (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"!\[[^]]+\]\(([^)]+)\)", (folder / "table.md").read_text(encoding="utf-8")))
    assert shown == {path.name for path in folder.glob("*.png")}


def test_a_study_of_prompts_gets_its_table_and_its_dots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = script(RESULTS / "make.py", monkeypatch)
    monkeypatch.setattr(made, "HERE", tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    monkeypatch.chdir(tmp_path)
    found = sweep("prompt_templates", tmp_path, "prompts=chat,alpaca", "random_seed=1")
    monkeypatch.setattr("sys.argv", ["make.py", "prompt_templates", str(found)])
    made.main()
    said = (tmp_path / "kept/prompt_templates/table.md").read_text(encoding="utf-8")
    assert "2 arms, 2 runs" in said
    assert "| accepted, of judged | prompts=alpaca | 16 |" in said
    assert (tmp_path / "kept/prompt_templates/dots.png").read_bytes().startswith(b"\x89PNG")
    assert not list((tmp_path / "kept").rglob("*.html"))  # the picture alone is kept


def test_a_study_of_seeds_counts_scenarios_as_the_runs_reports_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = script(RESULTS / "seed_quality" / "make.py", monkeypatch)
    monkeypatch.setattr(made, "HERE", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["make.py", str(sweep("seed_quality", tmp_path, "random_seed=1"))])
    made.main()
    row = re.search(r"in the order Given, When, Then \| (\d+) of (\d+)", _after(tmp_path, "What was generated"))
    assert row and int(row[2]) == 16
    shares = [
        json.loads(path.read_text())["bdd.in_order_share"]
        for path in (tmp_path / "runs").glob("bdd_high-*/report/metrics.json")
    ]
    assert len(shares) == 1 and int(row[1]) == round(sum(16 * share for share in shares))
    assert (tmp_path / "forest.png").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob("*.html"))  # the picture alone is kept


def test_a_study_of_sizes_shows_scores_in_percent_and_gains_in_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = script(RESULTS / "data_size" / "make.py", monkeypatch)
    monkeypatch.setattr(made, "HERE", tmp_path)
    scores = [
        {"arm": arm, "measure": measure, "percent": value, "low": "1.0", "high": "9.0"}
        for arm, value in (("0", "1.25"), ("50", "7.5"))
        for measure in made.MEASURES
    ]
    gain = {"measure": "rouge_l", "arm": "50", "difference": "0.0625", "holm_p": "0.0004"}
    gain |= {"difference_low": "0.05", "difference_high": "0.075"}
    said = made.page(scores, [gain, gain | {"measure": "exact_match"}], {50: 95})
    assert "| 50 | 95 | 7.50 (1.00 to 9.00) |" in said
    assert said.count("| 50 | +6.25 (5.00 to 7.50) | 0.0004 |") == 1  # 0.0625 of 1 is 6.25 points of 100
    made.draw(scores)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def _after(folder: Path, heading: str) -> str:
    return (folder / "table.md").read_text(encoding="utf-8").partition(heading)[2]
