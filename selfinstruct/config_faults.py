"""What is wrong with a config, in words: key, value and what to do.

filters.instruction.max_rouge_l=1.7: should be less than or equal to 1; see conf/filters/ for its presets
filter: unknown key; did you mean "filters"?
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.shipped import data_root


def explain(fault: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    """Return one fault, as Pydantic reports it, as key, value and remedy."""
    place = _keys_of(fault["loc"], plain, fault["type"])
    key = ".".join(place)
    if fault["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"{key}: unknown key; {_nearest(place, plain)}"
    if fault["type"] in {"missing", "missing_argument"}:
        return f"{key}: no value; give one, {example_for(key)}"
    message = str(fault["msg"])
    message = message[0].lower() + message[1:]
    return f"{key}={json.dumps(fault['input'])}: {message}; {_where(place)}"


def _keys_of(path: Sequence[str | int], plain: Mapping[str, Any], fault: str) -> list[str]:
    """Return the keys of a path; Pydantic also puts the branch of a union into it, and people know keys only."""
    keys: list[str] = []
    here: Any = plain
    for part in path:
        if isinstance(here, Mapping) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
        elif fault not in {"missing", "missing_argument"} or part != path[-1]:
            continue
        keys.append(str(part))
    return keys


def _where(place: list[str]) -> str:
    folder = place[0] if place and (data_root() / "conf" / place[0]).is_dir() else None
    return f"see conf/{folder}/ for its presets" if folder else "see the keys in --help"


def _nearest(place: list[str], plain: Mapping[str, Any]) -> str:
    import difflib

    parent: Any = plain
    for part in place[:-1]:
        parent = parent[part] if isinstance(parent, Mapping) else {}
    known = [name for name in parent if name != place[-1]] if isinstance(parent, Mapping) else []
    close = difflib.get_close_matches(place[-1], known, n=1)
    return f'did you mean "{".".join([*place[:-1], close[0]])}"?' if close else f"remove it; {_where(place)}"


def example_for(key: str) -> str:
    """Return what a value of this key looks like, for a message."""
    examples = {
        "seeds.path": "for example seeds.path=my_seeds.jsonl",
        "model.name": "for example model.name=openai/my-model",
        "judge.name": "for example judge.name=openai/my-model",
        "judge.api_base": "for example judge.api_base=http://127.0.0.1:8000/v1",
        "model.api_base": "for example model.api_base=http://127.0.0.1:8000/v1",
        "run": "for example run=runs/<name>",
        "path": "for example path=my_seeds.jsonl",
        "study": "for example experiments=tune_and_evaluate",
        "settings.base": "for example settings.base=Qwen/Qwen3-0.6B-Base",
        "settings.tasks": "for example settings.tasks=tasks.jsonl",
        "benchmark.path": "for example benchmark.path=my_questions.jsonl",
    }
    return examples.get(key, f"for example {key}=...")
