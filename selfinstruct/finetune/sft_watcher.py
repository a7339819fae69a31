"""What hears of every step of a training: it reports, marks checkpoints, tells people, and ends a training in time.

    watcher = make_watcher(report)
    with stopping_at_a_step(watcher):
        trainer.train()

Afterwards `watcher.lost_at` is the step at which the loss was no number any more (else None), and `watcher.is_to_stop`
is true after Ctrl+C: the training ended after its step, with a checkpoint.
"""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from selfinstruct.finetune.data import Report
from selfinstruct.finetune.sft_checkpoints import mark_whole

_NAMES = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "eval_loss": "validation_loss",
}
_TELL_EVERY_S = 10.0


def make_watcher(report: Report) -> Any:
    """Return what hears of every step. The class is made here, since its base class takes seconds to import."""
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc, unused-ignore]
        """Reports, marks checkpoints as whole, tells people how far the training is, and stops one that is lost."""

        def __init__(self) -> None:
            self.lost_at: int | None = None
            self.is_to_stop = False
            self._began_s = time.monotonic()
            self._told_s = self._began_s
            self._first_step: int | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            tell(f"steps {state.global_step + 1:,} to {state.max_steps:,} on {args.device.type}")

        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            logs = kwargs["logs"]
            measured = {ours: float(logs[theirs]) for theirs, ours in _NAMES.items() if theirs in logs}
            if not measured:
                return
            report(state.global_step, measured)
            if not math.isfinite(measured.get("loss", 0.0)):
                self.lost_at = state.global_step
                control.should_training_stop = True
                control.should_save = False
            self._tell_people(state, measured)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if self.is_to_stop:
                control.should_save = control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            mark_whole(Path(args.output_dir) / f"checkpoint-{state.global_step}")

        def _tell_people(self, state: Any, measured: Mapping[str, float]) -> None:
            now_s = time.monotonic()
            if self._first_step is None:
                self._first_step = state.global_step
            if now_s - self._told_s < _TELL_EVERY_S or "loss" not in measured:
                return
            self._told_s = now_s
            done = state.global_step - self._first_step
            left_s = (now_s - self._began_s) / max(done, 1) * (state.max_steps - state.global_step)
            tell(
                f"step {state.global_step:,} of {state.max_steps:,}, loss {measured['loss']:.3f}, "
                f"{left_s // 60:.0f}:{left_s % 60:02.0f} left"
            )

    return Watcher()


@contextlib.contextmanager
def stopping_at_a_step(watcher: Any) -> Iterator[None]:
    """Within this block the first Ctrl+C is passed on to the watcher, and the second is what it always is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    always = signal.getsignal(signal.SIGINT)

    def pass_on(*_: Any) -> None:
        signal.signal(signal.SIGINT, always)
        watcher.is_to_stop = True
        tell("ending after this step, with a checkpoint; Ctrl+C again ends it at once")

    signal.signal(signal.SIGINT, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, always)


def tell(text: str) -> None:
    """Say on stderr how far it is."""
    print(f"finetune: {text}", file=sys.stderr, flush=True)
