"""One completion store and many processes: nothing is lost, nothing is there twice, nothing is torn."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from selfinstruct.errors import LimitReached
from selfinstruct.models.purse import SweepPurse
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.models.store import Row, open_store, request_key
from selfinstruct.models.stored import StoredModel
from selfinstruct.records import Completion, Message, Request
from tests.postgres import database

Result = TypeVar("Result")

MODEL = {"name": "offline/parrot"}
CAP_USD = 1.0
REQUESTS = 60
ASKED_BY_EACH = 40  # of the 60, so that any two processes share at least 20
PROCESSES = {"sqlite": 4, "postgresql": 16}


def request(number: int) -> Request:
    return Request("instructions", (Message("user", f"request {number}"),), "", 64, 0.7, 0.5, 0.0, 2.0, ("\n\n",))


def offered(process: int, number: int) -> str:
    """The answer that this process gets from its model: 20 kB that belong to the process and the request alone."""
    return f"{process} answers {number}: É 行 " + hashlib.sha256(f"{process} {number}".encode()).hexdigest() * 300


@dataclass(frozen=True)
class Asked:
    """What a process saw: the text of each request that it asked, and for how many it asked its model."""

    texts: dict[int, str]
    sent: int


class Parrot:
    """A model whose answers name the process that asked."""

    def __init__(self, process: int) -> None:
        self._process = process

    async def complete(self, asked: Request) -> Completion:
        await asyncio.sleep(0.002)
        number = int(asked.messages[0].content.split()[1])
        return Completion(offered(self._process, number), "stop", 10, 5, 0.01, 0.002, "parrot")

    def stop(self) -> None: ...

    async def close(self) -> None: ...


_together: list[Any] = []


def meet_at(barrier: Any) -> None:
    _together.append(barrier)


def ask(url: str, process: int) -> Asked:
    """Open the store, create its table where it is missing, and ask in an order of this process's own."""
    numbers = random.Random(process).sample(range(REQUESTS), ASKED_BY_EACH)

    _together[0].wait()

    async def ask_all() -> Asked:
        store = open_store(url)
        model = StoredModel(Parrot(process), store, MODEL, 0, f"run-{process}")
        completions = await asyncio.gather(*(model.complete(request(number)) for number in numbers))
        await model.drain()
        store.close()
        return Asked({n: c.text for n, c in zip(numbers, completions, strict=True)}, model.sent)

    return asyncio.run(ask_all())


def spend(url: str, process: int) -> int:
    """Ask, at 2 cents an answer, until the purse of the sweep has less than the 3 cents that one may cost."""
    _together[0].wait()

    async def spend_all() -> int:
        store = open_store(url)
        purse = SweepPurse(store, "sweep-1", f"run-{process}", CAP_USD)
        purse.open()
        granted = 0
        with contextlib.suppress(LimitReached):
            while True:
                await purse.take(0.03)
                key = f"{process}-{granted}"
                store.put([Row(key, 0, f"run-{process}", request(0), Completion("a", "stop", 1, 1, 0.02))])
                purse.settle(0.03, 0.02)
                granted += 1
        await purse.close()
        store.close()
        return granted

    return asyncio.run(spend_all())


def in_processes(work: Callable[[str, int], Result], url: str) -> list[Result]:
    """Let processes do this at once. They are forked from one that has imported everything: 16 imports are slow."""
    count = PROCESSES[url.partition(":")[0].partition("+")[0]]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite"])
    barrier = context.Barrier(count)
    with ProcessPoolExecutor(count, mp_context=context, initializer=meet_at, initargs=(barrier,)) as pool:
        return list(pool.map(work, [url] * count, range(count)))


@pytest.fixture(params=sorted(PROCESSES))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    with database() as url:
        yield url


def test_processes_lose_double_and_tear_nothing(url: str) -> None:
    asked = in_processes(ask, url)
    numbers = {number for process in asked for number in process.texts}
    assert numbers == set(range(REQUESTS))
    store = open_store(url)
    keys = {number: request_key(MODEL, 0, request(number)) for number in numbers}
    found = store.get(list(keys.values()))
    assert store.count() == len(found) == REQUESTS
    stored = {number: found[key].text for number, key in keys.items()}
    for number, text in stored.items():
        assert text in {offered(process, number) for process in range(len(asked))}
    for process in asked:
        assert process.texts == {number: stored[number] for number in process.texts}
    paid = [store.spent(f"run-{process}", Reckoning()).requests for process in range(len(asked))]
    assert sum(paid) == REQUESTS
    assert [process.sent for process in asked] == paid  # and nobody paid for an answer that another one was getting
    store.close()


def test_processes_never_pay_more_than_the_cap_of_their_sweep(url: str) -> None:
    granted = in_processes(spend, url)
    assert sum(granted) in {49, 50}  # at 2 cents each; the last one needs 3 cents to be left
    store = open_store(url)
    late = SweepPurse(store, "sweep-1", "late", CAP_USD)
    late.open()
    paid_usd, reserved_usd = late._totals()
    assert paid_usd == pytest.approx(0.02 * sum(granted))
    assert reserved_usd == 0
    store.close()


def hold_a_claim(url: str, held: Any) -> None:
    async def hold() -> None:
        assert await open_store(url).open_claims().claim("0" * 64)
        held.set()
        await asyncio.sleep(600)  # it is killed before

    asyncio.run(hold())


def test_the_claim_of_a_process_that_was_killed_is_free(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=hold_a_claim, args=(url, held))
    other.start()
    assert held.wait(200)
    store = open_store(url)
    claims = store.open_claims()

    async def claim_until_it_is_free() -> int:
        assert not await claims.claim("0" * 64)
        assert await claims.claim("1" * 64)
        other.kill()
        tries = 1
        while not await claims.claim("0" * 64):  # the server notices soon that nobody is there any more
            tries += 1
            await asyncio.sleep(0.01)
        return tries

    assert asyncio.run(claim_until_it_is_free()) >= 1
    other.join()
    claims.release("0" * 64)
    claims.close()
    store.close()
