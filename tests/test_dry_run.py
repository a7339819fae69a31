"""dry_run=true: everything is composed and shown, nothing is sent, nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command

PRICED = ("model.input_cost_per_token=1e-6", "model.output_cost_per_token=2e-6")


def test_a_dry_run_shows_each_stage_and_leaves_nothing_behind(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "dry_run=true", "generation.target=64", *PRICED)
    assert ended.code == 0, ended.err
    for stage in ("instructions", "classification", "input_first", "output_first"):
        assert f"=== {stage}: the first prompt (temperature" in ended.out
    assert "numbered 9 to 16" in ended.out  # the prompt in full, to its end
    assert "Nothing was sent and nothing was written." in ended.out
    assert "$" in ended.out
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_needs_no_server_and_writes_down_no_key(
    selfinstruct: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("run", "dry_run=true", "model=openai", "model.api_base=http://127.0.0.1:9/v1", "generation.target=8")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-for-the-test")
    ended = selfinstruct(*command)
    assert ended.code == 0, ended.err
    assert "sk-a-key" not in ended.out + ended.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_price_is_undefined_and_says_what_to_set(
    selfinstruct: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "0123456789ab")
    ended = selfinstruct("run", "dry_run=true", "model=openai", "model.name=openai/my-own", "model.api_key_env=MY_KEY")
    assert ended.code == 0, ended.err
    assert "undefined, because the price of openai/my-own is not known; set model.input_cost_per_token" in ended.out


def test_a_judge_whose_answers_cost_too_is_not_passed_over(selfinstruct: Command) -> None:
    ended = selfinstruct("run", "dry_run=true", "generation.target=8", "judge=anthropic", "review.sample_size=7")
    assert ended.code == 0, ended.err
    assert "judge    not in the forecast: anthropic/claude-haiku-4-5, about 7 instances at most\n" in ended.out
    assert "judge  " not in selfinstruct("run", "dry_run=true", "generation.target=8").out


@pytest.mark.parametrize(
    ("cap", "says"),
    [
        ("limits.max_requests=10", "is below the lowest figure"),
        ("limits.max_requests=1000", "is above the highest figure"),
        ("limits.max_cost_usd=0.0001", "is below the lowest figure"),
    ],
)
def test_a_cap_is_held_against_the_forecast(selfinstruct: Command, cap: str, says: str) -> None:
    ended = selfinstruct("run", "dry_run=true", "generation.target=64", cap, *PRICED)
    assert f"{cap} {says}" in ended.out


def test_a_sweep_can_be_rehearsed(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "-m", "dry_run=true", "generation.target=8,16")
    assert ended.code == 0, ended.err
    assert ended.out.count("Forecast of") == 2
    assert not (tmp_path / "runs" / "mlflow.db").exists()
    assert not list(tmp_path.glob("runs/*/manifest.json"))
    assert not list(tmp_path.glob("runs/sweeps/*/*/outcome.json"))


def test_a_rehearsed_sweep_says_whose_each_forecast_is_and_adds_them_up(selfinstruct: Command, tmp_path: Path) -> None:
    ended = selfinstruct("run", "-m", "dry_run=true", "generation.target=8,0,16", *PRICED)
    assert ended.code == 2  # the second run cannot be
    assert "generation.target=0" in ended.err
    assert [line for line in ended.out.splitlines() if line.startswith("#####")] == [
        "##### 0: generation.target=8",
        "##### 2: generation.target=16",
    ]
    alls = [line.split() for line in ended.out.splitlines() if line.startswith("  all ")]
    requests = [int(words[1]) for words in alls]
    dollars = [float(words[-4].strip("$")) for words in alls]
    total = ended.out[ended.out.index("The sweep together") :]
    assert f"2 runs would send {sum(requests)} (" in total
    assert f"cost     ${sum(dollars):.4f} (" in total
    assert "1 more cannot run" in total


def test_a_dry_run_is_no_part_of_a_runs_identity(selfinstruct: Command, tmp_path: Path) -> None:
    command = ("run", "generation.target=3", "tracking=off")
    assert selfinstruct(*command).code == 0
    (folder,) = (tmp_path / "runs").glob("general-*")
    assert selfinstruct(*command, "dry_run=true").code == 0
    assert [path for path in (tmp_path / "runs").glob("general-*") if path.is_dir()] == [folder]


def test_a_rehearsal_needs_no_key(selfinstruct: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    command = ("run", "model=openai", "judge=anthropic", "generation.target=5")
    assert selfinstruct(*command, "dry_run=true").code == 0
    assert "OPENAI_API_KEY" in selfinstruct(*command).err
