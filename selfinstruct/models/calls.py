"""One request as LiteLLM's arguments, and LiteLLM's response as our completion.

arguments(request, options, timeout_s=60)     {"messages": [{"role": "user", ...}], "max_tokens": 300, ...}
read_answer(response, options, latency_s)     Completion("...", "stop", 412, 96, None, 1.204, "my-model")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selfinstruct.errors import TransientError
from selfinstruct.models.faults import spoken
from selfinstruct.models.structured import response_format
from selfinstruct.records import Completion, Request
from selfinstruct.text import whole_characters

if TYPE_CHECKING:
    from selfinstruct.models.gateway import ModelOptions


def arguments(request: Request, options: ModelOptions, timeout_s: float) -> dict[str, Any]:
    """Return the keyword arguments for LiteLLM, apart from the model and the key; `model.options` override ours.

    LiteLLM's own retries are off: the gateway counts tries, paces them and pays for them.
    """
    prompt = {"messages": _messages(request)} if options.mode == "chat" else {"prompt": request.text}
    asked = {
        **prompt,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty,
        "stop": list(request.stop) or None,
        "api_base": options.api_base,
        "timeout": timeout_s,
        "num_retries": 0,
        "max_retries": 0,
        "drop_params": True,
        **response_format(request.schema),
        **options.options,
    }
    return asked | ({"repeat": request.repeat} if options.name.startswith("offline/") else {})


def _messages(request: Request) -> list[dict[str, str]]:
    if request.text:
        return [{"role": "user", "content": request.text}]
    return [{"role": message.role, "content": message.content} for message in request.messages]


def read_answer(response: Any, options: ModelOptions, latency_s: float) -> Completion:
    """Return a response as a completion whose cost is not known yet.

    Raises:
        TransientError: it holds no choice, or says nothing at all.
    """
    if not getattr(response, "choices", None):
        raise TransientError(f"{options.name}: the answer holds no choice")
    choice = response.choices[0]
    prompt_tokens, completion_tokens = _usage(response)
    said = choice.text if options.mode == "completion" else choice.message.content
    text, finish_reason = spoken(choice, said, completion_tokens, options.name)
    return Completion(
        text=whole_characters(text),  # an answer cut in the middle of a character was paid for, too
        finish_reason=finish_reason,
        prompt_tokens=prompt_tokens,
        completion_tokens=None if text and not completion_tokens else completion_tokens,
        latency_s=round(latency_s, 4),
        model=getattr(response, "model", None) or options.name,
    )


def _usage(response: Any) -> tuple[int | None, int | None]:
    """Prompt and completion tokens; where the provider tells none, LiteLLM says 0, but no prompt has 0 tokens."""
    usage = getattr(response, "usage", None)
    prompt_tokens = getattr(usage, "prompt_tokens", None) or None
    return prompt_tokens, getattr(usage, "completion_tokens", None) if prompt_tokens else None
