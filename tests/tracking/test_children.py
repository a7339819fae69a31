"""Children of a sweep: those whose processes were lost, and those that mirror the same dataset at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from selfinstruct.tracking import TrackingError, start_parent, start_run
from selfinstruct.tracking.children import close_lost_children
from selfinstruct.tracking.dataset import log_dataset, source_type
from selfinstruct.tracking.store import open_client


def child(uri: str, experiment: str, identity: str, parent_id: str | None) -> str:
    return start_run(uri, experiment, identity, identity, {}, {}, parent_id)


def test_lost_children_are_failed_and_nobody_else_is_touched(uri: str, experiment: str) -> None:
    parent, other = (start_parent(uri, experiment, name, name, {}) for name in ("sweep", "other"))
    ended, lost, also_lost = (child(uri, experiment, name, parent) for name in ("a", "b", "c"))
    of_other, single = child(uri, experiment, "d", other), child(uri, experiment, "e", None)
    client = open_client(uri)
    client.set_terminated(ended, "KILLED")
    assert close_lost_children(uri, parent) == 2
    assert close_lost_children(uri, parent) == 0
    status = {run_id: client.get_run(run_id).info.status for run_id in (ended, lost, also_lost, of_other, single)}
    assert status == {ended: "KILLED", lost: "FAILED", also_lost: "FAILED", of_other: "RUNNING", single: "RUNNING"}
    assert client.get_run(lost).data.tags["selfinstruct.status"] == "stopped"


def test_a_parent_that_is_not_there_is_a_tracking_error(uri: str) -> None:
    with pytest.raises(TrackingError, match="not found"):
        close_lost_children(uri, "0" * 32)


def test_children_with_the_same_dataset_may_end_in_the_same_moment(uri: str, experiment: str) -> None:
    manifest = {"name": "demo", "dataset_sha256": "0123456789ab" * 4, "counts": {"accepted": 2, "instances": 3}}
    children = [child(uri, experiment, f"arm {number}", None) for number in range(8)]
    client, together = open_client(uri), threading.Barrier(len(children))

    def end(run_id: str) -> None:
        together.wait()
        log_dataset(client, run_id, manifest)

    with ThreadPoolExecutor(len(children)) as pool:
        list(pool.map(end, children))
    inputs = [client.get_run(run_id).inputs.dataset_inputs for run_id in children]
    assert [[one.dataset.digest for one in datasets] for datasets in inputs] == [["0123456789ab"]] * len(children)


def test_a_dataset_below_a_path_without_a_scheme_is_local() -> None:
    assert source_type("/shared/mlruns/1/5f0c/artifacts") == "local"
    assert source_type("file:///shared/mlartifacts/5f0c/artifacts") == "local"
    assert source_type("mlflow-artifacts:/1/5f0c/artifacts") == "mlflow-artifacts"
    assert source_type("s3://bucket/1/5f0c/artifacts") == "s3"
