"""The fault server as tests see it: tell it what goes wrong, ask it what it was asked, and the command that uses it."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.servers.process import serving

# Characters that look different in base64, in a URL and in JSON.
KEY = "sk-Planted+/Zq7=0123?456&789abcdefXYZ"
KEY_VARIABLE = "TEST_PROVIDER_KEY"


@dataclass(frozen=True)
class FaultServer:
    """A running fault server."""

    address: str

    def plan(self, fault: str = "", **details: Any) -> None:
        """Say what goes wrong from now on; forgets what was asked before."""
        body = json.dumps({"fault": fault, **details}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.address}/plan", body, method="POST")).close()

    def asked(self) -> list[dict[str, str]]:
        """Return what was asked since the last plan, in the order of arrival."""
        with urllib.request.urlopen(f"{self.address}/asked") as answer:
            entries: list[dict[str, str]] = json.load(answer)
        return entries

    def answered(self) -> Counter[str]:
        """Return how often each request was answered, which is how often it was paid for."""
        return Counter(entry["digest"] for entry in self.asked() if entry["did"] == "answered")

    def failed(self) -> Counter[str]:
        """Return how often each fault happened."""
        return Counter(entry["did"] for entry in self.asked() if entry["did"] not in {"answered", "begun"})

    def arguments(self, *more: str) -> list[str]:
        """Return the arguments of a small run over this server; `more` has the last word."""
        values = {
            "model": "openai_compatible",
            "model.name": "openai/any",
            "model.api_base": f"{self.address}/v1",
            "model.api_key_env": KEY_VARIABLE,
            "tracking": "off",
            "report": "off",
            "generation.target": "8",
            "generation.lookahead": "4",
            "limits.max_concurrency": "16",
            "limits.max_attempts": "20",
            "limits.timeout_s": "20",
            "run_dir": "run",
            "export.formats": "[alpaca]",
        }
        values |= dict(argument.partition("=")[::2] for argument in more)
        return ["run", *(f"{key}={value}" for key, value in values.items())]


@contextlib.contextmanager
def fault_server() -> Iterator[FaultServer]:
    """Start a fault server that knows the planted key; it ends with the block."""
    with serving("fault_server", "--key", KEY) as address:
        yield FaultServer(address)
