"""A training that is killed, interrupted or without room goes on, to the same losses and weights."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from selfinstruct.finetune import sft
from selfinstruct.finetune.sft_checkpoints import WHOLE, is_whole, last_whole, mark_whole, writing_checkpoints
from selfinstruct.runs import RunFolderError
from tests.conftest import ROOT
from tests.finetune.sft_data import (
    Steps,
    base_model,
    need_training_libraries,
    training_data,
    trl_options,
    tune,
    weights,
)
from tests.finetune.sft_trainee import DIES_AT, METHODS

need_training_libraries()
pytestmark = pytest.mark.usefixtures("in_one_thread")


@pytest.fixture(scope="module")
def undisturbed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Steps]:
    """A training of 10 steps that nothing disturbed, with a checkpoint every 4: its folder, and what it reported."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, tune(tiny, folder)[1]


def steps_of(folder: Path) -> Steps:
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


def test_a_killed_training_resumes_to_the_same_losses_and_weights(tiny: Path, tmp_path: Path) -> None:
    """10 steps, a checkpoint every 4; killed at step 7, it goes on after step 4; a torn checkpoint-6 is passed over."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.finetune.sft_trainee", str(tiny), str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("going on from checkpoint-4") == len(METHODS) == 2
    for method in METHODS:
        whole, resumed = tmp_path / f"{method}-undisturbed", tmp_path / f"{method}-killed"
        expected, told = steps_of(whole), steps_of(resumed)
        died_at = next(place for place, step in enumerate(told) if step["step"] == DIES_AT) + 1
        before, after = told[:died_at], told[died_at:]
        assert [step["step"] for step in after if "loss" in step] == [5, 6, 7, 8, 9, 10]
        assert before == expected[:died_at]
        assert after == [step for step in expected if step["step"] >= 5]
        assert weights(resumed) == weights(whole)


def test_ctrl_c_ends_after_a_step_with_a_checkpoint_and_the_same_call_goes_on(
    tiny: Path, tmp_path: Path, undisturbed: tuple[Path, Steps]
) -> None:
    """Told at step 3 of 10, so step 4 is the last; steps 5 to 10 are those of a training that nothing disturbed.

    How often a checkpoint is written may change from one call to the next: it changes nothing.
    """
    handler = signal.getsignal(signal.SIGINT)

    def interrupt(step: int, values: Mapping[str, float]) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    options = trl_options(checkpoint_every=100)
    with pytest.raises(KeyboardInterrupt):
        sft.tune(training_data(), options, base_model(tiny), tmp_path, 42, interrupt)
    assert signal.getsignal(signal.SIGINT) is handler
    assert [path.name for path in (tmp_path / "checkpoints").glob("checkpoint-*")] == ["checkpoint-4"]
    _, after = tune(tiny, tmp_path, checkpoint_every=3)
    assert after == [step for step in undisturbed[1] if step["step"] > 4]
    assert weights(tmp_path) == weights(undisturbed[0])
    assert trl_options(checkpoint_every=3).determining() == trl_options(checkpoint_every=100).determining()


@pytest.mark.parametrize("most_bytes", [300_000, 600_000])  # of a file: too few for the weights; for the optimizer
def test_a_full_disk_is_one_error_and_with_room_again_the_training_goes_on(
    tiny: Path, tmp_path: Path, undisturbed: tuple[Path, Steps], most_bytes: int
) -> None:
    """The checkpoint of step 4 is whole; that of step 8 finds no room any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step: int, values: Mapping[str, float]) -> None:
        if step == 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))

    try:
        with pytest.raises(RunFolderError, match=r"no room for a checkpoint or the model .* from the last whole"):
            sft.tune(training_data(), trl_options(), base_model(tiny), tmp_path, 42, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    _, after = tune(tiny, tmp_path)
    assert after == [step for step in undisturbed[1] if step["step"] > 4]
    assert weights(tmp_path) == weights(undisturbed[0])


def test_an_error_that_is_not_the_disks_stays_what_it_is(tmp_path: Path) -> None:
    for error in (RuntimeError("shapes differ"), PermissionError(13, "Permission denied"), ValueError("No space left")):
        with pytest.raises(type(error)), writing_checkpoints(tmp_path):
            raise error


def test_a_checkpoint_counts_only_if_every_file_has_its_full_length(tmp_path: Path) -> None:
    for step in (4, 8, 12):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        (checkpoint / "model.safetensors").write_bytes(b"0123456789")
        (checkpoint / "optimizer.pt").write_bytes(b"01234")
        if step < 12:
            mark_whole(checkpoint)
    (tmp_path / "checkpoint-8" / "optimizer.pt").write_bytes(b"012")
    assert is_whole(tmp_path / "checkpoint-4")
    assert last_whole(tmp_path) == tmp_path / "checkpoint-4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-4"]
    (tmp_path / "checkpoint-4" / WHOLE).write_text("{}")
    assert last_whole(tmp_path) is None
    assert last_whole(tmp_path / "none") is None


def test_what_is_tuned_already_is_returned_and_not_tuned_again(
    tiny: Path, tmp_path: Path, undisturbed: tuple[Path, Steps]
) -> None:
    """A kill between the last deed, which gives the model its name, and the removal of the checkpoints leaves them."""
    folder = shutil.copytree(undisturbed[0], tmp_path / "copy")
    (folder / "checkpoints" / "checkpoint-8").mkdir(parents=True)
    again, steps = tune(tiny, folder)
    assert steps == [] and weights(folder) == weights(undisturbed[0])
    assert again.model_name == str(folder / "model") and again.metrics["steps"] == 10
    assert not (folder / "checkpoints").exists()
