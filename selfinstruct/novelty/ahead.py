"""Compiling ahead: on a fresh machine, processes of their own compile the kernels while the work goes on without them.

The first use of a compiled mode costs some seconds, once per machine and version; after that it is read from disk. A
pool that grows starts compiling when it is half as large as the plain path serves, and the plain path goes on until
the machine code is there; a refilter starts when it starts to read its source. Both paths give the same bits, so
neither when nor whether the compiling ends changes any result.

    compile_ahead("describe")           # returns at once; does nothing when the machine code is on disk
    is_compiling("describe")            # True until that process has ended
    wait_for("describe")                # what the compiled mode does before its first call

    python -m selfinstruct.novelty.ahead describe       # what the process runs
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from selfinstruct.novelty.kernel import digest

_started: dict[str, subprocess.Popen[bytes]] = {}
_KERNELS = {"decide": "judge", "describe": "advance"}


def compile_ahead(mode: str) -> None:
    """Start to compile a mode ("decide" or "describe") unless its machine code is known to be on disk."""
    if mode in _started or not sys.executable or _is_on_disk(_KERNELS[mode]):
        return
    with contextlib.suppress(OSError):  # then it is compiled at its first call
        _started[mode] = subprocess.Popen(
            [sys.executable, "-c", f"from selfinstruct.novelty.ahead import MODES; MODES[{mode!r}]()"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )


def is_compiling(mode: str) -> bool:
    """Return whether a process is still compiling this mode."""
    return mode in _started and _started[mode].poll() is None


def wait_for(mode: str) -> None:
    """Wait for the process that compiles this mode, if there is one: to compile the same here would take as long."""
    if mode in _started:
        _started[mode].wait()


def _is_on_disk(kernel: str) -> bool:
    """Look where Numba keeps machine code by default, and where it was told to, without importing Numba."""
    folders = [Path(__file__).parent / "__pycache__"]
    if os.environ.get("NUMBA_CACHE_DIR"):
        folders = list(Path(os.environ["NUMBA_CACHE_DIR"]).glob("*"))
    return any(list(folder.glob(f"*.{kernel}_{digest()}-*.nbi")) for folder in folders)


def _compile_decide() -> None:
    """Only the largest kernel of the mode: the small ones are compiled meanwhile by the process that waits for it."""
    from selfinstruct.novelty.decide import judge_nothing

    judge_nothing()


def _compile_describe() -> None:
    from selfinstruct.novelty.describe import CompiledIndex

    CompiledIndex(1).add([0])


MODES: dict[str, Callable[[], None]] = {"decide": _compile_decide, "describe": _compile_describe}


if __name__ == "__main__":
    MODES[sys.argv[1]]()
