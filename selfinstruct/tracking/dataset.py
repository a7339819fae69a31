"""The dataset of a run as MLflow's own dataset entity, so that it is listed, compared and searched in the UI.

Made from the manifest alone; the digest is the beginning of dataset_sha256, so equal datasets are one dataset:

    demo (3f1c9b2a7d40)   instruction, input, output, is_classification   num_rows 1530
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from selfinstruct.runs import INSTANCES

if TYPE_CHECKING:
    from mlflow import MlflowClient

_DIGEST_DIGITS = 12
_COLUMNS = (
    ("instruction", "string", True),
    ("input", "string", True),
    ("output", "string", True),
    ("is_classification", "boolean", False),
)


def log_dataset(client: MlflowClient, run_id: str, manifest: Mapping[str, Any]) -> None:
    """Make the dataset that the manifest names an input of the run; MLflow leaves one that is there as it is."""
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.exceptions import MlflowException

    artifacts = str(client.get_run(run_id).info.artifact_uri)
    dataset = Dataset(
        name=str(manifest["name"]),
        digest=str(manifest["dataset_sha256"])[:_DIGEST_DIGITS],
        source_type=source_type(artifacts),
        source=json.dumps({"uri": f"{artifacts}/{INSTANCES}"}),
        schema=json.dumps({"mlflow_colspec": [_column(*column) for column in _COLUMNS]}),
        profile=json.dumps(_profile(manifest)),
    )
    inputs = [DatasetInput(dataset, [InputTag("mlflow.data.context", "generated")])]
    try:
        client.log_inputs(run_id, inputs)
    except MlflowException:  # two runs with the same dataset at once: MLflow looks, then inserts, and one of them fails
        client.log_inputs(run_id, inputs)


def source_type(artifacts: str) -> str:
    """Return where artifacts lie, as MLflow calls it; its default for a database is a path without a scheme."""
    scheme = urlparse(artifacts).scheme
    return "local" if scheme in {"", "file"} else scheme


def _column(name: str, kind: str, is_required: bool) -> dict[str, Any]:
    return {"type": kind, "name": name, "required": is_required}


def _profile(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """`num_rows` and `num_elements` are what MLflow shows; the rest is for readers of the full profile."""
    counts = manifest["counts"]
    return {
        "num_rows": counts["instances"],
        "num_elements": counts["instances"] * len(_COLUMNS),
        "instructions": counts["accepted"],
        "dataset_sha256": manifest["dataset_sha256"],
    }
