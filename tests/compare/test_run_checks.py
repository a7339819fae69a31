"""Checks of a run's report become rates of a comparison: counted once each, by request, what is unknown missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.compare import Options, compare_runs
from selfinstruct.compare.arms import Arm
from selfinstruct.compare.run_checks import COMPILES, GHERKIN, IN_ORDER, MATCHED, read_checks
from selfinstruct.compare.run_folders import Run, read_runs
from selfinstruct.compare.run_items import read_items
from selfinstruct.errors import InputError
from selfinstruct.statistics import Count
from tests.compare.folders import lines, write_run

# Instructions 0 and 1 came from request 0, instruction 2 from request 1; the first one has two instances
SCENARIOS: list[dict[str, Any]] = [
    {"instruction": 0, "gherkin": True, "order": "", "code": "", "unmatched": [], "doubled": []},
    {
        "instruction": 0,
        "gherkin": True,
        "order": "",
        "code": "line 1: invalid syntax",
        "unmatched": None,
        "doubled": [],
    },
    {"instruction": 1, "gherkin": False, "order": "not readable", "code": None, "unmatched": None, "doubled": []},
    {"instruction": 2, "gherkin": True, "order": "no Then", "code": "", "unmatched": [], "doubled": ["given x"]},
]
REVIEW: list[dict[str, Any]] = [
    {"instance": 0, "answers": {"valid_task": True, "correct_output": None}},
    {"instance": 2, "answers": {"valid_task": False, "correct_output": True}},
]


def two_runs(tmp_path: Path) -> list[Run]:
    folders = [write_run(tmp_path / "a"), write_run(tmp_path / "b", max_rouge_l=0.5)]
    for folder in folders:
        lines(folder / "report/bdd.jsonl", SCENARIOS)
        lines(folder / "report/review.jsonl", REVIEW)
    return read_runs(folders)


def test_a_scenario_counts_once_and_its_outputs_each(tmp_path: Path) -> None:
    checks = read_checks(two_runs(tmp_path)[:1])
    assert checks[GHERKIN] == [((0, 0), 1.0), ((0, 0), 0.0), ((0, 1), 1.0)]
    assert checks[IN_ORDER] == [((0, 0), 1.0), ((0, 0), None), ((0, 1), 0.0)]  # what cannot be read has no order
    assert checks[COMPILES] == [((0, 0), 1.0), ((0, 0), 0.0), ((0, 1), 1.0)]
    assert checks[MATCHED] == [((0, 0), 1.0), ((0, 0), None), ((0, 1), 0.0)]  # a step defined twice fits nothing


def test_answers_of_a_judge_count_by_the_request_of_their_instance(tmp_path: Path) -> None:
    checks = read_checks(two_runs(tmp_path)[:1])
    assert checks["judge: valid task"] == [((0, 0), 1.0), ((0, 1), 0.0)]
    assert checks["judge: correct output"] == [((0, 0), None), ((0, 1), 1.0)]


def test_checks_are_rates_of_an_arm_where_all_of_its_runs_have_them(tmp_path: Path) -> None:
    one, other = two_runs(tmp_path)
    rates = read_items(Arm("both", (one, other))).rates
    assert rates[IN_ORDER].count == Count(2, 4, missing=2)
    assert rates["judge: valid task"].count == Count(2, 4)
    (other.folder / "report/bdd.jsonl").unlink()
    assert IN_ORDER not in read_items(Arm("both", (one, other))).rates


def test_checks_are_compared_as_every_rate_is(tmp_path: Path) -> None:
    folders = [run.folder for run in two_runs(tmp_path)]
    compare_runs(folders, tmp_path / "out", Options(resamples=200))
    text = (tmp_path / "out/comparisons.csv").read_text(encoding="utf-8")
    for name in (GHERKIN, IN_ORDER, COMPILES, MATCHED, "judge: valid task"):
        assert name in text
    assert "Answers of the judge are counted as they were sampled" in (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize(("name", "key"), [("bdd", "instruction"), ("review", "instance")])
def test_a_check_of_an_item_that_is_not_there_is_refused(tmp_path: Path, name: str, key: str) -> None:
    runs = two_runs(tmp_path)
    path = runs[0].folder / f"report/{name}.jsonl"
    record = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    lines(path, [{**record, key: 99}])
    with pytest.raises(InputError, match=rf"{name}\.jsonl:1: speaks of item 99, which the run does not have"):
        read_checks(runs)
