"""`selfinstruct compare runs=`: real runs of the offline model, compared through the command line."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest

from selfinstruct.compare import Options, compare_runs
from selfinstruct.compare.run_folders import expand
from selfinstruct.compare.run_items import ACCEPTED, EMPTY_INPUT, INSTANCES_KEPT, TO_POOL, TO_SEEDS
from tests.commands import ENVIRONMENT, command
from tests.compare.folders import write_run
from tests.conftest import Command

THRESHOLDS = (0.3, 0.5, 0.9)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three thresholds with a seed each, made by one sweep; runs/ and the sweep's folder are below."""
    folder = tmp_path_factory.mktemp("sweep")
    swept = f"filters.instruction.max_rouge_l={','.join(map(str, THRESHOLDS))}"
    small = ("generation.target=70", "generation.lookahead=4", "tracking=off", "report.pictures=[]")
    arguments = command("run", "-m", *small, "report.html=false", "export.formats=[alpaca]", swept)
    ended = subprocess.run(
        [*arguments, "hydra.sweep.dir=swept"], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="module")
def compared(sweep: Path) -> Path:
    """What the sweep ended with."""
    return sweep / "swept/compare"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_folders(sweep: Path) -> list[Path]:
    return [Path(outcome["run_dir"]) for outcome in json.loads((sweep / "swept/sweep.json").read_text())]


def test_every_arm_stands_in_the_tables_and_each_picture_is_drawn(compared: Path) -> None:
    names = {path.name for path in compared.iterdir()}
    assert names >= {"report.html", "comparisons.csv", "comparisons.tex", "rates.csv", "means.csv", "metrics.csv"}
    assert names >= {"forest.png", "shares.png", "curves.png"}
    assert {row["arm"] for row in rows(compared / "rates.csv")} == {f"max_rouge_l={value}" for value in THRESHOLDS}
    assert {(row["arm"], row["against"]) for row in rows(compared / "comparisons.csv")} == {
        ("max_rouge_l=0.3", "max_rouge_l=0.9"),
        ("max_rouge_l=0.5", "max_rouge_l=0.9"),
    }


def test_the_numbers_are_those_of_the_runs(sweep: Path, compared: Path) -> None:
    """Rates and means are counted from the items; the manifest and the metrics counted them on their own."""
    rates = {(row["rate"], row["arm"]): row for row in rows(compared / "rates.csv")}
    means = {(row["mean"], row["arm"]): row for row in rows(compared / "means.csv")}
    for folder, value in zip(run_folders(sweep), THRESHOLDS, strict=True):
        arm = f"max_rouge_l={value}"
        counts = json.loads((folder / "manifest.json").read_text())["counts"]
        metrics = json.loads((folder / "report/metrics.json").read_text())
        for rate, yes, n in (
            (ACCEPTED, counts["accepted"], counts["judged"]),
            (INSTANCES_KEPT, counts["instances"], counts["pairs"]),
        ):
            assert (int(rates[rate, arm]["yes"]), int(rates[rate, arm]["n"])) == (yes, n)
        assert float(rates[EMPTY_INPUT, arm]["share"]) == pytest.approx(metrics["instances.empty_input_share"])
        assert float(means[TO_SEEDS, arm]["value"]) == pytest.approx(metrics["diversity.rouge_l_to_seeds_mean"])
        assert float(means[TO_POOL, arm]["value"]) == pytest.approx(metrics["diversity.rouge_l_to_pool_mean"])


def test_a_strict_threshold_is_found_to_accept_less_and_to_be_more_diverse(compared: Path) -> None:
    accepted = next(row for row in rows(compared / "comparisons.csv") if row["criterion"] == ACCEPTED)
    assert accepted["arm"] == "max_rouge_l=0.3"
    assert float(accepted["odds_ratio_high"]) < 1
    assert float(accepted["holm_p"]) < 0.05
    assert float(accepted["clustered_low"]) < float(accepted["difference"]) < float(accepted["clustered_high"]) < 0
    alike = next(row for row in rows(compared / "means.csv") if row["mean"] == TO_POOL)
    assert float(alike["difference_high"]) < 0
    page = (compared / "report.html").read_text(encoding="utf-8")
    assert f"{ACCEPTED} (max_rouge_l=0.3)" in page


def test_every_metric_of_every_run_is_in_the_file(sweep: Path, compared: Path) -> None:
    found = {(row["metric"], row["run"]): float(row["value"]) for row in rows(compared / "metrics.csv")}
    for folder in run_folders(sweep):
        metrics = json.loads((folder / "report/metrics.json").read_text())
        assert {name: found[name, folder.name] for name in metrics} == metrics


def test_the_report_is_one_file_with_its_pictures(compared: Path) -> None:
    page = (compared / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg xmlns") == 3 and "<img" not in page
    for heading in ("Runs", "Trade-off", "Rates compared", "Means", "Sample size", "All metrics"):
        assert f"<h2>{heading}</h2>" in page


def test_the_same_runs_give_the_same_bytes(sweep: Path, compared: Path, tmp_path: Path) -> None:
    compare_runs(run_folders(sweep), tmp_path / "again")
    for path in compared.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_command_takes_runs_and_the_arm_to_compare_with(sweep: Path, selfinstruct: Command, tmp_path: Path) -> None:
    listed = ",".join(f'"{folder}"' for folder in run_folders(sweep))
    ended = selfinstruct("compare", f"runs=[{listed}]", "against=0.5", "out=out")
    assert ended.code == 0, ended.err
    assert {row["against"] for row in rows(tmp_path / "out/comparisons.csv")} == {"max_rouge_l=0.5"}
    assert "report   out/report.html" in ended.out
    assert "after Holm's correction at 0.05" in ended.out


def test_a_failed_run_of_a_sweep_is_left_out_and_named(sweep: Path, tmp_path: Path) -> None:
    outcomes = json.loads((sweep / "swept/sweep.json").read_text())
    outcomes[1]["exit_code"] = 4
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept/sweep.json").write_text(json.dumps(outcomes), encoding="utf-8")
    compare_runs([tmp_path / "swept"], tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "filters.instruction.max_rouge_l=0.5 is left out: it ended with exit code 4." in page
    assert not (tmp_path / "out/curves.png").exists()  # two points make no curve


def test_a_rate_that_only_some_arms_have_is_shown_and_not_compared(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a", max_rouge_l=0.5), write_run(tmp_path / "b", max_rouge_l=0.7)
    manifest = json.loads((one / "manifest.json").read_text())
    manifest["counts"]["parsing"] = {"instructions": {"read": 7, "answers": 9}}
    (one / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    compare_runs([one, two], tmp_path / "out", Options(resamples=200))
    shown = [row for row in rows(tmp_path / "out/rates.csv") if row["rate"] == "instructions: answers read"]
    assert [(row["arm"], row["yes"], row["n"]) for row in shown] == [("max_rouge_l=0.5", "7", "9")]
    assert "instructions: answers read" not in {row["criterion"] for row in rows(tmp_path / "out/comparisons.csv")}


def test_few_requests_give_rates_without_clustered_intervals_and_say_so(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a", max_rouge_l=0.5), write_run(tmp_path / "b", max_rouge_l=0.7)
    found = compare_runs([one, two], tmp_path / "out", Options(resamples=200))
    rate = next(row for row in rows(tmp_path / "out/rates.csv") if row["rate"] == ACCEPTED)
    assert (rate["yes"], rate["n"], rate["clustered_low"]) == ("3", "5", "")
    assert rate["clustered_undefined"] == "2 clusters are too few; 10 are needed"
    assert "undefined, because 2 clusters are too few" in " ".join(found.summary.split())


def test_a_run_without_a_single_accepted_instruction_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a", max_rouge_l=0.5), write_run(tmp_path / "b", max_rouge_l=0.7, status="dried_up")
    for name in ("instructions", "instances", "dropped", "candidates", "requests"):
        (two / f"{name}.jsonl").write_text("", encoding="utf-8")
    found = compare_runs([one, two], tmp_path / "out", Options(resamples=200))
    comparisons = {row["criterion"]: row for row in rows(tmp_path / "out/comparisons.csv")}
    assert comparisons[ACCEPTED]["undefined"] == "an arm has no item with a value"
    assert comparisons[ACCEPTED]["against_n"] == "0"
    assert "undefined, because" in found.summary
    assert "Not all reached their target: b." in (tmp_path / "out/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runs=[one]"], "is nothing to compare; give at least two run folders"),
        (["runs=[one,nowhere]"], "nowhere: no such folder"),
        (["runs=[one,one]"], "is given twice"),
        (["runs=[one,bare]"], "no report/metrics.json, so it was not measured"),
        (["runs=[one,two]", "against=0.6"], "against=0.6: no such arm; choose one of max_rouge_l=0.5, max_rouge_l=0.7"),
        (["runs=[one,two]", "arms=[a]"], "arms: 1 names for 2 runs"),
        (["runs=[one,two]", "arms=[a,a]"], "all runs are a; give runs of at least two arms"),
    ],
)
def test_bad_input_gets_one_message(selfinstruct: Command, tmp_path: Path, arguments: list[str], says: str) -> None:
    write_run(tmp_path / "one", max_rouge_l=0.5)
    write_run(tmp_path / "two", max_rouge_l=0.7)
    (write_run(tmp_path / "bare") / "report/metrics.json").unlink()
    ended = selfinstruct("compare", *arguments)
    assert ended.code == 2
    assert says in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_run_that_two_arms_of_a_sweep_share_is_taken_once(tmp_path: Path) -> None:
    one, other = write_run(tmp_path / "a"), write_run(tmp_path / "b", max_rouge_l=0.5)
    outcomes = [{"run_dir": str(folder), "exit_code": 0, "overrides": []} for folder in (one, other, one)]
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept/sweep.json").write_text(json.dumps(outcomes), encoding="utf-8")
    assert expand([tmp_path / "swept"]) == ([one, other], [])
