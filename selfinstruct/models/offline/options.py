"""What can be set about the offline model: how it imitates and how often it makes which mistake.

A complete mapping comes in (its defaults stand in conf/model/offline.yaml), typed options go out:

    {"imitation": 0.5, "breadth": 1.0, "latency_s": 0.0, "rates": {"near_duplicate": 0.1, ...}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from selfinstruct.errors import InputError

_WHERE = "model.options"


@dataclass(frozen=True)
class Rates:
    """How often each mistake is made, 0 never to 1 always.

    Per answer: refusal, leaked_stop (goes on after a stop sequence), truncated (rambles into the token limit),
    preamble (chat words before a list). Per new instruction: near_duplicate to blank_item. Classification: chatter
    (says more than yes or no), wrong_answer. Per task with instances: empty_output to unreadable. Gherkin, on top of
    what is imitated from the examples: superfluous_step (not essential), several_actions (not singular), vague_step
    (not complete), wrong_order (not integrous), broken_code (step functions that do not compile).
    """

    refusal: float
    leaked_stop: float
    truncated: float
    preamble: float
    near_duplicate: float
    blocked_word: float
    too_short: float
    too_long: float
    punctuation_start: float
    non_ascii_start: float
    blank_item: float
    chatter: float
    wrong_answer: float
    empty_output: float
    input_equals_output: float
    colon_ending: float
    conflicting_outputs: float
    duplicate_instance: float
    unreadable: float
    superfluous_step: float
    several_actions: float
    vague_step: float
    wrong_order: float
    broken_code: float


@dataclass(frozen=True)
class OfflineOptions:
    """How the offline model behaves.

    imitation: 0..1, how much topics, kinds, lengths and Gherkin flaws follow the in-context examples.
    breadth: 0..1, share of the vocabulary in use; a small one makes a model that repeats itself.
    latency_s: median seconds that an answer takes, drawn log-normally; never changes the answer.
    """

    imitation: float
    breadth: float
    latency_s: float
    rates: Rates


def read_options(options: Mapping[str, Any]) -> OfflineOptions:
    """Return the options of a complete mapping.

    Raises:
        InputError: a key is missing or unknown, or a value is out of range; names every such key.
    """
    rates = options.get("rates")
    if not isinstance(rates, Mapping):
        raise InputError(f"{_WHERE}.rates: not a mapping; choose model=offline, which has all rates")
    known, known_rates = option_names(), {field.name for field in fields(Rates)}
    faults = [*_key_faults(_WHERE, options, known), *_key_faults(f"{_WHERE}.rates", rates, known_rates)]
    shares = {f"{_WHERE}.rates.{name}": value for name, value in rates.items() if name in known_rates}
    shares |= {f"{_WHERE}.{name}": options[name] for name in ("imitation", "breadth") if name in options}
    faults += [f"{key}={value}: not a number from 0 to 1" for key, value in shares.items() if not _is_share(value)]
    latency_s = options.get("latency_s", 0.0)
    if not _is_number(latency_s) or latency_s < 0:
        faults.append(f"{_WHERE}.latency_s={latency_s}: not a number of seconds from 0")
    if faults:
        raise InputError("; ".join(faults) + "; see conf/model/offline.yaml")
    return OfflineOptions(
        imitation=float(options["imitation"]),
        breadth=float(options["breadth"]),
        latency_s=float(latency_s),
        rates=Rates(**{name: float(value) for name, value in rates.items()}),
    )


def option_names() -> set[str]:
    """Return the keys that belong to the offline model, among everything that is passed with a request."""
    return {field.name for field in fields(OfflineOptions)}


def _key_faults(where: str, given: Iterable[str], known: set[str]) -> list[str]:
    names = set(given)
    missing = [f"{where}.{name}: no value" for name in sorted(known - names)]
    return missing + [f"{where}.{name}: unknown key" for name in sorted(names - known)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1
