"""`python -m tests.warm_study study ...`: a study whose steps are forked from a process that imported what they need.

Every step is a process that runs the command line, as always. What is spared is to import PyTorch, LiteLLM and the
like anew for each of them, which takes several times as long as a small step.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

from selfinstruct import cli, study_job
from selfinstruct.models.library import import_litellm

LIBRARIES = (
    *("torch", "trl", "peft", "datasets", "transformers.models.llama.modeling_llama", "rouge_score.rouge_scorer"),
    *("selfinstruct.job", "selfinstruct.refilter_job", "selfinstruct.finetune_job", "selfinstruct.finetune.sft"),
    *("selfinstruct.evaluate_job", "selfinstruct.compare_job", "scipy.stats", "statsmodels.stats.multitest"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "pyarrow.parquet", "sqlalchemy.dialects.sqlite"),
)
_LAZY = {"trl": ("SFTTrainer", "SFTConfig"), "transformers": ("AutoModelForCausalLM", "AutoTokenizer", "Trainer")}


class Forked:
    """A step: what the study needs of subprocess.Popen."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str]) -> None:
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(_run(words[3:], env))  # behind: python -m selfinstruct.cli

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    from hydra.core.global_hydra import GlobalHydra

    os.environ.update(environment)
    GlobalHydra.instance().clear()  # it is the study's
    sys.argv = ["selfinstruct", *arguments]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def main() -> None:
    """Import, then run the study."""
    import_litellm()
    for name in LIBRARIES:
        importlib.import_module(name)
    for name, attributes in _LAZY.items():
        for attribute in attributes:
            getattr(importlib.import_module(name), attribute)
    study_job.subprocess = SimpleNamespace(Popen=Forked)  # type: ignore[assignment]
    cli.main()


if __name__ == "__main__":
    main()
