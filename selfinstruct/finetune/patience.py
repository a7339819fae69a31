"""Trying again what is safe to ask twice, with growing waits, until the tries are used up.

job = patiently(limits, provider.job, "ftjob-1")
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from selfinstruct.errors import ProviderError, TransientError
from selfinstruct.models.gateway import growing_wait_s
from selfinstruct.models.limits import LimitOptions

T = TypeVar("T")
P = ParamSpec("P")
log = logging.getLogger(__name__)


def patiently(limits: LimitOptions, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Return what the call returns, trying again after faults that may pass.

    Raises:
        ProviderError: it failed for good, or `limits.max_attempts` times in a row.
    """
    failed = 0
    while True:
        try:
            return call(*arguments, **named)
        except TransientError as fault:
            failed += 1
            wait_after(fault, failed, limits)


def wait_after(fault: TransientError, failed: int, limits: LimitOptions) -> None:
    """Wait before the next try, as long as the provider asks for where it does.

    Raises:
        ProviderError: the tries are used up, or the wait would be longer than `limits.patience_s`.
    """
    wait_s = max(fault.retry_after_s or 0.0, growing_wait_s(failed))
    if failed >= limits.max_attempts or wait_s > limits.patience_s:
        raise ProviderError(f"{fault}; gave up after {failed} tries. Nothing is lost: repeat the command to go on")
    log.warning("try %d of %d failed (%s); next in %.1f s", failed, limits.max_attempts, fault, wait_s)
    time.sleep(wait_s)
