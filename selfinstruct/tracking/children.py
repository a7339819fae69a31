"""The children of a sweep whose processes were lost: they could not close their tracking runs, so the sweep does.

close_lost_children(uri, parent_id)      how many were still open; each is FAILED now
"""

from __future__ import annotations

from selfinstruct.tracking.entries import log_tags
from selfinstruct.tracking.options import TrackingError
from selfinstruct.tracking.runs import STATUS, close
from selfinstruct.tracking.search import PARENT
from selfinstruct.tracking.store import open_client, translated

_PAGE = 1000


def close_lost_children(uri: str, parent_id: str) -> int:
    """Close every child of this parent that is still open, and return how many there were.

    Call when all jobs of the sweep have ended.

    Raises:
        TrackingError: the tracker failed.
    """
    with translated(uri, TrackingError):
        client = open_client(uri)
        experiment = client.get_run(parent_id).info.experiment_id
        is_open = f"tags.`{PARENT}` = '{parent_id}' and attributes.status = 'RUNNING'"
        closed = 0
        while found := client.search_runs([experiment], is_open, max_results=_PAGE):
            for run in found:
                log_tags(client, run.info.run_id, {STATUS: "stopped"})
                close(client, run.info.run_id, "FAILED")
            closed += len(found)
    return closed
