"""The experiment tracker: mirrors run folders into MLflow, and is the only place that imports it.

Plain values come in (a URI, a run folder, params, metrics), tracking runs come out. MLflow is imported inside the
functions, so importing this package costs nothing. A store and what it gets:

    uri = resolve_uri("sqlite:///runs/mlflow.db")
    run_id = start_run(uri, "selfinstruct", "demo", "0f3c5a7b9d1e", {"random_seed": 42}, {"selfinstruct.study": "demo"})
    finish_run(uri, run_id, folder, metrics, series(folder))
"""

from selfinstruct.tracking.options import TrackingError, TrackingOptions
from selfinstruct.tracking.parents import finish_parent, start_parent
from selfinstruct.tracking.runs import close_lost_run, finish_run, start_run
from selfinstruct.tracking.store import prepare, resolve_uri
from selfinstruct.tracking.ui import UiCommand, experiment_page, ui_command

__all__ = [
    "TrackingError",
    "TrackingOptions",
    "UiCommand",
    "close_lost_run",
    "experiment_page",
    "finish_parent",
    "finish_run",
    "prepare",
    "resolve_uri",
    "start_parent",
    "start_run",
    "ui_command",
]
