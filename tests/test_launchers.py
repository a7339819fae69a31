"""Sweeps in several processes, as jobs of a cluster, and on several nodes: whatever becomes of one run, the others end.

The arms are those of tests/mortal_model.py, which fail, die or are preempted in the middle, as `fates` says.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from selfinstruct import cli
from selfinstruct.errors import InputError
from selfinstruct.launchers import clusters
from tests.conftest import ROOT
from tests.sweeping import ARM, SMALL, surroundings, sweep, wait_until

WITHDRAWN = "the key was withdrawn; give another one"


def exit_codes(folder: Path) -> list[int]:
    (written,) = (folder / "runs/sweeps").glob("*/sweep.json")
    return [outcome["exit_code"] for outcome in json.loads(written.read_text(encoding="utf-8"))]


def tree(folder: Path) -> dict[str, str]:
    """The status of every run in the tracker; every one but the parent is below the parent."""
    with contextlib.closing(sqlite3.connect(folder / "runs/mlflow.db")) as tracker:
        runs = tracker.execute("SELECT run_uuid, name, status FROM runs").fetchall()
        parent_of = dict(
            tracker.execute("SELECT run_uuid, value FROM tags WHERE key = 'mlflow.parentRunId'").fetchall()
        )
    (parent,) = {run_id for run_id, _, _ in runs} - set(parent_of)
    assert set(parent_of.values()) <= {parent}
    return {"parent" if run_id == parent else name: status for run_id, name, status in runs}


def test_a_failed_and_a_killed_run_cost_four_processes_nothing_else_and_are_mended_by_repeating(tmp_path: Path) -> None:
    arms = "0.001,0.002,0.003,0.004"
    first = sweep(tmp_path, "joblib", arms, fates="fail 0.002, die 0.003")
    assert first.code == 3, first.err
    assert first.said == [
        f"selfinstruct: {WITHDRAWN}",
        f"selfinstruct: {ARM}=0.003: its process was killed (SIGKILL); repeat the command, it goes on where it was",
    ]
    assert len(first.nodes) == 4
    assert exit_codes(tmp_path) == [0, 3, 3, 0]
    assert tree(tmp_path) == {
        "parent": "FAILED",
        "latency_s=0.001": "FINISHED",
        "latency_s=0.002": "FAILED",
        "latency_s=0.003": "FAILED",
        "latency_s=0.004": "FINISHED",
    }
    again = sweep(tmp_path, "joblib", arms)
    assert (again.code, again.said) == (0, [])
    assert exit_codes(tmp_path) == [0, 0, 0, 0]
    assert len(tree(tmp_path)) == 5
    assert set(tree(tmp_path).values()) == {"FINISHED"}
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/manifest.json")]
    assert len(manifests) == 4
    assert sorted(manifest["from_store"] > 0 for manifest in manifests) == [False, False, True, True]


def test_submitit_begins_a_preempted_run_again_and_a_lost_one_costs_nothing_else(tmp_path: Path) -> None:
    arms = "0.001,0.002,0.003"
    first = sweep(tmp_path, "submitit_local", arms, fates="fail 0.001, die 0.002, preempt 0.003")
    assert first.code == 3, first.err
    failed, lost = first.said
    assert failed == f"selfinstruct: {ARM}=0.001: {WITHDRAWN}"
    assert lost.startswith(f"selfinstruct: {ARM}=0.002: job ")
    assert lost.endswith("_0_log.err); repeat the command, it goes on where it was")
    assert len(first.nodes) == 4  # one for each run, and another one for the run that was begun again
    assert tree(tmp_path) == {
        "parent": "FAILED",
        "latency_s=0.001": "FAILED",
        "latency_s=0.002": "FAILED",
        "latency_s=0.003": "FINISHED",
    }
    again = sweep(tmp_path, "submitit_local", arms)
    assert (again.code, again.said) == (0, [])
    assert len(tree(tmp_path)) == 4
    assert set(tree(tmp_path).values()) == {"FINISHED"}


def test_a_fault_of_the_program_in_another_process_costs_nothing_else(tmp_path: Path) -> None:
    ended = sweep(tmp_path, "submitit_local", "0.001,0.002", fates="break 0.001")
    assert ended.code == 1, ended.err
    (said,) = ended.said
    assert said.startswith(f"selfinstruct: {ARM}=0.001: RuntimeError: the model is broken (a fault of the program: ")
    assert tree(tmp_path) == {"parent": "FAILED", "latency_s=0.001": "FAILED", "latency_s=0.002": "FINISHED"}
    (kept,) = (tmp_path / "runs/sweeps").glob("*/0/traceback.txt")
    assert "in _meet_fate" in kept.read_text()


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_rehearsal_in_other_processes_says_here_what_it_says_in_this_one(tmp_path: Path, launcher: str) -> None:
    here = sweep(tmp_path, "basic", "0.001,0.002", "dry_run=true", "tracking=off")
    there = sweep(tmp_path, launcher, "0.001,0.002", "dry_run=true", "tracking=off")
    assert (there.code, there.said, there.out) == (0, [], here.out)
    assert there.out.count("Forecast of general") == 2
    assert "2 runs would send" in there.out


def test_slurm_gets_an_array_with_what_the_preset_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sbatch", "srun", "sacct"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/servers/slurm.py {name} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("FAKE_SLURM", str(tmp_path))
    placed = ("hydra.launcher.partition=night", "+hydra.launcher.additional_parameters={mail-type: END}")
    ended = sweep(tmp_path, "submitit_slurm", "0.001,0.002", *placed, "tracking=off", fates="fail 0.002")
    assert (ended.code, ended.said) == (3, [f"selfinstruct: {ARM}=0.002: {WITHDRAWN}"])
    assert exit_codes(tmp_path) == [0, 3]
    asked = set((tmp_path / "job.sh").read_text().splitlines())
    assert {
        "#SBATCH --array=0-1%2",
        "#SBATCH --time=1440",
        "#SBATCH --mem=4GB",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --signal=USR2@120",
        "#SBATCH --partition=night",
        "#SBATCH --mail-type=END",
    } <= asked
    assert not [line for line in asked if "account" in line]


@contextlib.contextmanager
def ray_cluster(log: Path) -> Iterator[str]:
    """Two nodes of one CPU each on this machine, the "first" and the "second"; give the cluster's address."""
    home = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a short path: sockets are below it
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(ROOT)}
    started = []

    def start(name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1", *arguments]
        environment = {**os.environ, **quiet, "MORTAL_NODE": name, "MORTAL_NOTES": str(log.parent / "notes")}
        with log.open("a") as output:
            started.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))

    try:
        start("first", "--head", "--port=0", "--include-dashboard=false", f"--temp-dir={home}")
        address = Path(home) / "ray_current_cluster"
        while not address.exists():
            assert started[0].poll() is None, log.read_text()
            time.sleep(0.1)
        start("second", f"--address={address.read_text()}")
        while log.read_text().count("Ray runtime started") < 2:
            assert started[1].poll() is None, log.read_text()
            time.sleep(0.1)
        yield address.read_text()
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            process.wait()
        shutil.rmtree(home, ignore_errors=True)


def test_ray_uses_both_nodes_and_a_lost_run_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    arms = "0.001,0.002,0.003,0.004"
    with ray_cluster(tmp_path / "ray.log") as address:
        placed = f"hydra.launcher.address={address}"
        first = sweep(tmp_path, "ray", arms, placed, fates="fail 0.001, die 0.002")
        assert first.code == 3, first.err
        again = sweep(tmp_path, "ray", arms, placed)
    failed, lost = first.said
    assert failed == f"selfinstruct: {ARM}=0.001: {WITHDRAWN}"
    assert lost.startswith(f"selfinstruct: {ARM}=0.002: its process was lost (")
    assert set(first.nodes) == {"first", "second"}
    assert (again.code, again.said) == (0, [])
    assert len(tree(tmp_path)) == 5
    assert set(tree(tmp_path).values()) == {"FINISHED"}


def test_arms_that_are_the_same_run_take_turns_in_other_processes(tmp_path: Path) -> None:
    """They differ in a limit only, so that they have one folder, and one child of the parent."""
    ended = sweep(tmp_path, "joblib", "0.2", "limits.max_concurrency=4,8")
    assert (ended.code, ended.said) == (0, [])
    assert len(ended.nodes) == 1  # the second one found it done, and asked nobody
    assert exit_codes(tmp_path) == [0, 0]
    assert list(tree(tmp_path).values()) == ["FINISHED"] * 2  # the parent, and one child
    (folder,) = (tmp_path / "runs").glob("general-*")
    assert json.loads((folder / "manifest.json").read_text())["from_store"] == 0


def stopped(tmp_path: Path, launcher: str, begun: int, stop: Callable[[int], None]) -> tuple[int, str]:
    """Stop a sweep of two slow arms once so many of them have asked something; return exit code and stderr."""
    slow = [f"{ARM}=2,3", "model._target_=tests.mortal_model.build"]
    process = subprocess.Popen(
        [*SMALL, f"hydra/launcher={launcher}", *slow],
        cwd=tmp_path,
        env=surroundings(tmp_path / "notes", ""),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, as a shell would make: a terminal signals all of it
    )
    wait_until(lambda: len(list((tmp_path / "notes").glob("*.asked"))) == begun, process)
    stop(process.pid)
    _, err = process.communicate()
    return process.returncode, err


@pytest.mark.parametrize(
    ("launcher", "begun", "stop", "code"),
    [
        ("basic", 1, "Ctrl+C", 130),
        ("joblib", 2, "Ctrl+C", 130),
        ("submitit_local", 2, "Ctrl+C", 130),
        ("joblib", 2, "SIGTERM", 143),
        ("submitit_local", 2, "SIGTERM", 143),
    ],
)
def test_who_stops_a_sweep_gets_the_answers_in_flight_and_nothing_new_begins(
    tmp_path: Path, launcher: str, begun: int, stop: str, code: int
) -> None:
    """A terminal sends Ctrl+C to all processes of the command; SIGTERM comes to the one that sweeps alone."""
    ways = {"Ctrl+C": lambda pid: os.killpg(pid, signal.SIGINT), "SIGTERM": lambda pid: os.kill(pid, signal.SIGTERM)}
    ended, err = stopped(tmp_path, launcher, begun, ways[stop])
    assert ended == code, err
    assert err.splitlines()[-1] == "selfinstruct: interrupted; repeat the command to go on"
    assert "Traceback" not in err
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/manifest.json")]
    assert [manifest["exit_code"] for manifest in manifests] == [130] * begun
    assert sorted(tree(tmp_path).values()) == ["FAILED", *["KILLED"] * begun]
    with contextlib.closing(sqlite3.connect(tmp_path / "runs/completions.db")) as store:
        stored = store.execute("SELECT count(*) FROM completions").fetchone()[0]
    assert stored == sum(manifest["sent"] for manifest in manifests) > 0


WITHOUT = """
import sys
for name in sys.argv.pop(1).split():
    sys.modules[name] = None
from selfinstruct.cli import main
main()
"""


def sweep_without(library: str, launcher: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Begin a sweep in a process of its own, in which a library cannot be imported."""
    arguments = ["run", "-m", f"hydra/launcher={launcher}", "tracking=off", "random_seed=1,2"]
    command = [sys.executable, "-c", WITHOUT, library, *arguments]
    place = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=place, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("launcher", "library"), [("joblib", "joblib"), ("submitit_local", "submitit"), ("ray", "ray")]
)
def test_a_missing_library_is_one_message_with_the_command_that_installs_it(
    tmp_path: Path, launcher: str, library: str
) -> None:
    ended = sweep_without(library, launcher, tmp_path)
    says = f'hydra/launcher={launcher}: {library} is not installed; pip install "selfinstruct[{library}]"'
    assert (ended.returncode, ended.stderr) == (2, f"selfinstruct: {says}\n")


def test_a_cluster_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    ended = sweep_without("", "submitit_slurm", tmp_path, PATH="")
    assert ended.returncode == 2
    assert ended.stderr.startswith('selfinstruct: hydra/launcher=submitit_slurm: Could not detect "srun"')


@pytest.mark.parametrize(("mode", "is_named"), [(None, True), ("token", False)])
def test_who_cannot_join_a_ray_cluster_reads_of_its_token_unless_one_is_sent(
    monkeypatch: pytest.MonkeyPatch, mode: str | None, is_named: bool
) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)

    def init(*_: object, **__: object) -> None:
        raise ConnectionError("Failed to connect to Ray cluster at first:6379\nand more")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init))
    with pytest.raises(InputError, match=r"address=first:6379: Failed to connect .* at first:6379; start") as refused:
        clusters.run([], "first:6379", 1, 0)
    assert ("RAY_AUTH_MODE=token" in str(refused.value)) is is_named


def test_it_is_the_same_sweep_wherever_it_runs_and_wherever_its_answers_are_kept() -> None:
    swept = ["-m", "random_seed=1,2"]
    elsewhere = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "store.url=sqlite:///other.db"]
    assert cli._sweep_folder("run", swept) == cli._sweep_folder("run", [*swept, *elsewhere])
    assert cli._sweep_folder("run", swept) != cli._sweep_folder("run", [*swept, "store.sample=1"])
