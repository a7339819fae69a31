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
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge

from selfinstruct.errors import InputError, Interrupted, ProviderError, TransientError
from selfinstruct.models import route
from selfinstruct.models.budget import Budget, Spent
from selfinstruct.models.calls import arguments, read_answer
from selfinstruct.models.faults import Outcome, is_timeout, read_fault
from selfinstruct.models.gate import Gate, Sending, Turn
from selfinstruct.models.library import import_litellm
from selfinstruct.models.limits import LimitOptions
from selfinstruct.models.local_folder import find_folder, fingerprint, label
from selfinstruct.models.local_options import deciding, is_local
from selfinstruct.models.prices import REMEDY, Prices, known_prices
from selfinstruct.models.reckoning import Reckoning
from selfinstruct.records import INSTRUCTIONS, Completion, Request

log = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_TOO_MANY_REQUESTS = 429
_TEXT_PROVIDER = "text-completion-openai/"


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
    """Return what makes two models the same: where it is served and what it costs do not count.

    A model in this process counts by the contents of its folder, wherever that lies.
    """
    if is_local(options.options):
        folder = find_folder(options.name)
        name = options.name if folder is None else f"sha256:{fingerprint(folder)}"
        return {"name": name, "mode": options.mode, "revision": options.revision, "options": deciding(options.options)}
    return {
        "name": options.name,
        "mode": options.mode,
        "revision": options.revision,
        "options": options.options,
    }


def short_name(options: ModelOptions) -> str:
    """Return what people call a model: its name without the provider, or that of the folder that it lies in."""
    return label(options.name) if is_local(options.options) else options.name.rpartition("/")[2]


def build(options: ModelOptions, limits: LimitOptions, budget: Budget) -> Gateway:
    """Return the gateway to a model; the target of every preset in conf/model/."""
    return Gateway(options, limits, budget)


@dataclass(frozen=True)
class _Failed:
    """A try that brought no answer.

    busy_s: None, or for how long the provider does nothing but reject (HTTP 429).
    may_be_billed: nobody waited for the end of the answer, so the provider may have written it, and bill it.
    """

    fault: TransientError
    busy_s: float | None = None
    may_be_billed: bool = False


class Gateway:
    """A Model that reaches its provider through LiteLLM. Bootstrapping requests go first when a place is free.

    A try fails in one of two ways. The provider is busy (HTTP 429): that is no fault of the request, so it does not
    count; the request waits its turn with everybody else, and only when the provider has done nothing but reject for
    `limits.patience_s` the run ends. Or something went wrong: then the request has `limits.max_attempts` tries, and
    gives its place to others while it waits for the next one.
    """

    def __init__(self, options: ModelOptions, limits: LimitOptions, budget: Budget) -> None:
        self._options = options
        self._limits = limits
        self._budget = budget
        self._gate = Gate(limits, growing_wait_s)
        self._secret = os.environ.get(options.api_key_env) if options.api_key_env else None
        self._stopped = asyncio.Event()
        self._litellm = import_litellm()
        route.check_provider(self._litellm, options)
        self._prices = self._known_prices()
        self._reckoning = Reckoning(self._prices, options.options)
        self._name = route.called_as(self._litellm, options)
        if options.name.startswith("offline/"):
            from selfinstruct.models.offline import register

            register()
        elif self._prices or self._name != options.name:
            route.register_price(self._litellm, self._name, self._prices or Prices(0.0, 0.0))
        self._client: Any = None

    def stop(self) -> None:
        """Send nothing more; what is in flight may finish, who waits for a place is sent away."""
        self._stopped.set()
        self._gate.shut(_stopped_error())

    async def close(self) -> None:
        """Close all connections."""
        await route.close_all(self._client)

    async def complete(self, request: Request) -> Completion:
        """Return the provider's answer. Raises as `Model.complete` says, and Interrupted after `stop`."""
        worst = self._reckoning.worst_case(request)
        turn = self._gate.turn(0 if request.stage == INSTRUCTIONS else 1, self._reckoning.likely_tokens(request))
        failed = 0
        while True:
            self._check_running()
            answer = await self._send_in_turn(turn, request, worst)
            if isinstance(answer, Completion):
                return answer
            if answer.busy_s is None:
                failed += 1
                await self._wait_after(answer.fault, failed)
            elif answer.busy_s > self._limits.patience_s:
                raise ProviderError(
                    f"{answer.fault}; with the wait it asks for, the provider does nothing but reject for "
                    f"{answer.busy_s:,.0f} s (limits.patience_s={self._limits.patience_s:g}). What was paid is kept: "
                    "repeat the command later to go on"
                )

    async def _wait_after(self, fault: TransientError, failed: int) -> None:
        """Wait before the next try; where the provider says how long, nothing is sent until then."""
        wait_s = max(fault.retry_after_s or 0.0, growing_wait_s(failed))
        if failed == self._limits.max_attempts or wait_s > self._limits.patience_s:
            raise ProviderError(
                f"{fault}; gave up after {failed} tries. What was paid is kept: repeat the command to go on"
            )
        log.warning("try %d of %d failed (%s); next in %.1f s", failed, self._limits.max_attempts, fault, wait_s)
        self._gate.close_for(fault.retry_after_s or 0.0)
        try:
            await asyncio.wait_for(self._stopped.wait(), wait_s)
        except TimeoutError:
            return
        raise _stopped_error()

    async def _send_in_turn(self, turn: Turn, request: Request, worst: Spent) -> Completion | _Failed:
        sending = await self._gate.enter(turn)
        real, used_tokens = Spent(), None
        try:
            await self._budget.reserve(worst)
            try:
                self._check_running()
                answer = await self._send(sending, request)
                if isinstance(answer, Completion):
                    real = self._reckoning.booked(request, answer)
                    used_tokens = real.tokens
                elif answer.may_be_billed:
                    real = worst
                return answer
            finally:
                self._budget.settle(worst, real)
        finally:
            self._gate.leave(sending, used_tokens)

    async def _send(self, sending: Sending, request: Request) -> Completion | _Failed:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                response = await self._call(request)
            self._gate.heard(sending.number, route.answer_headers(response))
            self._gate.answered(sending)
            completion = read_answer(response, self._options, time.monotonic() - started)
            return replace(completion, cost_usd=self._cost_usd(response, completion))
        except TransientError as fault:
            return _Failed(fault)
        except ProviderError:
            raise
        except Exception as error:
            self._gate.heard(sending.number, route.error_headers(error))
            found = read_fault(route.spelled_out(error), self._secret, self._options.name)
            if isinstance(found, Outcome):
                self._gate.answered(sending)
                return Completion("", found.finish_reason, 0, 0, 0.0, time.monotonic() - started, self._options.name)
            if not isinstance(found, TransientError):
                raise found from None  # the original may hold headers with the key
            is_rejected = getattr(error, "status_code", None) == _TOO_MANY_REQUESTS
            busy_s = self._gate.rejected(sending, found.retry_after_s) if is_rejected else None
            return _Failed(found, busy_s, may_be_billed=is_timeout(error))

    async def _call(self, request: Request) -> Any:
        asked = arguments(request, self._options, self._limits.timeout_s) | {
            "model": self._name,
            "api_key": self._api_key,
        }
        with route.unlogged(self._litellm):
            if self._options.mode == "chat":
                return await self._litellm.acompletion(**asked)
            if self._options.name.startswith(_TEXT_PROVIDER):
                asked["client"] = self._text_client()
            return await self._litellm.atext_completion(**asked)

    @property
    def _api_key(self) -> str | None:
        return self._secret or ("none" if self._options.api_base else None)

    def _text_client(self) -> Any:
        if self._client is None:
            self._client = route.text_client(self._options.api_base, self._api_key, self._gate.heard_of_latest)
        return self._client

    def _known_prices(self) -> Prices | None:
        options = self._options
        prices = known_prices(options.name, options.input_cost_per_token, options.output_cost_per_token)
        for key in ("max_cost_usd", "sweep_max_cost_usd"):
            if prices is None and getattr(self._limits, key) is not None:
                raise InputError(f"limits.{key} is set, but the price of {options.name} is not known; {REMEDY}")
        return prices

    def _cost_usd(self, response: Any, completion: Completion) -> float | None:
        """By the declared prices where there are any, else as LiteLLM reckons it; None where the usage is not told."""
        options = self._options
        if completion.prompt_tokens is None or completion.completion_tokens is None:
            return None
        if self._prices is None or options.input_cost_per_token is None or options.output_cost_per_token is None:
            is_known = self._name == options.name
            return route.answer_cost_usd(response) if is_known else None
        return self._prices.cost_usd(completion.prompt_tokens, completion.completion_tokens)

    def _check_running(self) -> None:
        if self._stopped.is_set():
            raise _stopped_error()


def growing_wait_s(tries: int) -> float:
    """Return a wait that doubles with every try, with jitter. No seed is needed: waiting never changes the data."""
    return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** (tries - 1)) * random.uniform(0.5, 1.0)


def _stopped_error() -> Interrupted:
    return Interrupted("stopped before this request was sent")
