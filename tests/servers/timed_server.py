"""An OpenAI-compatible server that answers after a given time: at once, after the same time, or log-normally.

    python -m tests.servers.timed_server                                       one fixed answer, at once
    python -m tests.servers.timed_server --median 1.0 --answers grammar        what the offline grammar says, after 1 s
    python -m tests.servers.timed_server --median 0.25 --p99 2.5               log-normal latencies

Prints its port. The latency is drawn from the request, so that the same request takes as long for everybody. `GET
/stats` gives how many requests there were, the seconds that they took together (what a perfect client waits for, over
the requests in flight), and the seconds from the first request to the last answer.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.wire import Answer, Handler, as_json, serve

_Z99 = 2.326348  # the 99th percentile of the standard normal distribution


@dataclass
class Stats:
    """What has been served so far."""

    requests: int = 0
    latency_s: float = 0.0
    first_s: float = 0.0
    last_s: float = 0.0

    def served(self, now_s: float, latency_s: float) -> None:
        self.first_s = self.first_s or now_s
        self.last_s = max(self.last_s, now_s + latency_s)
        self.requests += 1
        self.latency_s += latency_s


def make_handler(median_s: float, p99_s: float, answer: Callable[[bytes], bytes]) -> Handler:
    spread = math.log(p99_s / median_s) / _Z99 if p99_s > median_s > 0 else 0.0
    stats = Stats()

    def handle(path: str, body: bytes) -> Answer:
        if path == "/stats":
            told = {"requests": stats.requests, "latency_s": stats.latency_s, "span_s": stats.last_s - stats.first_s}
            return as_json(200, told)
        now_s = time.monotonic()
        latency_s = median_s * math.exp(spread * random.Random(body).gauss(0.0, 1.0)) if median_s else 0.0
        stats.served(now_s, latency_s)
        said = answer(body)
        return Answer(200, said, delay_s=now_s + latency_s - time.monotonic() if latency_s else 0.0)

    return handle


def fixed() -> Callable[[bytes], bytes]:
    message = {"role": "assistant", "content": "a word and another " * 20}
    usage = {"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    said = json.dumps(whole).encode()
    return lambda body: said


def grammar() -> Callable[[bytes], bytes]:
    from tests.servers.openai_server import completion_body, default_options

    options = default_options()

    def answer(body: bytes) -> bytes:
        asked: dict[str, Any] = json.loads(body)
        return json.dumps(completion_body(asked, options, is_chat="messages" in asked)).encode()

    return answer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--median", type=float, default=0.0)
    parser.add_argument("--p99", type=float, default=0.0)
    parser.add_argument("--answers", choices=["fixed", "grammar"], default="fixed")
    arguments = parser.parse_args()
    serve(make_handler(arguments.median, arguments.p99, {"fixed": fixed, "grammar": grammar}[arguments.answers]()))


if __name__ == "__main__":
    main()
