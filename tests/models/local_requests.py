"""What tests of a model in this process share: its options, requests, and how they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct.models.budget import Budget
from selfinstruct.models.gateway import ModelOptions
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.local import build
from selfinstruct.models.local_generation import Asked, Written, answer_together
from selfinstruct.models.local_prompts import prompt_ids, stops_of
from selfinstruct.models.local_weights import LoadedModel
from selfinstruct.records import Completion, Message, Request
from tests.tiny_model import LIMITS, LOCAL_OPTIONS


def model_options(name: object, mode: str = "chat", **options: Any) -> ModelOptions:
    return ModelOptions(str(name), mode, None, None, "", 0, 0, {**LOCAL_OPTIONS, **options})  # type: ignore[arg-type]


def request(content: str = "Name the capital of Peru.", **asked: Any) -> Request:
    defaults: dict[str, Any] = {"stage": "input_first", "messages": (Message("user", content),), "text": ""}
    defaults |= {"max_tokens": 24, "temperature": 0.8, "top_p": 0.9, "frequency_penalty": 0.0}
    return Request(**{**defaults, "presence_penalty": 1.5, "stop": (), **asked})


def different_requests(number: int) -> list[Request]:
    """Prompts of many lengths, sampled and greedy, with and without penalties."""
    return [
        request("tell me why " * (1 + 3 * (i % 7)) + str(i), temperature=0.7 * (i % 3), presence_penalty=1.0 * (i % 2))
        for i in range(number)
    ]


def ask(options: ModelOptions, requests: Sequence[Request], limits: LimitOptions = LIMITS) -> list[Completion]:
    """Ask all requests at once and return the completions, in their order."""

    async def answers() -> list[Completion]:
        model = build(options, limits, Budget(limits))
        try:
            return await asyncio.gather(*(model.complete(one) for one in requests))
        finally:
            model.stop()
            await model.close()

    return asyncio.run(answers())


def texts(completions: Sequence[Completion]) -> list[str]:
    return [completion.text for completion in completions]


def answers_of(loaded: LoadedModel, asked: Sequence[Asked], random_seed: int = 0) -> list[Written]:
    found: dict[int, Written] = {}
    answer_together(loaded, asked, random_seed, found.__setitem__, lambda: False)
    return [found[place] for place in range(len(asked))]


def as_asked(loaded: LoadedModel, one: Request, mode: str = "chat") -> Asked:
    return Asked(one, tuple(prompt_ids(loaded.tokenizer, one, mode, {})), stops_of(loaded.tokenizer, one, mode))


def greedy(content: str, **asked: Any) -> Request:
    return request(content, temperature=0.0, presence_penalty=0.0, **asked)


def copy_of(folder: Path, target: Path) -> None:
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
