"""What goes wrong at a provider, at every step: what may pass is tried again, a refusal is told, one job stays one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import manifest, the_one_message
from tests.conftest import Command
from tests.finetune.tuning_control import TuningServer
from tests.servers.fault_control import KEY

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.mark.parametrize("fault", ["429", "500", "reset before", "reset after", "a page", "half", "no fields", "null"])
def test_a_fault_that_passes_is_tried_again_and_never_makes_a_second_job(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path, fault: str
) -> None:
    """Twice at each step: files, jobs, upload, create, job, events, content."""
    server.plan("each", fault, times=2)
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 0, ended.err
    seen = server.seen()
    assert len(seen["jobs"]) == 1 and manifest(tmp_path / "tuned")["job_id"] == "ftjob-1"
    tries = {operation: seen["asked"].count(operation) for operation in ("upload", "create", "job", "content")}
    is_done_at_once = fault not in ("429", "500", "reset before")  # what is not answered is found again
    assert tries["create"] == (1 if is_done_at_once else 3) and tries["upload"] == tries["create"]
    assert tries["job"] > 3
    if fault in ("a page", "half", "no fields", "null"):  # a file may hold anything, so it is not asked for again
        assert "no table with a column step" in ended.err and not (tmp_path / "tuned/results.csv").exists()
    else:
        assert tries["content"] == 3 and (tmp_path / "tuned/results.csv").is_file()


def test_a_list_that_is_no_list_is_not_taken_for_an_empty_one(
    selfinstruct: Command, server: TuningServer, run: Path
) -> None:
    """OpenAI's client reads an answer without fields as a page of nothing; a second job would be created."""
    assert selfinstruct(*server.arguments(run, "run_dir=one")).code == 0
    server.plan("each", "no fields", times=1)
    assert selfinstruct(*server.arguments(run, "run_dir=two")).code == 0
    assert len(server.seen()["jobs"]) == 1


@pytest.mark.parametrize("fault", ["reset after", "no fields", "hold after"])
def test_a_job_that_is_not_listed_at_once_is_looked_for_again_before_another_is_created(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path, fault: str
) -> None:
    """The first command gets no answer that it can read, so that the next one knows only that there may be a job."""
    server.plan("create", fault, times=1, seconds=2)
    assert selfinstruct(*server.arguments(run, "limits.max_attempts=1", "limits.timeout_s=1")).code == 3
    assert json.loads((tmp_path / "tuned/job.json").read_text())["step"] == "creating"
    server.plan("jobs", "lag", times=2)
    assert selfinstruct(*server.arguments(run)).code == 0
    assert len(server.seen()["jobs"]) == 1


@pytest.mark.parametrize("at", ["upload", "create", "job"])
def test_a_provider_that_stays_away_ends_the_command_and_loses_nothing(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path, at: str
) -> None:
    server.plan(at, "reset before")
    ended = selfinstruct(*server.arguments(run, "limits.max_attempts=2"))
    assert ended.code == 3 and "gave up after 2 tries" in the_one_message(ended.err)
    assert manifest(tmp_path / "tuned")["status"] == "stopped"
    server.plan()
    assert selfinstruct(*server.arguments(run)).code == 0
    assert len(server.seen()["jobs"]) == 1


def test_a_server_that_is_not_there_is_one_message(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    nobody = ("model.api_base=http://127.0.0.1:9/v1", "limits.max_attempts=2")
    ended = selfinstruct(*server.arguments(run, *nobody))
    assert ended.code == 3 and "the connection to http://127.0.0.1:9/v1" in the_one_message(ended.err)
    assert selfinstruct(*server.arguments(run)).code == 0, "the same job, now where the server is"


@pytest.mark.parametrize(
    ("at", "fault", "step"),
    [
        ("upload", "401", "uploading"),
        ("create", "400", "uploaded"),
        ("create", "403", "uploaded"),
        ("job", "401", "created"),
    ],
)
def test_a_refusal_is_one_message_and_not_tried_again(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path, at: str, fault: str, step: str
) -> None:
    server.plan(at, fault)
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 3 and f"HTTP {fault}" in the_one_message(ended.err)
    assert server.seen()["asked"].count(at) == 1
    assert json.loads((tmp_path / "tuned/job.json").read_text())["step"] == step


def test_a_job_that_the_provider_does_not_know_any_more_is_told_with_what_to_do(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    """As with the key of another account."""
    server.plan("job", "404")
    for _ in range(2):
        ended = selfinstruct(*server.arguments(run))
        assert ended.code == 3 and "the provider knows no job ftjob-1" in the_one_message(ended.err)
        assert "move that file away, and the job is looked for anew" in ended.err
    server.plan()
    assert selfinstruct(*server.arguments(run)).code == 0
    assert len(server.seen()["jobs"]) == 1


def test_a_job_that_failed_is_told_with_its_reason_and_how_to_start_anew(
    selfinstruct: Command, server: TuningServer, run: Path, tmp_path: Path
) -> None:
    server.plan(outcome="failed")
    for _ in range(2):
        ended = selfinstruct(*server.arguments(run))
        message = the_one_message(ended.err)
        assert ended.code == 3
        assert "job ftjob-1 failed: server_error: The job ran out of luck" in message
        assert "finetune.attempt=2" in message and KEY not in message
    assert len(server.seen()["jobs"]) == 1
    server.plan()
    assert selfinstruct(*server.arguments(run, "finetune.attempt=2", "run_dir=anew")).code == 0
    assert manifest(tmp_path / "anew")["job_id"] == "ftjob-2"


def test_a_job_that_somebody_cancelled_is_told(selfinstruct: Command, server: TuningServer, run: Path) -> None:
    server.plan(looks=0, outcome="cancelled")
    ended = selfinstruct(*server.arguments(run))
    assert ended.code == 3 and "job ftjob-1 cancelled. The same command finds this job again" in ended.err
