"""One request in, one completion out: a pure function of model name, prompt, sampling values, options and repeat.

    Request("1. Name a fruit.\\n2. Bake bread.\\n3.")  ->  Completion(" Draft a riddle about ...\\n4. Plan ...", "stop")

A token is counted as four characters, in the prompt as in the answer.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import asdict, replace
from functools import lru_cache

from selfinstruct.jsonl import canonical
from selfinstruct.models.offline import reading as kinds
from selfinstruct.models.offline.general import is_classification, mentioned_nouns
from selfinstruct.models.offline.grammar import Voice, sentence
from selfinstruct.models.offline.instances import write_input_first, write_output_first
from selfinstruct.models.offline.judging import judge, read_question
from selfinstruct.models.offline.lists import write_list, write_tasks
from selfinstruct.models.offline.options import OfflineOptions
from selfinstruct.models.offline.reading import Reading, read_prompt
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, OUTPUT_FIRST, Completion, Request
from selfinstruct.text import cut_at_stop

CHARACTERS_PER_TOKEN = 4
_REFUSAL = "I'm sorry, but I can't help with that."
_CHATTER = (
    "{answer}, because the possible outputs are {reason}.",
    "Answer: {answer}",
    "**{answer}.**",
    '"{answer}"',
    "{answer}\n\nTask: Name a colour.\nClassification? No",
    "That depends on how one looks at it.",
)


def answer(request: Request, model: str, options: OfflineOptions) -> Completion:
    """Return the answer to a request: the same for the same request, on every machine.

    Args:
        model: the name without its provider; another name is another model.
    """
    prompt = "\n\n".join(message.content for message in request.messages) or request.text
    voice = _voice(prompt, request, model, options)
    if voice.happens(options.rates.refusal):
        is_filtered = voice.happens(0.5)
        return _completion("" if is_filtered else _REFUSAL, "content_filter" if is_filtered else "stop", prompt, model)
    runs_on = voice.happens(options.rates.leaked_stop)
    question = read_question(prompt)
    if question is None:
        text = _write(read_prompt(prompt, request.stop), voice, options, runs_on)
    else:
        text = judge(question, voice, options)
    if not runs_on:
        text, _ = cut_at_stop(text, request.stop)
    longest = request.max_tokens * CHARACTERS_PER_TOKEN
    if voice.happens(options.rates.truncated):
        text = _ramble(text, longest)
    finish_reason = "length" if len(text) > longest else "stop"
    return _completion(text[:longest], finish_reason, prompt, model)


def _voice(prompt: str, request: Request, model: str, options: OfflineOptions) -> Voice:
    """Everything but the latency decides. The warmer, the less the first words of every list are preferred."""
    sampling = [request.temperature, request.top_p, request.frequency_penalty, request.presence_penalty]
    about = canonical(
        [model, request.repeat, request.max_tokens, list(request.stop), [float(value) for value in sampling]]
    )
    identity = f"{_fingerprint(options)}\n{about}\n{prompt}"
    seed = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:16], "big")
    skew = max(0.0, 0.6 - 0.5 * request.temperature)
    return Voice(random.Random(seed), skew, options.breadth, ())


@lru_cache(maxsize=16)
def _fingerprint(options: OfflineOptions) -> str:
    return canonical(asdict(replace(options, latency_s=0.0)))


def _write(reading: Reading, voice: Voice, options: OfflineOptions, runs_on: bool) -> str:
    if reading.kind == kinds.LIST:
        return write_list(reading, voice, options, runs_on)
    if reading.kind == kinds.TASKS:
        return write_tasks(reading, voice, options, runs_on)
    if reading.kind == CLASSIFICATION:
        return _yes_or_no(reading.target, voice, options)
    if reading.kind == INPUT_FIRST:
        return write_input_first(reading.target, voice, options.rates, runs_on)
    if reading.kind == OUTPUT_FIRST:
        return write_output_first(reading.target, voice, options.rates, runs_on)
    return sentence("sentence", Voice(voice.random, voice.skew, voice.breadth, mentioned_nouns(reading.target)))


def _yes_or_no(task: str, voice: Voice, options: OfflineOptions) -> str:
    says_yes = is_classification(task) != voice.happens(options.rates.wrong_answer)
    word = "Yes" if says_yes else "No"
    if not voice.happens(options.rates.chatter):
        return word
    return voice.fair(_CHATTER).format(answer=word, reason="a small, fixed set" if says_yes else "open")


def _ramble(text: str, longest: int) -> str:
    """Say the last words again and again until the token limit, as models do that lost their thread."""
    tail = " " + (text[-60:].rpartition("\n")[2].strip() or "and so on")
    return text + tail * ((longest - len(text)) // len(tail) + 2)


def _completion(text: str, finish_reason: str, prompt: str, model: str) -> Completion:
    return Completion(
        text=text,
        finish_reason=finish_reason,
        prompt_tokens=_tokens(prompt),
        completion_tokens=_tokens(text),
        cost_usd=0.0,
        model=model,
    )


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
