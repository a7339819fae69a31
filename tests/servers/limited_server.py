"""An OpenAI-compatible server that enforces limits: so many requests and tokens a minute, and HTTP 429 beyond.

    python -m tests.servers.limited_server --requests-per-minute 6000 --tokens-per-minute 1e9 --window 5 \
        --latency 0.2 --headers --retry-after whole

Prints its port. Both limits are token buckets that hold what `--window` seconds bring. A prompt counts a token for four
characters, an answer 10 to 90, drawn from the prompt. Rejections come at once. `GET /stats` gives the counts so far
and the server's clock.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time

from tests.servers.buckets import Bucket, Limiter
from tests.servers.wire import Answer, Handler, as_json, serve


def make_handler(limiter: Limiter, latency_s: float, with_headers: bool, retry_after: str) -> Handler:
    def handle(path: str, body: bytes) -> Answer:
        now_s = time.monotonic()
        if path == "/stats":
            counts = {name: getattr(limiter, name) for name in ("asked", "rejected", "let_through", "tokens_used")}
            return as_json(200, counts | {"now_s": now_s})
        asked = json.loads(body)
        is_chat = "messages" in asked
        prompt = "".join(message["content"] for message in asked["messages"]) if is_chat else asked["prompt"]
        prompt_tokens, answer_tokens = -(-len(prompt) // 4), random.Random(prompt).randint(10, 90)
        wait_s = limiter.ask(prompt_tokens + answer_tokens, now_s)
        headers = limiter.headers() if with_headers else {}
        if wait_s > 0:
            waits = {
                "none": {},
                "exact": {"retry-after": f"{wait_s:.3f}"},
                "whole": {"retry-after": f"{math.ceil(wait_s)}"},
            }
            error = {"message": "too many requests", "type": "rate_limit", "code": "rate_limit_exceeded"}
            return as_json(429, {"error": error}, headers | waits[retry_after])
        return as_json(200, _completion(prompt_tokens, answer_tokens, is_chat), headers, latency_s)

    return handle


def _completion(prompt_tokens: int, answer_tokens: int, is_chat: bool) -> dict[str, object]:
    text = "word " * answer_tokens
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": answer_tokens,
        "total_tokens": prompt_tokens + answer_tokens,
    }
    said = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
    choice = {"index": 0, "finish_reason": "stop", **said}
    kind = "chat.completion" if is_chat else "text_completion"
    return {"id": "x", "object": kind, "created": 0, "model": "m", "choices": [choice], "usage": usage}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests-per-minute", type=float, default=1e9)
    parser.add_argument("--tokens-per-minute", type=float, default=1e9)
    parser.add_argument("--window", type=float, default=5.0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--headers", action="store_true")
    parser.add_argument("--retry-after", choices=["none", "exact", "whole"], default="none")
    arguments = parser.parse_args()
    limiter = Limiter(
        Bucket(arguments.requests_per_minute, arguments.window), Bucket(arguments.tokens_per_minute, arguments.window)
    )
    serve(make_handler(limiter, arguments.latency, arguments.headers, arguments.retry_after))


if __name__ == "__main__":
    main()
