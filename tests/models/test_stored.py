"""A Model that pays once: coalescing, durability before visibility, draining, and stores that fail."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from selfinstruct.errors import Interrupted, ProviderError, StoreError
from selfinstruct.models.claims import Claims
from selfinstruct.models.store import CompletionStore, Row, open_store, request_key
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


class FailingStore:
    """A store whose writes fail so many times, and then no more; reads work."""

    def open_claims(self) -> Claims:
        return Claims(None)

    def __init__(self, failures: int, reads_fail: bool = False) -> None:
        self.failures = failures
        self.reads_fail = reads_fail
        self.rows: dict[str, Completion] = {}

    def get(self, keys: Sequence[str]) -> dict[str, Completion]:
        if self.reads_fail:
            raise StoreError("the store is damaged")
        return {key: self.rows[key] for key in keys if key in self.rows}

    def put(self, rows: Sequence[Row]) -> dict[str, Completion]:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        self.rows |= {row.key: row.completion for row in rows}
        return self.get([row.key for row in rows])


def failing(store: FailingStore, model: SlowModel) -> StoredModel:
    return StoredModel(model, store, MODEL, sample=0, payer="run")  # type: ignore[arg-type]


async def ask_all(model: StoredModel, texts: Sequence[str]) -> list[str]:
    """Ask for all at once; return what each of them raised."""
    answers = await asyncio.gather(*(model.complete(ask(text)) for text in texts), return_exceptions=True)
    await model.drain()
    return [f"{type(answer).__name__}: {answer}" for answer in answers if isinstance(answer, Exception)]


def test_answers_that_cannot_be_stored_stop_the_sending_and_are_counted() -> None:
    store, slow = FailingStore(failures=99), SlowModel()
    errors = asyncio.run(ask_all(failing(store, slow), ["a", "b", "c"]))
    assert slow.stopped
    assert set(errors) == {
        "StoreError: the disk is full. Sending was stopped; 3 answers in flight could not be stored and will be asked "
        "again"
    }


def test_answers_that_cannot_be_stored_at_once_are_tried_once_more_when_everything_is_in() -> None:
    store = FailingStore(failures=1)

    async def work() -> list[str]:
        model = failing(store, SlowModel())
        first = asyncio.create_task(ask_all(model, ["a"]))
        return await first

    (error,) = asyncio.run(work())
    assert error == (
        "StoreError: the disk is full. Sending was stopped; 1 answer in flight could be stored at a second try, "
        "nothing is lost"
    )
    assert [completion.text for completion in store.rows.values()] == ["answer to a"]


def test_what_is_sent_away_because_the_store_failed_names_the_store_as_the_reason() -> None:
    class OneByOne(SlowModel):
        """Has one place; who waits for it is sent away at the stop."""

        def __init__(self) -> None:
            super().__init__()
            self.place = asyncio.Lock()

        async def complete(self, request: Request) -> Completion:
            async with self.place:
                return await super().complete(request)

    async def work() -> list[str]:
        return await ask_all(failing(FailingStore(failures=99), OneByOne()), ["a", "b", "c", "d", "e"])

    errors = asyncio.run(work())
    assert len(errors) == 5 and all(error.startswith("StoreError: the disk is full") for error in errors)


def test_a_store_that_cannot_be_read_sends_nothing() -> None:
    slow = SlowModel()
    errors = asyncio.run(ask_all(failing(FailingStore(0, reads_fail=True), slow), ["a", "b"]))
    assert set(errors) == {"StoreError: the store is damaged"}
    assert slow.asked == []


def hold_and_answer(folder: Path, key: str, seconds: float, held: object) -> None:
    """Another process that is asking the same request: it stores its answer after a while."""
    store = open_store(f"sqlite:///{folder}/s.db")
    claims = Claims(store.claims_path)
    assert claims.take(key)
    held.set()  # type: ignore[attr-defined]
    time.sleep(seconds)
    store.put([Row(key, 0, "other", ask("same"), Completion("from the other process", "stop"))])
    claims.release(key)
    store.close()


def test_what_another_process_is_asking_is_waited_for_and_not_asked_again(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    key = request_key(MODEL, 0, ask("same"))
    other = context.Process(target=hold_and_answer, args=(tmp_path, key, 0.3, held))
    other.start()
    assert held.wait(30)

    async def work() -> tuple[str, str, list[str], int]:
        slow = SlowModel()
        model = stored_model(tmp_path, slow)
        same, own = await asyncio.gather(model.complete(ask("same")), model.complete(ask("own")))
        await model.drain()
        return same.text, own.text, slow.asked, model.from_store

    assert asyncio.run(work()) == ("from the other process", "answer to own", ["own"], 1)
    other.join()


def hold_and_die(folder: Path, key: str, held: object) -> None:
    claims = Claims(folder / "s.db.claims")
    assert claims.take(key)
    held.set()  # type: ignore[attr-defined]
    time.sleep(60)


def test_the_claim_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    key = request_key(MODEL, 0, ask("same"))
    other = context.Process(target=hold_and_die, args=(tmp_path, key, held))
    other.start()
    assert held.wait(30)
    claims = Claims(tmp_path / "s.db.claims")
    assert not claims.take(key)
    other.kill()
    other.join()
    assert claims.take(key)
    claims.close()


def test_an_interrupt_does_not_wait_for_another_process(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    key = request_key(MODEL, 0, ask("same"))
    other = context.Process(target=hold_and_die, args=(tmp_path, key, held))
    other.start()
    assert held.wait(30)

    async def work() -> object:
        model = stored_model(tmp_path, SlowModel())
        caller = asyncio.create_task(model.complete(ask("same")))
        await asyncio.sleep(0.1)
        await model.drain()
        return (await asyncio.gather(caller, return_exceptions=True))[0]

    assert isinstance(asyncio.run(work()), Interrupted)
    other.kill()
    other.join()
