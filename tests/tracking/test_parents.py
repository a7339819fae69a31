from __future__ import annotations

from pathlib import Path

import pytest

from selfinstruct.tracking import TrackingError, finish_parent, start_parent
from selfinstruct.tracking.store import open_client


def test_a_repeated_sweep_goes_on_with_its_parent(uri: str, experiment: str) -> None:
    first = start_parent(uri, experiment, "thresholds", "thresholds-4f0a", {"selfinstruct.study": "thresholds"})
    finish_parent(uri, first, [0], {}, [])
    again = start_parent(uri, experiment, "thresholds", "thresholds-4f0a", {"selfinstruct.study": "thresholds"})
    other = start_parent(uri, experiment, "thresholds", "thresholds-77aa", {})
    run = open_client(uri).get_run(first)
    assert again == first != other
    assert (run.info.status, run.info.run_name) == ("RUNNING", "thresholds")
    assert run.data.tags["selfinstruct.study"] == "thresholds"


def test_a_sweep_may_be_named_with_quotes(uri: str, experiment: str) -> None:
    first = start_parent(uri, experiment, "it's", 'it\'s a "sweep"', {})
    assert start_parent(uri, experiment, "it's", 'it\'s a "sweep"', {}) == first


@pytest.mark.parametrize(
    ("codes", "shown"),
    [([0, 0], "FINISHED"), ([0], "FINISHED"), ([0, 3, 0], "FAILED"), ([4], "FAILED"), ([], "FAILED")],
)
def test_a_parent_is_finished_only_if_every_run_is(uri: str, experiment: str, codes: list[int], shown: str) -> None:
    parent = start_parent(uri, experiment, "sweep", "sweep", {})
    finish_parent(uri, parent, codes, {}, [])
    assert open_client(uri).get_run(parent).info.status == shown


def test_closing_a_parent_twice_leaves_one_of_everything(uri: str, experiment: str, tmp_path: Path) -> None:
    table = tmp_path / "sweep.json"
    table.write_text("[]", encoding="utf-8")
    parent = start_parent(uri, experiment, "sweep", "sweep", {})
    for _ in range(2):
        finish_parent(uri, parent, [0, 0], {"sweep.runs": 2.0}, [table])
    client = open_client(uri)
    assert [point.value for point in client.get_metric_history(parent, "sweep.runs")] == [2.0]
    assert [artifact.path for artifact in client.list_artifacts(parent)] == ["sweep.json"]


def test_a_tracker_that_fails_at_the_end_raises_a_tracking_error(uri: str) -> None:
    with pytest.raises(TrackingError):
        finish_parent(uri, "0" * 32, [0], {}, [])
