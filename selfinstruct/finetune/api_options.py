"""What `conf/finetune/api.yaml` says about a job at a provider.

ApiOptions("api", n_epochs=2, batch_size="auto", learning_rate_multiplier="auto", attempt=1, ...)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt

Auto = Literal["auto"]


@dataclass(frozen=True)
class ApiOptions:
    """How a provider tunes; "auto" leaves a value to it.

    cost_per_training_token: US dollars, None where it is not known. attempt: another number is another job, also for
    the same data and settings. poll_s: seconds between two looks at a job. cancel: cancel the job instead.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    kind: Literal["api"]
    n_epochs: Annotated[int, Ge(1)] | Auto
    batch_size: Annotated[int, Ge(1)] | Auto
    learning_rate_multiplier: Annotated[float, Gt(0)] | Auto
    cost_per_training_token: Annotated[float, Ge(0)] | None
    attempt: Annotated[int, Ge(1)]
    poll_s: Annotated[float, Gt(0)]
    cancel: bool

    def hyperparameters(self) -> dict[str, Any]:
        """Return what is sent as hyperparameters."""
        return {
            "n_epochs": self.n_epochs,
            "batch_size": self.batch_size,
            "learning_rate_multiplier": self.learning_rate_multiplier,
        }

    def determining(self) -> dict[str, Any]:
        """Return what makes two jobs the same: neither prices nor patience."""
        return {"kind": self.kind, **self.hyperparameters(), "attempt": self.attempt}
