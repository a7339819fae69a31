"""From an item to a request: templates of conf/benchmark/ and conf/grading/ go in, requests come out.

A benchmark's template may name instruction, input (empty where there is none) and examples (each with input, output);
what a judge's questions may name stands in grades.py and pairs.py.
"""

from __future__ import annotations

import hashlib

from selfinstruct.errors import InputError
from selfinstruct.evaluation.items import Item
from selfinstruct.evaluation.options import BenchmarkOptions
from selfinstruct.jsonl import canonical
from selfinstruct.records import Request
from selfinstruct.templating import render

ANSWERS = "answers"


def render_item(options: BenchmarkOptions, mode: str, item: Item) -> Request:
    """Return the request that asks a model, chat or completion, about one item.

    Raises:
        InputError: the template cannot be rendered, or the item's task has fewer examples than `shots`.
    """
    if len(item.examples) < options.shots:
        raise InputError(
            f"benchmark.shots={options.shots}: {item.task} has {len(item.examples)} positive examples; ask for fewer"
        )
    values = {
        "instruction": item.instruction.strip(),
        "input": item.input.strip(),
        "examples": item.examples[: options.shots],
    }
    template = options.chat if mode == "chat" else options.completion
    return render(f"benchmark.{mode}", template, mode, ANSWERS, values)


def prompt_sha256(request: Request) -> str:
    """Return 12 hexadecimal digits of a prompt's text."""
    said = [[message.role, message.content] for message in request.messages]
    return hashlib.sha256(canonical([said, request.text]).encode()).hexdigest()[:12]
