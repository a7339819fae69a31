"""The limits that a run is given, as config declares them (conf/limits/).

None of them changes the data: they decide when a request is sent, and whether.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt


@dataclass(frozen=True)
class LimitOptions:
    """Caps (None: no cap) and the bounds on one request. Never part of a run's identity."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_concurrency: Annotated[int, Ge(1)]
    max_requests: Annotated[int, Ge(0)] | None
    max_tokens: Annotated[int, Ge(0)] | None
    max_cost_usd: Annotated[float, Ge(0)] | None
    sweep_max_cost_usd: Annotated[float, Ge(0)] | None
    requests_per_minute: Annotated[float, Gt(0)] | None
    tokens_per_minute: Annotated[float, Gt(0)] | None
    max_attempts: Annotated[int, Ge(1)]
    timeout_s: Annotated[float, Gt(0)]
    patience_s: Annotated[float, Gt(0)]
