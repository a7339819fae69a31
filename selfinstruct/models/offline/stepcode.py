"""Python step functions for a scenario: one function a step, quoted texts and numbers as placeholders.

the oven holds 19 loaves   ->   @given("the oven holds {number:d} loaves")
                                def step_1(context, number): ...
"""

from __future__ import annotations

import re

from selfinstruct.models.offline.grammar import Voice
from selfinstruct.models.offline.scenarios import Scenario, Step

_VALUE = re.compile(r'"[^"]*"|(?<![\w.])\d+(?![\w.])')
_WORD = re.compile(r"[a-z]{3,}")
_FEW_WORDS = 4


def write_module(scenario: Scenario, voice: Voice, is_broken: bool) -> str:
    """Return a module for behave; a broken one lost its indentation, so that it does not compile."""
    decorators = ", ".join(sorted({step.role for step in scenario.steps})) or "given"
    functions = [_function(number, step, voice) for number, step in enumerate(scenario.steps, start=1)]
    module = "\n\n\n".join([f"from behave import {decorators}", *functions])
    return "\n".join(line.strip() for line in module.split("\n")) if is_broken else module


def _function(number: int, step: Step, voice: Voice) -> str:
    names: list[str] = []

    def placeholder(match: re.Match[str]) -> str:
        is_text = match[0].startswith('"')
        names.append(f"{'text' if is_text else 'number'}{len(names) + 1}")
        return f'"{{{names[-1]}}}"' if is_text else f"{{{names[-1]}:d}}"

    pattern = _VALUE.sub(placeholder, step.text.replace("{", "(").replace("}", ")"))
    words = _WORD.findall(_VALUE.sub("", step.text.lower()))[:_FEW_WORDS] or ["step"]
    arguments = ", ".join(["context", *names])
    body = "\n".join(f"    {line}" for line in _body(step, "_".join(words), names, voice))
    return f"@{step.role}({pattern!r})\ndef step_{number}_{'_'.join(words)}({arguments}):\n{body}"


def _body(step: Step, topic: str, names: list[str], voice: Voice) -> list[str]:
    pairs = [f'"{name}": {name}' for name in names]
    if step.role == "given":
        facts = f"{{{', '.join(pairs)}}}" if names else "True"
        return [
            'context.state = getattr(context, "state", {})',
            f'context.state["{topic}"] = {facts}',
        ]
    if step.role == "when":
        target = voice.fair(("context.outcome", "context.result", "context.response"))
        action = ", ".join([f'"action": "{topic}"', *pairs])
        return [f"{target} = {{{action}}}", f"context.happened = {target}"]
    checks = [f"assert {name} is not None" for name in names]
    return [f'assert context.happened["action"], "nothing happened before: {topic}"', *checks]
