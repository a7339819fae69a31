"""Every error this project raises, and the exit code each one means.

    SelfInstructError
    ├── InputError            2   bad config, seeds, run folder or option; nothing was sent
    ├── ProviderError         3   the provider failed for good; what was paid is kept
    │   └── TransientError        worth another try; becomes a ProviderError when the tries are used up
    ├── LimitReached          4   a cap on cost, tokens or requests; raise it and repeat the command
    ├── StoreError            3   the completion store cannot be read or written
    └── Interrupted         130   the user asked to stop

A message says what, where and what to do: `seeds/high.jsonl:14: "instances" is empty; give at least one pair`.
"""

from __future__ import annotations


class SelfInstructError(Exception):
    """The root; catch it to catch everything that this project raises on purpose."""

    exit_code = 1


class InputError(SelfInstructError):
    """The user's config, files or options cannot be used. Raised before anything is sent."""

    exit_code = 2


class ProviderError(SelfInstructError):
    """The provider failed in a way that another try will not mend (key, permission, unknown model, bad request)."""

    exit_code = 3


class TransientError(ProviderError):
    """The provider failed in a way that may pass (rate limit, overload, network).

    Attributes:
        retry_after_s: seconds the provider asked to wait, or None when it did not say.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreError(SelfInstructError):
    """The completion store cannot be opened, read or written."""

    exit_code = 3


class LimitReached(SelfInstructError):
    """The next request might go over a cap, so it was not sent."""

    exit_code = 4


class Interrupted(SelfInstructError):
    """The user asked to stop; everything paid for is in the completion store."""

    exit_code = 130
