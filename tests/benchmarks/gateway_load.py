"""One way to ask a server that answers at once, in a process of its own: requests per second, CPU per request.

    python -m tests.benchmarks.gateway_load stored http://127.0.0.1:8000 --requests 1500

Prints one line of JSON. The ways: `default` (LiteLLM's openai/ path as it is), `settings` (LiteLLM with every public
setting that helps), `switches` (and with our switches), `gateway` (ours), `stored` (ours with the completion store).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

from selfinstruct.records import Message, Request

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

CONCURRENCY = 64
WARM_UP = 300
PRICE_USD = 1e-6
_numbers = itertools.count()
_EXAMPLES = "".join(f"{n}. Bake bread, then write down what went wrong and why.\n" for n in range(1, 9))

Ask = Callable[[Request], Awaitable[Any]]


def new_request() -> Request:
    """A prompt of 500 characters that was never asked before."""
    text = f"Come up with tasks ({next(_numbers)}):\n{_EXAMPLES}"
    return Request("instructions", (Message("user", text),), "", 300, 0.7, 0.5, 0.0, 0.0, ("\n\n",))


def bare(way: str, address: str) -> Ask:
    import litellm

    from selfinstruct.models import route
    from selfinstruct.models.calls import arguments
    from selfinstruct.models.gateway import ModelOptions
    from selfinstruct.models.prices import Prices

    name = "openai/m" if way == "default" else "hosted_vllm/m"
    options = ModelOptions(name, "chat", f"{address}/v1", None, "", None, None, {})
    if way == "default":

        async def ask(request: Request) -> Any:
            asked = arguments(request, options, 60.0)
            del asked["num_retries"], asked["max_retries"]
            return await litellm.acompletion(model=name, api_key="none", **asked)

        return ask
    route.import_litellm()
    route.register_price(litellm, name, Prices(PRICE_USD, PRICE_USD))

    async def ask_well(request: Request) -> Any:
        return await litellm.acompletion(model=name, api_key="none", **arguments(request, options, 60.0))

    async def ask_unlogged(request: Request) -> Any:
        with route.unlogged(litellm):
            return await ask_well(request)

    return ask_well if way == "settings" else ask_unlogged


async def measure(way: str, address: str, requests: int) -> tuple[float, float]:
    if way not in {"gateway", "stored"}:
        return await _load(bare(way, address), requests)
    from selfinstruct.models.budget import Budget
    from selfinstruct.models.gateway import ModelOptions, build
    from selfinstruct.models.limits import LimitOptions
    from selfinstruct.models.store import open_store
    from selfinstruct.models.stored import StoredModel

    limits = LimitOptions(CONCURRENCY, None, None, None, None, None, None, 8, timeout_s=60.0, patience_s=900.0)
    named = ModelOptions("openai/m", "chat", f"{address}/v1", None, "", PRICE_USD, PRICE_USD, {})
    gateway = build(named, limits, Budget(limits))
    if way == "gateway":
        return await _load(gateway.complete, requests)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/store.db")
        model = StoredModel(gateway, store, {"name": "m"}, 0, "payer")
        measured = await _load(model.complete, requests)
        await model.drain()
        assert store.count() == requests + WARM_UP
        store.close()
    return measured


async def _load(ask: Ask, requests: int) -> tuple[float, float]:
    async def go(count: int) -> None:
        left = iter(range(count))

        async def one_after_the_other() -> None:
            for _ in left:
                await ask(new_request())

        await asyncio.gather(*(one_after_the_other() for _ in range(CONCURRENCY)))

    await go(WARM_UP)
    started, cpu = time.perf_counter(), time.process_time()
    await go(requests)
    return requests / (time.perf_counter() - started), (time.process_time() - cpu) / requests


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["default", "settings", "switches", "gateway", "stored"])
    parser.add_argument("address")
    parser.add_argument("--requests", type=int, default=1_500)
    arguments = parser.parse_args()
    per_s, cpu_s = asyncio.run(measure(arguments.way, arguments.address, arguments.requests))
    print(json.dumps({"requests_per_s": per_s, "cpu_s": cpu_s}), flush=True)
    os._exit(0)  # LiteLLM's bare clients are not closed here, and say so at length


if __name__ == "__main__":
    main()
