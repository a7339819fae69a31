"""What `conf/tracking/` says, and the error of a tracker that fails after the work is done.

TrackingOptions(enabled=True, uri="sqlite:///runs/mlflow.db", experiment="selfinstruct", artifacts=None)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from selfinstruct.errors import SelfInstructError


@dataclass(frozen=True)
class TrackingOptions:
    """Whether and where runs are tracked; `uri` and `experiment` are None only where tracking is off.

    artifacts: where the files of a new experiment lie, a path or a URI; None for the usual place (experiments.py).
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    enabled: bool
    uri: str | None
    experiment: str | None
    artifacts: str | None


class TrackingError(SelfInstructError):
    """The tracker failed although the run folder is complete: worth a warning, the work is not lost."""

    exit_code = 3
