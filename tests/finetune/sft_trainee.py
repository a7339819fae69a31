"""Trainings that are killed, each in a process of its own; steps.jsonl in their folders says what was measured.

    python -m tests.finetune.sft_trainee <base model> <folder>

For each method three of them: one undisturbed; one that SIGKILL ends at step 7, to which a torn checkpoint is added;
and the same again. The undisturbed ones come first, in the process that the others are forked from: to import the
libraries takes longer than to train.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from selfinstruct.finetune import sft
from tests.finetune.sft_data import base_model, training_data, trl_options

DIES_AT = 7
METHODS = ("full", "lora")


def main() -> None:
    base, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for method in METHODS:
        train(base, folder / f"{method}-undisturbed", method, 0)
    for method in METHODS:
        killed = folder / f"{method}-killed"
        assert in_a_process(base, killed, method, DIES_AT) == -signal.SIGKILL
        torn = killed / "checkpoints" / "checkpoint-6"
        torn.mkdir()
        (torn / "model.safetensors").write_bytes(b"half of the wei")
        assert in_a_process(base, killed, method, 0) == 0


def in_a_process(base: Path, folder: Path, method: str, dies_at: int) -> int:
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    try:
        train(base, folder, method, dies_at)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def train(base: Path, folder: Path, method: str, dies_at: int) -> None:
    folder.mkdir(exist_ok=True)

    def report(step: int, values: Mapping[str, float]) -> None:
        with (folder / "steps.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
        if step == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sft.tune(training_data(), trl_options(method=method), base_model(base), folder, 42, report)


if __name__ == "__main__":
    main()
