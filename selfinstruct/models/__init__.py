"""Models answer requests: the generator, the judge and a tuned model are all the same thing.

`Model` is the one seam of the project that is an object. The gateway reaches providers, the offline model needs
none, and the completion store is a Model that wraps a Model.
"""

from __future__ import annotations

from typing import Protocol

from selfinstruct.records import Completion, Request


class Model(Protocol):
    """Anything that answers requests."""

    async def complete(self, request: Request) -> Completion:
        """Return the answer to one request.

        Raises:
            ProviderError: the provider failed for good.
            LimitReached: the answer might go over a cap, so the request was not sent.
            StoreError: the answer could not be stored.
        """
        ...
