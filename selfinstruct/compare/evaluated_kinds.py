"""`compare runs=[...]`: what the folders hold decides how they are compared.

compare_folders([Path("runs/superni-base-..."), Path("runs/superni-tuned-...")])     as evaluations
compare_folders([Path("runs/first"), Path("runs/second")])                           as runs
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from selfinstruct.compare.comparison import STANDARD, Comparison, Options
from selfinstruct.compare.evaluated import compare_evaluations
from selfinstruct.compare.evaluated_folders import are_evaluations
from selfinstruct.compare.run_folders import expand
from selfinstruct.compare.runs import compare_runs


def compare_folders(
    folders: Sequence[Path],
    out: Path | None = None,
    options: Options = STANDARD,
    names: Sequence[str] = (),
    against: str | None = None,
) -> Comparison:
    """Compare runs, or evaluations; the arguments are those of `compare_runs` and `compare_evaluations`.

    Raises:
        InputError: some folders hold runs and others evaluations, one holds neither, or as those two say.
    """
    places, _ = expand(folders)
    present = [place for place in places if place.is_dir()]  # what is not there, the comparison itself refuses
    compare = compare_evaluations if are_evaluations(present) else compare_runs
    return compare(folders, out, options, names, against)
