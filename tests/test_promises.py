"""The promises of a run, kept by the real command in processes of its own."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.servers.process import serving

KEY = "planted-key-5c1f0e9a7b3d"
KILLS = int(os.environ.get("SELFINSTRUCT_TEST_KILLS", "2"))


def command(*arguments: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "selfinstruct.cli",
        "run",
        "tracking=off",
        "report=off",
        "generation.target=24",
        *arguments,
    ]


def run(folder: Path, *arguments: str, **environment: str) -> dict[str, object]:
    """Run to the end and return the manifest of run_dir=<folder>/run."""
    folder.mkdir(exist_ok=True)
    ended = subprocess.run(
        [*command(*arguments), "run_dir=run"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    manifest: dict[str, object] = json.loads((folder / "run" / "manifest.json").read_text())
    return manifest


def test_concurrency_and_hash_seed_do_not_change_a_byte_and_the_random_seed_does(tmp_path: Path) -> None:
    one = run(tmp_path / "one", "limits.max_concurrency=1", PYTHONHASHSEED="1")
    many = run(tmp_path / "many", "limits.max_concurrency=32", "model.options.latency_s=0.01", PYTHONHASHSEED="2")
    other = run(tmp_path / "other", "random_seed=43")
    # latency_s is one of the model's options, so the identity differs; the data must not
    assert one["dataset_sha256"] == many["dataset_sha256"] != other["dataset_sha256"]
    for name in ("candidates.jsonl", "dropped.jsonl", "requests.jsonl"):
        assert (tmp_path / "one/run" / name).read_bytes() == (tmp_path / "many/run" / name).read_bytes()
    for name in ("alpaca.json", "openai_chat.jsonl", "prompt_completion.jsonl", "dataset.parquet"):
        assert (tmp_path / "one/run/export" / name).read_bytes() == (tmp_path / "many/run/export" / name).read_bytes()


def stored(folder: Path) -> int:
    file = folder / "runs" / "completions.db"
    if not file.exists():
        return 0
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        try:
            return int(store.execute("select count(*) from completions").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_a_killed_run_resumes_to_the_same_bytes_and_asks_nothing_twice(tmp_path: Path) -> None:
    slow = ("model.options.latency_s=0.05", "limits.max_concurrency=4", f"generation.target={30 + 3 * KILLS}")
    whole = run(tmp_path / "whole", *slow)
    folder = tmp_path / "killed"
    folder.mkdir()
    chance = random.Random(0)
    for _ in range(KILLS):
        before = stored(folder)
        process = subprocess.Popen(
            [*command(*slow), "run_dir=run"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        enough = before + chance.randint(0, 4)
        while process.poll() is None and stored(folder) <= enough:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert stored(folder) >= before
    kept = stored(folder)
    assert kept < int(str(whole["sent"])), "the run ended before it was killed often enough"
    resumed = run(folder, *slow)
    assert resumed["dataset_sha256"] == whole["dataset_sha256"]
    assert resumed["from_store"] == kept
    assert kept + int(str(resumed["sent"])) == whole["sent"] == stored(folder)


@pytest.mark.parametrize("signals", [1, 2])
def test_an_interrupted_run_keeps_what_it_paid_and_resumes(tmp_path: Path, signals: int) -> None:
    slow = "model.options.latency_s=0.2"
    process = subprocess.Popen(
        [*command(slow), "run_dir=run"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=-1, text=True
    )
    while stored(tmp_path) < 5:
        assert process.poll() is None
        time.sleep(0.01)
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "interrupted" in err and "Traceback" not in err
    kept = stored(tmp_path)
    if signals == 1:
        manifest = json.loads((tmp_path / "run/manifest.json").read_text())
        assert (manifest["status"], manifest["exit_code"]) == ("stopped", 130)
        assert manifest["sent"] == kept
    assert run(tmp_path, slow)["from_store"] == kept


@pytest.mark.parametrize(
    ("mode", "model", "prompts"),
    [("chat", "openai/any", "chat"), ("completion", "text-completion-openai/any", "paper")],
)
def test_a_provider_over_http_is_used_as_declared_and_the_key_is_never_written(
    tmp_path: Path, mode: str, model: str, prompts: str
) -> None:
    with serving("openai_server", "--key", KEY) as address:
        manifest = run(
            tmp_path,
            "model=openai_compatible",
            f"model.name={model}",
            f"model.api_base={address}/v1",
            "model.api_key_env=TEST_PROVIDER_KEY",
            f"model.mode={mode}",
            f"prompts={prompts}",
            "model.input_cost_per_token=0.000001",
            "model.output_cost_per_token=0.000002",
            TEST_PROVIDER_KEY=KEY,
        )
        import urllib.request

        with urllib.request.urlopen(f"{address}/asked") as answer:
            asked = json.load(answer)
    assert manifest["status"] == "done"
    assert len(asked) == manifest["sent"] == stored(tmp_path)
    assert all(request["authorised"] for request in asked)
    assert {request["path"] for request in asked} == {"/v1/chat/completions" if mode == "chat" else "/v1/completions"}
    usage = manifest["usage"]
    assert isinstance(usage, dict)
    expected = sum(
        stage["prompt_tokens"] * 0.000001 + stage["completion_tokens"] * 0.000002 for stage in usage.values()
    )
    assert manifest["cost_usd"] == pytest.approx(expected)
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holding == []


def test_failures_of_the_network_never_become_data(tmp_path: Path) -> None:
    def over_http(folder: str, *server: str) -> dict[str, object]:
        with serving("openai_server", "--key", KEY, *server) as address:
            return run(
                tmp_path / folder,
                "model=openai_compatible",
                "model.name=openai/any",
                f"model.api_base={address}/v1",
                "model.api_key_env=TEST_PROVIDER_KEY",
                "limits.max_attempts=20",
                "generation.target=12",
                "limits.max_concurrency=32",
                TEST_PROVIDER_KEY=KEY,
            )

    assert over_http("calm")["dataset_sha256"] == over_http("stormy", "--fail", "0.3")["dataset_sha256"]


@pytest.mark.parametrize(
    ("seeds", "preset"),
    [
        ("self-instruct/seed_tasks.jsonl", ["prompts=paper"]),
        ("selfbehave/high_quality_seed_tasks.jsonl", ["prompts=bdd", "filters=bdd"]),
        ("selfbehave/mixed_quality_seed_tasks.jsonl", ["prompts=bdd", "filters=bdd"]),
    ],
)
def test_the_published_seed_files_run(tmp_path: Path, shared_data: Path, seeds: str, preset: list[str]) -> None:
    manifest = run(tmp_path, "seeds=file", f"seeds.path={shared_data / seeds}", *preset)
    counts = manifest["counts"]
    assert isinstance(counts, dict)
    assert (manifest["status"], counts["accepted"]) == ("done", 24)
    assert counts["instances"] > 12


def test_every_test_that_guards_a_promise_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "promises.md").read_text(encoding="utf-8"))
    assert len(named) > 20
    for path, test in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert f"def {test}(" in text if test else "def test_" in text, f"{path}::{test}"
