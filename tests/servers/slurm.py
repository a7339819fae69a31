"""A stand-in for Slurm on this machine, as far as submitit goes: sbatch begins the jobs of an array at once.

    python tests/servers/slurm.py sbatch job.sh          "Submitted batch job 7"
    python tests/servers/slurm.py srun --unbuffered --output log_%A_%a_%t.out --error log_%A_%a_%t.err command ...
    python tests/servers/slurm.py sacct ...              one line a job: id, state, node

What it knows of its jobs is in the folder $FAKE_SLURM.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ARRAY = "7"


def sbatch(script: str) -> None:
    """Keep the script, as Slurm does, and begin the jobs of the array; each leaves its exit code in a file."""
    kept = Path(os.environ["FAKE_SLURM"]) / "job.sh"
    kept.write_bytes(Path(script).read_bytes())
    found = re.search(r"#SBATCH --array=0-(\d+)", kept.read_text(encoding="utf-8"))
    assert found is not None, "this stand-in knows arrays only"
    for index in range(int(found[1]) + 1):
        job = {"SLURM_JOB_ID": f"{ARRAY}{index}", "SLURM_ARRAY_JOB_ID": ARRAY, "SLURM_ARRAY_TASK_ID": str(index)}
        alone = {"SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1", "SLURM_NODEID": "0", "SLURM_PROCID": "0"}
        state = _state(index)
        state.write_text("", encoding="utf-8")
        command = ["bash", "-c", 'bash "$0"; echo $? > "$1"', str(kept), str(state)]
        environment = {**os.environ, **job, **alone, "SLURM_LOCALID": "0"}
        nobody = subprocess.DEVNULL  # who waits for sbatch to end waits until nobody can write to its pipes
        subprocess.Popen(command, env=environment, start_new_session=True, stdout=nobody, stderr=nobody)
    print(f"Submitted batch job {ARRAY}")


def srun(arguments: list[str]) -> None:
    """Run a command with its output in the files that are named, %A_%a_%t replaced."""
    _, _, output, _, error, *command = arguments
    names = {"%A": ARRAY, "%a": os.environ["SLURM_ARRAY_TASK_ID"], "%t": "0"}
    for sign, value in names.items():
        output, error = output.replace(sign, value), error.replace(sign, value)
    Path(output).parent.mkdir(exist_ok=True)
    with Path(output).open("a") as out, Path(error).open("a") as err:
        sys.exit(subprocess.run(command, stdout=out, stderr=err, check=False).returncode)


def sacct() -> None:
    """Say what every job is doing."""
    print("JobID|State|NodeList")
    for state in sorted(Path(os.environ["FAKE_SLURM"]).glob("*.state")):
        said = state.read_text(encoding="utf-8").strip()
        print(f"{ARRAY}_{state.stem}|{'COMPLETED' if said == '0' else 'FAILED' if said else 'RUNNING'}|here")


def _state(index: int) -> Path:
    return Path(os.environ["FAKE_SLURM"]) / f"{index}.state"


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "sbatch":
        sbatch(rest[0])
    elif verb == "srun":
        srun(rest)
    elif verb == "sacct":
        sacct()
