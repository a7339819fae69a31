"""Two runs at once, on one store or in one folder: nothing is lost, nothing is paid twice, nothing is mixed up."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import ENVIRONMENT, SMALL, command, manifest, stored, the_one_message
from tests.conftest import Command
from tests.servers.fault_control import FaultServer, fault_server


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


def test_two_runs_at_once_on_one_store_pay_for_each_request_once(tmp_path: Path, server: FaultServer) -> None:
    server.plan("trickle", seconds=0.2)  # long enough for both to want the same answers at the same time
    both = [
        subprocess.Popen(
            command(*server.arguments(f"run_dir={name}")),
            cwd=tmp_path,
            env=ENVIRONMENT,
            stderr=-1,
            stdout=-1,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
    one, two = manifest(tmp_path / "one"), manifest(tmp_path / "two")
    assert one["dataset_sha256"] == two["dataset_sha256"]
    digests = [entry["digest"] for entry in server.asked()]
    assert len(digests) == len(set(digests)) == stored(tmp_path / "runs/completions.db") == one["sent"] + two["sent"]
    assert one["sent"] + one["from_store"] == two["sent"] + two["from_store"] == len(digests)


def test_two_runs_with_other_seeds_at_once_on_one_store_are_the_runs_they_are_alone(
    selfinstruct: Command, tmp_path: Path
) -> None:
    alone = {}
    for seed in (1, 2):
        arguments = ("run", *SMALL, f"random_seed={seed}", f"run_dir=alone{seed}", f"store.url=sqlite:///{seed}.db")
        assert selfinstruct(*arguments).code == 0
        alone[seed] = manifest(tmp_path / f"alone{seed}")
    both = [
        subprocess.Popen(
            command("run", *SMALL, f"random_seed={seed}", f"run_dir=both{seed}"),
            cwd=tmp_path,
            env=ENVIRONMENT,
            stderr=-1,
            text=True,
        )
        for seed in (1, 2)
    ]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
    for seed in (1, 2):
        assert manifest(tmp_path / f"both{seed}")["dataset_sha256"] == alone[seed]["dataset_sha256"]
    separate = sum(stored(tmp_path / f"{seed}.db") for seed in (1, 2))
    assert stored(tmp_path / "runs/completions.db") <= separate


def test_a_run_folder_that_another_process_is_writing_is_refused(selfinstruct: Command, tmp_path: Path) -> None:
    slow = ("run", *SMALL, "model.options.latency_s=1", "limits.max_concurrency=1", "run_dir=mine")
    with subprocess.Popen(command(*slow), cwd=tmp_path, env=ENVIRONMENT, stdout=-1, stderr=-1) as first:
        while not stored(tmp_path / "runs/completions.db"):
            time.sleep(0.02)
        ended = selfinstruct(*slow)
        first.kill()
    assert ended.code == 2
    assert "another process is writing this run; wait for it, or choose another run_dir" in the_one_message(ended.err)
