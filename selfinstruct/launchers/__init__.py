"""Where the runs of a sweep run: in processes of this machine, as submitit jobs (Slurm), or on a Ray cluster.

    selfinstruct run -m hydra/launcher=joblib filters.instruction.max_rouge_l=0.5,0.6,0.7,0.8

Three functions do it, one per library: `processes.run`, `submitted.run` and `clusters.run` take packed jobs and return,
in the same order, what each job returned, or `Lost` for one whose process was killed or whose machine went away: the
others go on. `jobs` packs them and settles what came back; hydra_plugins/ holds the classes that Hydra wants.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def offer() -> None:
    """Let Hydra find our launchers, which it takes from the namespace package `hydra_plugins` only.

    Call before Hydra starts, and before anything that Hydra packed is unpacked.
    """
    folder = str(Path(__file__).parent)
    if folder not in sys.path:
        sys.path.append(folder)


def register() -> None:
    """Make our launchers known to Hydra also where it looked for plugins before `offer` was called."""
    from hydra.core.plugins import Plugins

    offer()
    ours = importlib.import_module("hydra_plugins.selfinstruct_launchers")
    for name in ("JoblibLauncher", "LocalLauncher", "SlurmLauncher", "RayLauncher"):
        Plugins.instance().register(getattr(ours, name))
