"""Finding the tracking run that belongs to an identity, so that a repeated command goes on with it.

find_or_create(client, experiment, "demo", ("selfinstruct.identity", "0f3c5a7b9d1e"), tags, parent_id=None)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from selfinstruct.tracking.entries import cut_tags, log_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARENT = "mlflow.parentRunId"
_MAX_FOUND = 50_000
# MLflow's own default would be the path of the program; the rest of its defaults (user, commit) are left out too.
_SOURCE = {"mlflow.source.name": "selfinstruct", "mlflow.source.type": "LOCAL"}


def find_or_create(
    client: MlflowClient,
    experiment: str,
    name: str,
    key: tuple[str, str],
    tags: Mapping[str, str],
    parent_id: str | None = None,
) -> str:
    """Return the id of the run with this key tag below this parent, created where there was none; it is RUNNING.

    Args:
        experiment: the id of the experiment.
        key: name and value of the tag that tells this run from all others.
        tags: set on a new run, and set again on one that was found.
    """
    key_name, key_value = key[0], re.sub(r"['\"`\\]", "_", key[1])
    wanted = {**tags, **_SOURCE, key_name: key_value} | ({PARENT: parent_id} if parent_id else {})
    run_id = _find(client, experiment, key_name, key_value, parent_id)
    if run_id is None:
        return str(client.create_run(experiment, tags=cut_tags(wanted), run_name=name).info.run_id)
    client.update_run(run_id, status="RUNNING", name=name)
    log_tags(client, run_id, wanted)
    return run_id


def _find(client: MlflowClient, experiment: str, key: str, value: str, parent_id: str | None) -> str | None:
    """The oldest one counts; "has no parent" cannot be asked for, so that is sorted out here."""
    found = client.search_runs(
        [experiment], f"tags.`{key}` = '{value}'", max_results=_MAX_FOUND, order_by=["attributes.start_time ASC"]
    )
    ids = [str(run.info.run_id) for run in found if run.data.tags.get(PARENT) == parent_id]
    return ids[0] if ids else None
