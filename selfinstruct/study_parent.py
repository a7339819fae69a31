"""The parent of a study in the tracker: the steps are its children, and its comparisons are its files.

parent_id = open_parent(options, "data_size", "data_size-0f3c5a7b9d1e")
close_parent(options, parent_id, 14, 0, [folder / "study.json"])        FINISHED, since no step failed
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from selfinstruct import tracking


def open_parent(options: tracking.TrackingOptions, study: str, name: str) -> str | None:
    """Return the id of the study's tracking run, its own one where it is repeated; None with tracking off.

    Raises:
        InputError: the tracker cannot be used.
    """
    if not options.enabled:
        return None
    uri = tracking.resolve_uri(options.uri)
    tags = {"selfinstruct.study": study, "selfinstruct.verb": "study"}
    return tracking.start_parent(uri, options.experiment, name, name, tags, options.artifacts)


def close_parent(
    options: tracking.TrackingOptions, parent_id: str | None, steps: int, failed: int, files: Sequence[Path]
) -> None:
    """Close the parent, as FAILED where steps failed or are missing. A failing tracker costs the mirror only."""
    if parent_id is None:
        return
    summary = {"study.steps": float(steps), "study.failed": float(failed)}
    there = [path for path in files if path.is_file()]
    try:
        tracking.finish_parent(tracking.resolve_uri(options.uri), parent_id, [1] if failed else [0], summary, there)
    except tracking.TrackingError as error:
        print(f"selfinstruct: tracking failed ({error}); repeat the command to mirror it again", file=sys.stderr)
