"""From a Jinja template of conf/ and values to a request, in a sandbox: templates hold no logic but loops.

render("review.questions.valid_task", template, "chat", "review", {"instruction": "Name a fruit."})    # Request(...)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import InputError
from selfinstruct.records import Message, Request

if TYPE_CHECKING:
    from jinja2 import Template

    from selfinstruct.prompts import StageTemplate


def render(key: str, template: StageTemplate, style: str, stage: str, values: Mapping[str, Any]) -> Request:
    """Return the request of a template: messages in the style "chat", one text in the style "completion".

    Args:
        key: what the template is called in the config, for errors.

    Raises:
        InputError: the template cannot be rendered; names key, line, and the names it may use.
    """
    text = _filled(f"{key}.template", template.template, values)
    system = _filled(f"{key}.system", template.system, values) if style == "chat" else ""
    turns = (Message("system", system), Message("user", text)) if system.strip() else (Message("user", text),)
    return Request(
        stage=stage,
        messages=turns if style == "chat" else (),
        text=text if style == "completion" else "",
        max_tokens=template.max_tokens,
        temperature=template.temperature,
        top_p=template.top_p,
        frequency_penalty=template.frequency_penalty,
        presence_penalty=template.presence_penalty,
        stop=template.stop,
    )


def _filled(key: str, source: str, values: Mapping[str, Any]) -> str:
    from jinja2 import TemplateError

    try:
        return _compiled(source).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        line = getattr(error, "lineno", None)
        where = f"{key}, line {line}" if line else key
        known = ", ".join(sorted(values))
        raise InputError(f"{where}: {error}; correct the Jinja text, which may use {known}") from error


@lru_cache(maxsize=64)
def _compiled(source: str) -> Template:
    """Loop lines leave no blank line behind; a line break at the very end is sent, since a model continues after it."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(source)
