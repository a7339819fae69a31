"""What a tracking run is made of, written so that writing it twice leaves one of everything.

Params, tags, metrics, series and files go to a run in batches within MLflow's limits; each function looks at what is
there already and adds what is missing:

    log_series(client, run_id, {"series.accepted_total": [(0, 4.0), (1, 7.0)]})
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")

# MLflow's own limits: 6,000 characters a param, 8,000 a tag (5,000 on some servers), 1,000 metrics a batch, and 1 MB
# a request, which 25 long params stay below even where every character is escaped.
MAX_PARAM_CHARACTERS = 6000
MAX_TAG_CHARACTERS = 5000
PARAMS_PER_BATCH = 25
METRICS_PER_BATCH = 1000
CUT_MARK = " [cut]"


def log_params(client: MlflowClient, run_id: str, params: Mapping[str, Any]) -> None:
    """Log the params that the run does not have yet; MLflow never changes one that it has."""
    from mlflow.entities import Param

    known = client.get_run(run_id).data.params
    shown = {_param_name(name): _cut(_shown(value), MAX_PARAM_CHARACTERS) for name, value in params.items()}
    missing = [Param(name, value) for name, value in shown.items() if name not in known]
    for batch in _batches(missing, PARAMS_PER_BATCH):
        client.log_batch(run_id, params=batch)


def _param_name(name: str) -> str:
    return re.sub(r"[^/\w.\- ]", "_", name)


def _shown(value: Any) -> str:
    """Values look as they do in YAML, strings without quotes; an empty one is shown, since MLflow may refuse it."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - len(CUT_MARK)] + CUT_MARK


def log_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags, replacing those that the run has."""
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in cut_tags(tags).items()])


def cut_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that say something, with values of a length that every store takes."""
    return {name: _cut(value, MAX_TAG_CHARACTERS) for name, value in tags.items() if value}


def log_metrics(client: MlflowClient, run_id: str, metrics: Mapping[str, float]) -> None:
    """Log the metrics whose latest value is another one; a value that changed is shown with its history."""
    from mlflow.entities import Metric

    known = client.get_run(run_id).data.metrics
    now_ms = int(time.time() * 1000)
    changed = [Metric(name, value, now_ms, 0) for name, value in metrics.items() if known.get(name) != value]
    for batch in _batches(changed, METRICS_PER_BATCH):
        client.log_batch(run_id, metrics=batch)


def log_series(client: MlflowClient, run_id: str, series: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    """Log the points (step, value) of each series at whose step the run has none yet."""
    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    points = []
    for name, values in series.items():
        known = {point.step for point in client.get_metric_history(run_id, name)}
        points += [Metric(name, value, now_ms, step) for step, value in values if step not in known]
    for batch in _batches(points, METRICS_PER_BATCH):
        client.log_batch(run_id, metrics=batch)


def log_files(client: MlflowClient, run_id: str, files: Mapping[str, Path]) -> None:
    """Copy files to the run's artifacts; keys are paths inside them, such as "export/alpaca.json"."""
    for name, path in files.items():
        folder, _, _ = name.rpartition("/")
        client.log_artifact(run_id, str(path), folder or None)


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
