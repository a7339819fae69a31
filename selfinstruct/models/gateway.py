"""The gateway: one request to one provider through LiteLLM, with our own limits, tries and error messages.

`build(options, limits, budget)` gives a Model. Its `complete` waits for a place, checks the budget, sends, tries again
where that may help, and returns the completion with finish reason, tokens, cost and latency.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge

from selfinstruct.errors import InputError, Interrupted, ProviderError, TransientError
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.faults import Outcome, read_fault
from selfinstruct.models.limits import Gate, LimitOptions, Pace
from selfinstruct.records import INSTRUCTIONS, Completion, Request

log = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_SECRET_OPTIONS = ("api_key", "secret", "password", "authorization", "access_key", "session_token", "credentials")


@dataclass(frozen=True)
class ModelOptions:
    """A model as config names it. The key itself is never here: `api_key_env` names the variable that holds it."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str
    mode: Literal["chat", "completion"]
    api_base: str | None
    api_key_env: str | None
    revision: str
    input_cost_per_token: Annotated[float, Ge(0)] | None
    output_cost_per_token: Annotated[float, Ge(0)] | None
    options: dict[str, Any]


def identity(options: ModelOptions) -> dict[str, Any]:
    """Return what makes two models the same: where it is served and what it costs do not count."""
    return {
        "name": options.name,
        "mode": options.mode,
        "revision": options.revision,
        "options": options.options,
    }


def check_options(options: ModelOptions) -> None:
    """Raise InputError for a key in the options, an unset key variable, or a provider that LiteLLM does not know."""
    for name in _secret_names(options.options):
        raise InputError(
            f"model.options.{name}: a secret may not stand in the config; export it and name its variable, for "
            "example model.api_key_env=OPENAI_API_KEY"
        )
    if options.api_key_env and not os.environ.get(options.api_key_env):
        raise InputError(
            f"model.api_key_env={options.api_key_env}: this environment variable is not set; "
            f"export {options.api_key_env}=... or name another one"
        )
    if "/" not in options.name:
        raise InputError(f"model.name={options.name}: give it as <provider>/<model>, for example openai/{options.name}")
    if options.name.startswith("offline/"):
        from selfinstruct.models.offline import read_options

        read_options(options.options)


def _secret_names(options: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in options.items():
        if any(sign in name.lower().replace("-", "_") for sign in _SECRET_OPTIONS):
            found.append(prefix + name)
        if isinstance(value, dict):
            found += _secret_names(value, f"{prefix}{name}.")
    return found


def build(options: ModelOptions, limits: LimitOptions, budget: Budget) -> Gateway:
    """Return the gateway to a model; the target of every preset in conf/model/."""
    return Gateway(options, limits, budget)


class Gateway:
    """A Model that reaches its provider through LiteLLM. Bootstrapping requests go first when a place is free."""

    def __init__(self, options: ModelOptions, limits: LimitOptions, budget: Budget) -> None:
        self._options = options
        self._limits = limits
        self._budget = budget
        self._gate = Gate(limits.max_concurrency)
        self._pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        self._secret = os.environ.get(options.api_key_env) if options.api_key_env else None
        self._stopped = asyncio.Event()
        self._litellm = _import_litellm(options)
        self._prices = self._known_prices()

    def stop(self) -> None:
        """Send nothing more; what is in flight may finish, who waits for a place is sent away."""
        self._stopped.set()
        self._gate.shut(_stopped_error())

    async def close(self) -> None:
        """Close the connections that LiteLLM keeps open."""
        from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients

        await close_litellm_async_clients()  # type: ignore[no-untyped-call]

    async def complete(self, request: Request) -> Completion:
        """Return the provider's answer. Raises as `Model.complete` says, and Interrupted after `stop`."""
        self._check_running()
        await self._gate.enter(0 if request.stage == INSTRUCTIONS else 1)
        try:
            return await self._try(request)
        finally:
            self._gate.leave()

    async def _try(self, request: Request) -> Completion:
        for attempt in range(1, self._limits.max_attempts + 1):
            self._check_running()
            try:
                return await self._send_within_budget(request)
            except TransientError as error:
                if attempt == self._limits.max_attempts:
                    raise ProviderError(
                        f"{error}; gave up after {attempt} tries. What was paid is kept: repeat the command to go on"
                    ) from error
                wait = _wait_s(attempt, error.retry_after_s)
                log.warning("try %d of %d failed (%s); next in %.1f s", attempt, self._limits.max_attempts, error, wait)
                await self._sleep(wait)
        raise AssertionError("max_attempts is at least 1")

    async def _send_within_budget(self, request: Request) -> Completion:
        worst = self._worst_case(request)
        await self._budget.reserve(worst)
        real = Spent()
        try:
            await self._pace.wait(worst.tokens)
            self._check_running()
            completion = await self._send(request)
            tokens = (completion.prompt_tokens or 0) + (completion.completion_tokens or 0)
            real = Spent(1, tokens, completion.cost_usd or 0.0)
            return completion
        finally:
            self._pace.give_back(max(0, worst.tokens - real.tokens))
            self._budget.settle(worst, real)

    async def _send(self, request: Request) -> Completion:
        started = time.monotonic()
        try:
            response = await asyncio.wait_for(self._call(request), self._limits.timeout_s)
            return self._read(response, time.monotonic() - started)
        except asyncio.CancelledError:
            raise
        except ProviderError:
            raise
        except Exception as error:
            fault = read_fault(error, self._secret, self._options.name)
            if isinstance(fault, Outcome):
                return Completion("", fault.finish_reason, 0, 0, 0.0, time.monotonic() - started, self._options.name)
            raise fault from None  # the original may hold headers with the key

    async def _call(self, request: Request) -> Any:
        common = {
            "model": self._options.name,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "frequency_penalty": request.frequency_penalty,
            "presence_penalty": request.presence_penalty,
            "stop": list(request.stop) or None,
            "api_base": self._options.api_base,
            "api_key": self._secret or ("none" if self._options.api_base else None),
            "timeout": self._limits.timeout_s,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            **self._options.options,
        }
        if self._options.name.startswith("offline/"):
            common["repeat"] = request.repeat
        if self._options.mode == "completion":
            return await self._litellm.atext_completion(prompt=request.text, **common)
        return await self._litellm.acompletion(messages=_messages(request), **common)

    def _read(self, response: Any, latency_s: float) -> Completion:
        if not getattr(response, "choices", None):
            raise TransientError(f"{self._options.name}: the answer holds no choice")
        choice = response.choices[0]
        text = choice.text if self._options.mode == "completion" else choice.message.content
        usage = getattr(response, "usage", None)
        prompt_tokens = getattr(usage, "prompt_tokens", None)
        completion_tokens = getattr(usage, "completion_tokens", None)
        return Completion(
            text=text or "",
            finish_reason=choice.finish_reason or "stop",
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost_usd=self._cost_usd(response, prompt_tokens, completion_tokens),
            latency_s=round(latency_s, 4),
            model=getattr(response, "model", None) or self._options.name,
        )

    def _cost_usd(self, response: Any, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        per_input, per_output = self._options.input_cost_per_token, self._options.output_cost_per_token
        if per_input is None or per_output is None:
            cost = (getattr(response, "_hidden_params", None) or {}).get("response_cost")
            return None if cost is None else float(cost)
        if prompt_tokens is None or completion_tokens is None:
            return None
        return prompt_tokens * per_input + completion_tokens * per_output

    def _worst_case(self, request: Request) -> Spent:
        prompt = request.text + "".join(message.content for message in request.messages)
        prompt_tokens = len(prompt.encode()) // 2 + 16
        cost = prompt_tokens * self._prices[0] + request.max_tokens * self._prices[1] if self._prices else 0.0
        return Spent(1, prompt_tokens + request.max_tokens, cost)

    def _known_prices(self) -> tuple[float, float] | None:
        options = self._options
        if options.input_cost_per_token is not None and options.output_cost_per_token is not None:
            return options.input_cost_per_token, options.output_cost_per_token
        known = self._litellm.model_cost.get(options.name) or self._litellm.model_cost.get(
            options.name.partition("/")[2]
        )
        if known and known.get("input_cost_per_token") is not None and known.get("output_cost_per_token") is not None:
            return float(known["input_cost_per_token"]), float(known["output_cost_per_token"])
        if self._limits.max_cost_usd is not None:
            raise InputError(
                f"limits.max_cost_usd is set, but the price of {options.name} is not known; "
                "set model.input_cost_per_token and model.output_cost_per_token (US dollars)"
            )
        return None

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return
        raise _stopped_error()

    def _check_running(self) -> None:
        if self._stopped.is_set():
            raise _stopped_error()


def _messages(request: Request) -> list[dict[str, str]]:
    if request.text:
        return [{"role": "user", "content": request.text}]
    return [{"role": message.role, "content": message.content} for message in request.messages]


def _wait_s(attempt: int, retry_after_s: float | None) -> float:
    """Exponential with jitter; the jitter needs no seed, since waiting never changes the data."""
    longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** (attempt - 1))
    return max(retry_after_s or 0.0, longest * random.uniform(0.5, 1.0))


def _stopped_error() -> Interrupted:
    return Interrupted("stopped before this request was sent")


def _import_litellm(options: ModelOptions) -> Any:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    if options.name.startswith("offline/"):
        from selfinstruct.models.offline import register

        register()
    return litellm
