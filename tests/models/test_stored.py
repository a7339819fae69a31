"""A Model that pays once: coalescing, durability before visibility, draining after cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.errors import Interrupted, ProviderError
from selfinstruct.models.store import CompletionStore, open_store
from selfinstruct.models.stored import StoredModel
from selfinstruct.records import Completion, Message, Request

MODEL = {"name": "openai/m"}


def ask(text: str) -> Request:
    return Request("instructions", (Message("user", text),), "", 64, 0.7, 0.5, 0.0, 2.0, ())


class SlowModel:
    """Answers after a while, counts what it was asked, and can be told to stop."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.asked: list[str] = []
        self.seconds = seconds
        self.stopped = False

    async def complete(self, request: Request) -> Completion:
        if self.stopped:
            raise Interrupted("stopped")
        self.asked.append(request.messages[0].content)
        await asyncio.sleep(self.seconds)
        if request.messages[0].content == "fail":
            raise ProviderError("no")
        return Completion(f"answer to {request.messages[0].content}", "stop")

    def stop(self) -> None:
        self.stopped = True

    async def close(self) -> None:
        return


def stored_model(path: Path, model: SlowModel) -> StoredModel:
    store = open_store(f"sqlite:///{path}/s.db")
    OPEN.append(store)
    return StoredModel(model, store, MODEL, sample=0, payer="run")


def count(path: Path) -> int:
    store = open_store(f"sqlite:///{path}/s.db")
    OPEN.append(store)
    return store.count()


OPEN: list[CompletionStore] = []


@pytest.fixture(autouse=True)
def close_stores() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def test_equal_requests_at_the_same_time_are_sent_once(tmp_path: Path) -> None:
    async def work() -> None:
        slow = SlowModel()
        model = stored_model(tmp_path, slow)
        answers = await asyncio.gather(*(model.complete(ask("same")) for _ in range(5)))
        await model.drain()
        assert slow.asked == ["same"]
        assert {answer.text for answer in answers} == {"answer to same"}

    asyncio.run(work())


def test_what_is_stored_is_not_asked_again(tmp_path: Path) -> None:
    async def work() -> tuple[int, int, list[str]]:
        slow = SlowModel()
        model = stored_model(tmp_path, slow)
        await asyncio.gather(*(model.complete(ask(text)) for text in ("a", "b", "c")))
        await model.drain()
        return model.sent, model.from_store, slow.asked

    assert asyncio.run(work()) == (3, 0, ["a", "b", "c"])
    assert asyncio.run(work()) == (0, 3, [])


def test_a_cancelled_caller_does_not_lose_the_answer_that_is_paid_for(tmp_path: Path) -> None:
    async def work() -> None:
        slow = SlowModel(seconds=0.05)
        model = stored_model(tmp_path, slow)
        caller = asyncio.create_task(model.complete(ask("paid")))
        while not slow.asked:
            await asyncio.sleep(0.001)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        await model.drain()
        assert slow.stopped

    asyncio.run(work())
    assert count(tmp_path) == 1


def test_a_failure_is_raised_and_never_stored(tmp_path: Path) -> None:
    async def work() -> None:
        model = stored_model(tmp_path, SlowModel())
        with pytest.raises(ProviderError):
            await model.complete(ask("fail"))
        await model.drain()

    asyncio.run(work())
    assert count(tmp_path) == 0
