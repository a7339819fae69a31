"""Whatever stops a command between two steps, and however many run at once: one job, and the same tuned model."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import manifest, the_one_message
from tests.conftest import Command
from tests.finetune.tuning_control import BASE, TuningServer
from tests.finetune.warm import Begin, warm_process

pytestmark = pytest.mark.usefixtures("no_pictures")

STEPS = [
    ("upload", "hold before"),
    ("upload", "hold after"),
    ("create", "hold before"),
    ("create", "hold after"),
    ("job", "hold before"),
]


@pytest.fixture(scope="module")
def begin() -> Iterator[Begin]:
    with warm_process() as running:
        yield running


def wait_until_asked(server: TuningServer, operation: str) -> None:
    for _ in range(1200):
        if operation in server.seen()["asked"]:
            return
        time.sleep(0.05)
    raise TimeoutError(operation)


@pytest.mark.parametrize(("at", "fault"), STEPS)
def test_a_command_killed_at_any_step_is_taken_up_by_the_next_one(
    selfinstruct: Command, server: TuningServer, begin: Begin, run: Path, tmp_path: Path, at: str, fault: str
) -> None:
    server.plan(at, fault)
    command = begin(server.arguments(run), tmp_path)
    wait_until_asked(server, at)
    time.sleep(0.1)  # a deed that is done before its answer is held back
    command.send(signal.SIGKILL)
    assert command.wait()[0] == -signal.SIGKILL
    left = server.seen()
    server.plan()
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 0, ended.err
    seen, told = server.seen(), manifest(tmp_path / "tuned")
    assert (len(seen["uploads"]), len(seen["jobs"])) == (1, 1)
    assert (len(left["uploads"]), len(left["jobs"])) == {
        ("upload", "hold before"): (0, 0),
        ("upload", "hold after"): (1, 0),
        ("create", "hold before"): (1, 0),
        ("create", "hold after"): (1, 1),
        ("job", "hold before"): (1, 1),
    }[at, fault]
    assert told["tuned_model"] == f"ft:{BASE}:lab:si-{told['identity']}:ftjob-1"


def test_commands_that_run_at_once_share_one_job(
    selfinstruct: Command, server: TuningServer, begin: Begin, run: Path, tmp_path: Path
) -> None:
    """Two folders: both wait for the same job. The same folder: the second command is refused."""
    server.plan("create", "slow", seconds=3, looks=100_000)
    one, two = (begin(server.arguments(run, f"run_dir={folder}"), tmp_path) for folder in ("one", "two"))
    while not all((tmp_path / folder / ".lock").exists() for folder in ("one", "two")):
        time.sleep(0.05)
    wait_until_asked(server, "job")
    refused = [selfinstruct(*server.arguments(run, f"run_dir={folder}")) for folder in ("one", "two")]
    server.plan(looks=0)
    assert (one.wait()[0], two.wait()[0]) == (0, 0)
    assert [ended.code for ended in refused] == [2, 2]
    assert all("another process is writing this run" in ended.err for ended in refused)
    assert (len(server.seen()["uploads"]), len(server.seen()["jobs"])) == (1, 1)
    assert manifest(tmp_path / "one")["tuned_model"] == manifest(tmp_path / "two")["tuned_model"]


def test_the_younger_of_two_jobs_that_two_machines_created_is_cancelled(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """The other machine's job is not listed yet when this command looks for one, and is when it looks again."""
    assert selfinstruct(*server.arguments(run, "run_dir=there")).code == 0
    server.plan("jobs", "lag", times=1)
    assert selfinstruct(*server.arguments(run, "run_dir=here")).code == 0
    states = {job["id"]: job["status"] for job in server.seen()["jobs"]}
    assert states == {"ftjob-1": "succeeded", "ftjob-2": "cancelled"}
    assert manifest(tmp_path / "here")["job_id"] == "ftjob-1"


def test_a_younger_job_that_could_not_be_cancelled_is_cancelled_by_the_next_command(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """As when the command is killed after it created a job, and before it saw that another machine has an older one."""
    assert selfinstruct(*server.arguments(run, "run_dir=there")).code == 0
    server.plan("jobs", "lag", times=1, also={"cancel": "reset before"})
    assert selfinstruct(*server.arguments(run, "limits.max_attempts=1")).code == 3
    record = json.loads((tmp_path / "tuned/job.json").read_text())
    assert (record["step"], record["job_id"]) == ("creating", "ftjob-2")
    assert selfinstruct(*server.arguments(run)).code == 0
    assert manifest(tmp_path / "tuned")["job_id"] == "ftjob-1"
    states = {job["id"]: job["status"] for job in server.seen()["jobs"]}
    assert states == {"ftjob-1": "succeeded", "ftjob-2": "cancelled"}


def test_an_interrupted_command_leaves_its_job_running_and_says_how_to_find_and_cancel_it(
    selfinstruct: Command, server: TuningServer, begin: Begin, run: Path, tmp_path: Path
) -> None:
    server.plan(looks=100_000)
    command = begin(server.arguments(run), tmp_path)
    wait_until_asked(server, "events")
    command.send(signal.SIGINT)
    code, err = command.wait()
    assert code == 130
    assert "job ftjob-1 goes on at the provider" in the_one_message(err) and "finetune.cancel=true" in err
    stopped = manifest(tmp_path / "tuned")
    assert (stopped["status"], stopped["exit_code"], stopped["job_id"]) == ("stopped", 130, "ftjob-1")
    assert server.seen()["jobs"][0]["status"] == "running"

    cancelled = selfinstruct(*server.arguments(run, "finetune.cancel=true"))
    assert (cancelled.code, cancelled.out.strip()) == (0, "job ftjob-1: cancelled")
    again = selfinstruct(*server.arguments(run))
    assert again.code == 3 and "job ftjob-1 cancelled" in again.err and "finetune.attempt=2" in again.err
    assert len(server.seen()["jobs"]) == 1


def test_there_is_nothing_to_cancel_where_there_is_no_job(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    ended = selfinstruct(*server.arguments(run, "finetune.cancel=true"))
    assert ended.code == 0 and "there is no job" in ended.out
    assert server.seen()["jobs"] == [] and not (tmp_path / "tuned").exists()


def test_a_record_that_cannot_be_read_is_refused_and_without_it_the_job_is_found_anew(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    server.plan("job", "401")
    assert selfinstruct(*server.arguments(run)).code == 3
    server.plan()
    record = tmp_path / "tuned/job.json"
    record.write_text('{"identity": "')
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 2 and "move it away, and the job is looked for anew" in the_one_message(ended.err)
    record.unlink()
    assert selfinstruct(*server.arguments(run)).code == 0
    assert len(server.seen()["jobs"]) == 1
